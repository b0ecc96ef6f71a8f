#include <algorithm>
#include <cmath>

#include "report/figures.h"

namespace sparcell {
namespace {

constexpr std::int64_t bins = 50;
constexpr double outermost = 0.005;  // share of a sample on either side that does not widen the range

struct Named {
  std::string name, kind;
  std::vector<float> values;
};

/// e to the power of a value above 88 is no number of f32, and a generated cell may have such a value.
std::vector<float> finite(std::vector<float> values) {
  std::erase_if(values, [](float value) { return !std::isfinite(value); });
  return values;
}

std::pair<double, double> range_of(const std::vector<Named>& samples) {
  double low = 0, high = 0;
  bool first = true;
  for (const Named& sample : samples) {
    std::vector<float> sorted = finite(sample.values);
    if (sorted.empty()) continue;
    std::sort(sorted.begin(), sorted.end());
    const auto beyond = static_cast<std::size_t>(outermost * static_cast<double>(sorted.size()));
    low = first ? sorted[beyond] : std::min<double>(low, sorted[beyond]);
    high = first ? sorted[sorted.size() - 1 - beyond]
                 : std::max<double>(high, sorted[sorted.size() - 1 - beyond]);
    first = false;
  }
  return {low, high > low ? high : low + 1};
}

Json histogram(const std::string& name, const std::string& unit, const std::vector<Named>& samples) {
  const auto [low, high] = range_of(samples);
  const double width = (high - low) / bins;
  Json of_samples = Json::array();
  for (const Named& sample : samples) {
    std::vector<double> shares(bins);
    const std::vector<float> values = finite(sample.values);
    for (const float value : values) {
      const double place = std::clamp(std::floor((value - low) / width), 0.0, static_cast<double>(bins - 1));
      shares[static_cast<std::size_t>(place)] += 1 / static_cast<double>(sample.values.size());
    }
    of_samples.push_back({{"name", sample.name},
                          {"kind", sample.kind},
                          {"shares", rounded(shares, 4)},
                          {"not_finite", sample.values.size() - values.size()}});
  }
  return {{"name", name}, {"unit", unit}, {"low", low}, {"width", width}, {"samples", of_samples}};
}

std::vector<std::int64_t> others(const std::vector<std::int64_t>& all,
                                 const std::vector<std::int64_t>& some) {
  std::vector<std::int64_t> rest;
  std::set_difference(all.begin(), all.end(), some.begin(), some.end(), std::back_inserter(rest));
  return rest;
}

}  // namespace

Json total_histograms(const RunExpression& expression) {
  const std::vector<std::int64_t>& test = expression.test;
  if (test.size() < 2) return nullptr;
  const std::vector<std::int64_t> half = drawn(test, std::ssize(test) / 2), other = others(test, half);
  const auto samples_of = [&](std::vector<float> CellTotals::*quantity) {
    const std::vector<float>& real = expression.real.totals.*quantity;
    std::vector<Named> samples{{"real test cells", "real", taken(real, test)},
                               {"one half of them", "half", taken(real, half)},
                               {"the other half", "half", taken(real, other)}};
    for (const auto& [model, cells] : expression.generated)
      samples.push_back({model, "generated", cells.totals.*quantity});
    std::erase_if(samples, [](const Named& sample) { return sample.values.empty(); });
    return samples;
  };
  return {histogram("library size", "normalized counts", samples_of(&CellTotals::library_size)),
          histogram("detected genes", "genes", samples_of(&CellTotals::detected))};
}

}  // namespace sparcell

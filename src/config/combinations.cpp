#include "config/combinations.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "config/values.h"
#include "math/philox.h"
#include "sparcell/core/sha256.h"

namespace sparcell::config {
namespace {

constexpr int drawn_digits = 4;  // a drawn value is readable, and the last bits of a logarithm do not count

/// Where a path's draws stand in the streams of a sweep: parameters that come or go do not move the others.
std::int64_t step_of(const std::string& path) {
  Sha256 sha;
  sha.update(path);
  return static_cast<std::int64_t>(std::stoull(sha.hex().substr(0, 15), nullptr, 16));
}

double drawn_number(const ValueRange& range, double uniform) {
  if (range.distribution == Distribution::integer)
    return range.min + std::floor(uniform * (range.max - range.min + 1));
  const bool logarithmic = range.distribution == Distribution::log_uniform;
  const double value = logarithmic ? std::exp(std::log(range.min) + uniform * std::log(range.max / range.min))
                                   : range.min + uniform * (range.max - range.min);
  const double rounded = std::strtod(fmt::format("{:.{}g}", value, drawn_digits).c_str(), nullptr);
  return std::clamp(rounded, range.min, range.max);
}

Node draw(const SweepParameter& parameter, std::int64_t seed, std::int64_t sample) {
  const math::PhiloxStream stream(RandomStream(static_cast<std::uint64_t>(seed), Purpose::sweep, 0, nullptr,
                                               step_of(parameter.path.text)));
  const double uniform = (stream.word(static_cast<std::uint64_t>(sample)) + 0.5) * 0x1p-32;
  if (!parameter.range) {
    const auto count = static_cast<double>(parameter.values.size());
    return parameter.values[static_cast<std::size_t>(uniform * count)];
  }
  return number_node(drawn_number(*parameter.range, uniform), parameter.range->distribution,
                     parameter.path.place);
}

}  // namespace

Node number_node(double value, Distribution distribution, const Place& place) {
  const std::string text = distribution == Distribution::integer
                               ? fmt::format("{}", static_cast<std::int64_t>(value))
                               : number_text(value);
  return {Node::Kind::scalar, text, false, place, {}, {}};
}

bool draws(const SweepOptions& sweep) {
  return sweep.method == SweepMethod::random || (sweep.method == SweepMethod::halving && sweep.samples > 0);
}

std::vector<Combination> combinations_of(const SweepOptions& sweep) {
  std::vector<Combination> all;
  if (draws(sweep)) {
    for (std::int64_t sample = 0; sample < sweep.samples; ++sample) {
      Combination& drawn = all.emplace_back();
      for (const SweepParameter& parameter : sweep.parameters)
        drawn.emplace_back(parameter.path, draw(parameter, sweep.draw_seed, sample));
    }
    return all;
  }
  all.emplace_back();
  for (const SweepParameter& parameter : sweep.parameters) {
    std::vector<Combination> longer;
    for (const Combination& before : all) {
      for (const Node& value : parameter.values) {
        longer.push_back(before);
        longer.back().emplace_back(parameter.path, value);
      }
    }
    all = std::move(longer);
  }
  return all;
}

const Node* value_in(const Combination& combination, const std::string& path) {
  for (const auto& [key, value] : combination) {
    if (key.text == path) return &value;
  }
  return nullptr;
}

}  // namespace sparcell::config

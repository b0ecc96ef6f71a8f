// Models against what they are held against, with intervals.
#include "evaluate/judge.h"
#include "evaluate/standing.h"

namespace sparcell {
namespace {

constexpr std::int64_t permutations = 999;

std::string needs_of_cells() {
  return fmt::format("{} test cells and a value that is defined", TestCells::for_interval);
}

}  // namespace

void Judge::add_verdict(const std::string& model, const std::string& metric, const std::string& baseline,
                        const std::optional<Interval>& difference, const std::string& needs,
                        std::optional<double> p_value) {
  if (!wanted_.has(metric)) return;
  if (!difference) {
    log_.info("evaluate: no verdict on the {} of {} against {}: it needs {}", metric, model, baseline, needs);
    return;
  }
  const auto [value, low, high] = *difference;
  const bool beyond = wanted_.info(metric).better == Better::smaller ? high < 0 : low > 0;
  const bool beats = beyond && !(p_value && *p_value <= told_apart);
  result_.verdicts.push_back({model, metric, baseline, value, low, high, beats, p_value});
}

void Judge::add_cell_verdict(const std::string& model, const std::string& metric, const std::string& baseline,
                             const std::vector<double>& judged, const std::vector<double>& reference,
                             const IntervalOf& interval_of) {
  std::vector<double> differences;
  for (std::size_t i = 0; i < judged.size(); ++i) differences.push_back(judged[i] - reference[i]);
  std::optional<Interval> interval;
  if (std::ssize(differences) >= TestCells::for_interval) interval = interval_of(differences);
  add_verdict(model, metric, baseline, interval, needs_of_cells());
}

void Judge::add_reconstruction_verdicts(const std::string& model, const ReconstructionScores& judged,
                                        const std::string& baseline, const ReconstructionScores& reference) {
  add_verdict(model, "mse", baseline, mse_difference(judged, reference, options_.resamples, seed_),
              needs_of_cells());
  add_verdict(model, "r2_varying", baseline, r2_difference(judged, reference), needs_of_cells());
}

void Judge::add_distance_verdicts(const std::string& model, const SampleDistances& distances) {
  const auto add = [&](const std::string& metric, GroupDistances SampleDistances::*which) {
    if (!wanted_.has(metric)) return;
    const bool enough = test_.count() >= TestCells::for_interval;
    const auto interval = [&](auto&& difference) {
      return enough ? std::optional<Interval>(difference()) : std::nullopt;
    };
    const GroupDistances& own = distances.*which;
    std::optional<double> p_value;
    if (enough) p_value = permutation_p_value(own, permutations, seed_);
    add_verdict(model, metric, "split_half",
                interval([&] { return distance_interval(own, sample_->halvings()); }), needs_of_cells(),
                p_value);
    for (const auto& [name, reference] : baseline_distances_)
      add_verdict(model, metric, name, interval([&] { return distance_interval(own, reference.*which); }),
                  needs_of_cells());
  };
  add("energy_distance", &SampleDistances::euclidean);
  add("mmd", &SampleDistances::kernel);
}

}  // namespace sparcell

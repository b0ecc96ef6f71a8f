// Synchronous halving: every configuration trains for a few epochs, the better ones go on for more, until the
// rest is trained to the end.
//
// A rung ends when all its runs have taken its epochs. Configurations are then ordered by the mean over seeds
// of the metric in that epoch, and the best 1/factor of them go on from their checkpoints: a run that reaches
// the end has the bits of one that was never paused. What goes on follows from the runs' metrics.csv alone,
// so it needs no state of its own and repeats. Jamieson and Talwalkar 2016, "Non-stochastic best arm
// identification and hyperparameter optimization".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sweep/sweep_folder.h"

namespace sparcell {

/// How a configuration stood at the end of a rung.
struct RungStanding {
  std::int64_t epochs = 0;
  std::int64_t configuration = 0;
  std::optional<double> metric;  ///< mean over seeds; none where a run of it failed
  bool promoted = false;
};

struct HalvingState {
  std::vector<RungStanding> standings;  ///< of the rungs that ended, the better configurations first
  std::vector<Job> next;         ///< what has not taken the epochs of the rung that runs; empty: all is done
  std::int64_t pause_after = 0;  ///< epochs of that rung; 0: to the end
};

/// A failed run ends its rung without a metric. `with_failed`: where there are any, the first rung runs with
/// all of them, however far they came. One that is beyond it pauses at once and then stands as it did before
/// it failed, so that the rungs after it take it on.
HalvingState halving_state(const SweepFolder& sweep, bool with_failed = false);

/// Epochs at which rungs end: min_epochs and its multiples by factor, below `epochs`.
std::vector<std::int64_t> rungs(const HalvingOptions& options, std::int64_t epochs);

/// Epochs that halving takes of so many configurations of one run each.
std::int64_t epochs_of_all(const HalvingOptions& options, std::int64_t epochs, std::int64_t configurations);

/// The metric after so many epochs, in a run's metrics.csv; where training ended earlier, at its end.
std::optional<double> curve_value(const std::filesystem::path& run, const std::string& metric,
                                  std::int64_t epochs);

/// Throws UsageError where the sweep cannot halve: several models, a metric that is only known at the end,
/// too few epochs.
void check_halving(const SweepOptions& sweep, const std::string& metric, const Experiment& experiment);

/// Throws UsageError where a run of the sweep has not the experiment's rungs: another length of training,
/// however it was set, or another model; and where its epochs do not measure the metric.
void check_halving_of_run(const Plan& plan, const std::string& metric, const PlannedRun& run,
                          const Experiment& experiment);

/// Throws DataError where no configuration went on from a rung though none of its runs failed: what they
/// wrote does not have the metric.
void check_promotions(const SweepFolder& sweep);

/// halving.csv: epochs,configuration,metric,promoted.
void write_standings(const std::string& path, const std::vector<RungStanding>& standings);

}  // namespace sparcell

// What a file says about many runs, expanded into runs.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "config/plan_options.h"
#include "sparcell/config.h"

namespace sparcell {

/// One run of a sweep or an ablation: what it changes in the experiment.
struct PlannedRun {
  std::string arm;                 ///< of an ablation: `reference` or the arm's name
  std::int64_t configuration = 0;  ///< runs of one combination share it
  std::int64_t seed = 0;           ///< of `sweep.seeds` or the file; `changes` may set another
  std::vector<std::pair<std::string, std::string>> parameters;  ///< paths with their values as YAML
  std::vector<config::Change> changes;
};

/// "train.batch=32, model.ae.latent=8".
std::string values_text(const PlannedRun& run);

/// An experiment's file with its sections for many runs.
class Plan {
 public:
  /// Throws as load_experiment does.
  Plan(const std::filesystem::path& file, const std::vector<std::string>& overrides,
       const LoadOptions& options = {});

  /// The experiment as the file has it.
  const Experiment& reference() const { return reference_; }
  const PlanOptions& options() const { return options_; }

  /// The runs of `sweep` in order: written-out combinations, then parameters (the last one moves fastest),
  /// then seeds. Throws UsageError with everything that is wrong: unknown parameters with the nearest name,
  /// values that the option cannot have, empty ranges, combinations of sections that make no sense.
  std::vector<PlannedRun> sweep_runs() const;
  /// A sentence on every entry of `exclude` that leaves no run out: its value may be mistyped.
  std::vector<std::string> pointless_exclusions() const;
  /// A sentence on every override of an option that each of the runs sets itself.
  std::vector<std::string> pointless_overrides(const std::vector<PlannedRun>& runs) const;
  /// The experiment as `reference`, then each arm of `ablation`, with every seed of `sweep.seeds`.
  std::vector<PlannedRun> ablation_runs() const;

  /// Throws UsageError where the run's changes make no sense together.
  Experiment experiment(const PlannedRun& run) const;

 private:
  void check_parameters(config::Problems& problems) const;
  void check_value(const config::Node::Key& path, const config::Node& value,
                   config::Problems& problems) const;

  LoadOptions load_options_;
  std::vector<std::string> overrides_;
  PlanOptions options_;
  Experiment reference_;
  config::Place sweep_place_;
  config::Node root_;  ///< of the experiment alone, with references as written
};

/// Overrides that make `to` of the file resolved_yaml(from).
std::vector<std::string> overrides_between(const Experiment& from, const Experiment& to);

/// A value in one line of YAML.
std::string flow_text(const config::Node& node);

}  // namespace sparcell

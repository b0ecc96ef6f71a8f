#include "config/load.h"

#include "config/check.h"
#include "config/reader.h"
#include "sparcell/core/context.h"

namespace sparcell {
namespace config {
namespace {

/// Does the whole road work? One epoch; `prepare` keeps two batches of cells.
void shorten(Experiment& experiment) {
  experiment.train.epochs = 1;
  experiment.train.steps = 0;
  for (auto& [name, options] : experiment.model) {
    options.train.epochs = 1;
    options.train.steps = 0;
    options.kl.warmup = 0;
  }
}

}  // namespace

Node compose_experiment(const std::filesystem::path& file, const std::vector<std::string>& overrides,
                        Problems& problems) {
  Node root = compose_files(file, problems);
  name_single_model(root);
  apply_overrides(root, overrides, problems);
  name_single_model(root);
  return root;
}

Experiment resolve_experiment(Node root, PlanOptions& plan, const LoadOptions& options, Problems& problems) {
  interpolate(root, problems);
  Experiment experiment;
  read_experiment(root, experiment, plan, problems);
  check_experiment(experiment, root, options, plan.slurm, problems);
  if (experiment.fast_dev_run) shorten(experiment);
  if (experiment.threads == 0) experiment.threads = available_threads();
  if (!experiment.split.seed) experiment.split.seed = experiment.seed;
  return experiment;
}

}  // namespace config

Experiment load_experiment(const std::filesystem::path& file, const std::vector<std::string>& overrides,
                           const LoadOptions& options) {
  config::Problems problems;
  PlanOptions of_sweeps;
  const Experiment experiment = config::resolve_experiment(
      config::compose_experiment(file, overrides, problems), of_sweeps, options, problems);
  problems.throw_any();
  return experiment;
}

}  // namespace sparcell

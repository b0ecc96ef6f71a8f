#include "config/check.h"

namespace sparcell::config {

void check_experiment(const Experiment& experiment, const Node& root, const LoadOptions& options,
                      const SlurmOptions& slurm, Problems& problems) {
  Checker checker(root, problems, options.warnings);
  check_data(experiment, options, checker);
  check_models(experiment, checker);
  check_judgement(experiment, checker);
  check_jobs(slurm, checker);
  if (checker.sound("model")) warn_of_pointless_keys(experiment, checker);
}

}  // namespace sparcell::config

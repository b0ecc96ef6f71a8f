#include "config/check.h"
#include "config/compose.h"
#include "config/reader.h"
#include "sparcell/config.h"
#include "sparcell/core/context.h"

namespace sparcell {
namespace {

void refuse_later_sections(config::Node& root, config::Problems& problems) {
  static constexpr std::pair<const char*, const char*> later[] = {
      {"sweep", "sweep: this version has no sweeps"},
      {"ablation", "ablation: this version has no ablations; use overrides (sparcell run FILE KEY=VALUE)"},
      {"slurm", "slurm: this version submits no jobs"}};
  for (const auto& [key, sentence] : later) {
    if (root.index_of(key) < 0) continue;
    problems.add(config::place_of(root, key), key, sentence);
    root.erase(key);
  }
}

/// Does the whole road work? One epoch; `prepare` keeps two batches of cells.
void shorten(Experiment& experiment) {
  experiment.train.epochs = 1;
  for (auto& [name, options] : experiment.model) {
    options.train.epochs = 1;
    options.kl.warmup = 0;
  }
}

}  // namespace

Experiment load_experiment(const std::filesystem::path& file, const std::vector<std::string>& overrides,
                           const LoadOptions& options) {
  config::Problems problems;
  config::Node root = config::compose_files(file, problems);
  config::name_single_model(root);
  config::apply_overrides(root, overrides, problems);
  config::name_single_model(root);
  config::interpolate(root, problems);
  refuse_later_sections(root, problems);

  Experiment experiment;
  config::read_experiment(root, experiment, problems);
  config::check_experiment(experiment, root, options, problems);
  problems.throw_any();

  if (experiment.fast_dev_run) shorten(experiment);
  if (experiment.threads == 0) experiment.threads = available_threads();
  if (!experiment.split.seed) experiment.split.seed = experiment.seed;
  return experiment;
}

}  // namespace sparcell

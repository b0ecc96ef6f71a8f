#include "experiment/profiled_steps.h"

#include <algorithm>

#include "experiment/begun_model.h"
#include "experiment/stage_clock.h"
#include "experiment/training_start.h"
#include "sparcell/core/gpus.h"
#include "train/batches.h"
#include "train/trainer.h"

namespace sparcell {
namespace {

const ModelOptions& options_of(const Experiment& experiment, const std::string& model) {
  const auto found = std::find_if(experiment.model.begin(), experiment.model.end(),
                                  [&](const auto& named) { return named.first == model; });
  require(found != experiment.model.end(), "no model {} is in the experiment {}", model, experiment.name);
  return found->second;
}

void check_end(const ProfiledSteps& steps, const TrainOptions& train, std::int64_t cells) {
  const std::int64_t batches = batch_count(cells, train.batch);
  if (steps.end <= train.epochs * batches) return;
  throw UsageError("--steps {}:{}: training of {} ends after {} steps ({} epochs of {} batches)", steps.first,
                   steps.end, steps.model, train.epochs * batches, train.epochs, batches);
}

}  // namespace

void check_device_of_profile(const Experiment& experiment) {
  const Device device = find_device(experiment.device);
  if (device.is_cuda()) return;
  throw UsageError("profile looks at a GPU, and this experiment's device is the CPU ({})",
                   experiment.device == "auto" ? "auto: " + reason_for_auto() : "device: cpu");
}

void take_profiled_steps(const Experiment& experiment, const ProfiledSteps& steps, Log& log) {
  check_device_of_profile(experiment);
  Context context(find_device(experiment.device), static_cast<int>(experiment.threads));
  set_training_products(context, experiment.products);
  StageCosts costs;
  const Prepared prepared = prepare(context, experiment, log, costs);
  const ModelOptions& given = options_of(experiment, steps.model);
  const std::int64_t cells = std::ssize(prepared.split.train);
  check_end(steps, with_epochs(given, cells).train, cells);

  const auto seed = static_cast<std::uint64_t>(experiment.seed);
  BegunModel begun(context, steps.model, given, prepared, seed, log);
  Trainer trainer(context, begun.model.trainable(), begun.options, prepared.split, seed);
  bool collecting = false, done = false;
  TrainHooks hooks;
  hooks.window = StepWindow{.first = steps.first,
                            .end = steps.end,
                            .begins =
                                [&] {
                                  start_profiler(context);
                                  collecting = true;
                                },
                            .ends =
                                [&] {
                                  stop_profiler(context);
                                  done = true;
                                }};
  hooks.interrupted = [&] { return done; };
  StageClock clock(costs);
  try {
    clock.time("train", [&] { return trainer.run(hooks); });
  } catch (const Interrupted&) {  // behind the last step that was asked for
  }
  if (!done) {
    if (collecting) stop_profiler(context);
    throw UsageError("--steps {}:{}: training of {} stopped early after {} steps", steps.first, steps.end,
                     steps.model, trainer.result().steps);
  }
  log.info("profile: steps {} to {} of {} are taken", steps.first, steps.end - 1, steps.model);
}

}  // namespace sparcell

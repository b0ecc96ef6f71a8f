#include "experiment/tune.h"

#include <filesystem>

#include "core/whole_file.h"
#include "experiment/begun_model.h"
#include "train/trainer.h"

namespace sparcell {
namespace {

/// An epoch has steps on a whole batch and on the last one, and so every product that later epochs have.
void take_an_epoch(Context& context, const std::string& name, ModelOptions options, const Prepared& prepared,
                   std::uint64_t seed, Log& log) {
  options.train.epochs = 1;
  options.train.steps = 0;
  options.kl.warmup = 0;
  BegunModel begun(context, name, options, prepared, seed, log);
  Trainer(context, begun.model.trainable(), begun.options, prepared.split, seed).run({});
}

}  // namespace

void tune(const Experiment& experiment, const std::string& file, Log& log) {
  const Device device = find_device(experiment.device);
  if (!device.is_cuda()) {
    throw UsageError(
        "tune measures matrix products on a GPU, and the device is {}{}; on the CPU {} needs no plan",
        device.name(), experiment.device == "auto" ? " (auto: " + reason_for_auto() + ")" : "",
        product_library(device));
  }
  if (std::filesystem::exists(file))
    throw UsageError("{} is there already: bits of runs may depend on it; write a plan of another name",
                     file);
  Context context(device, static_cast<int>(experiment.threads));
  set_training_products(context, {.precision = experiment.products.precision});
  StageCosts costs;
  const Prepared prepared = prepare(context, experiment, log, costs);
  for (const auto& [name, options] : experiment.model) {
    log.info("tune: an epoch of {}", name);
    take_an_epoch(context, name, options, prepared, static_cast<std::uint64_t>(experiment.seed), log);
  }
  write_file(file, measured_plan(context, log));
  log.info("tune: {} is for {} and precision {}; take it with products.plan={}", file, gpu_model(device),
           name_of(experiment.products.precision), file);
}

}  // namespace sparcell

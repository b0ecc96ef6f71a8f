#include "experiment/run.h"

#include <filesystem>

#include "core/csv.h"
#include "experiment/outputs.h"
#include "experiment/progress.h"
#include "experiment/provenance.h"
#include "experiment/result.h"
#include "experiment/run_folder.h"
#include "experiment/signals.h"
#include "experiment/stage_clock.h"
#include "experiment/trained_model.h"
#include "sparcell/config.h"

namespace sparcell {
namespace {

/// Trains one model: metrics, checkpoints and status as it goes, the weights to judge at its end.
ModelOutcome train_model(Context& context, TrainedModel& model, const Prepared& prepared,
                         const Experiment& experiment, const std::string& hash, const RunPaths& paths,
                         NewRunFolder& folder, MetricsFile& metrics, Status& status, Log& log) {
  const auto seed = static_cast<std::uint64_t>(experiment.seed);
  std::filesystem::create_directories(paths.folder / "checkpoints" / model.name());
  model.trainable().initialize();
  Trainer trainer(context, model.trainable(), model.options(), prepared.split, seed);
  const CheckpointIdentity identity{hash, model.name(), name_of(model.options().type), experiment.seed};
  TrainingProgress progress(model.name(), model.options().train.epochs, log);
  const TrainHooks hooks{.on_epoch =
                             [&](const EpochRecord& record) {
                               metrics.add(model.name(), record);
                               progress.show(record);
                               status.set("running", {{"stage", "train"},
                                                      {"model", model.name()},
                                                      {"epoch", record.epoch + 1},
                                                      {"epochs", model.options().train.epochs}});
                             },
                         .save =
                             [&] {
                               write_checkpoint(paths.checkpoint(model.name(), "last"), identity,
                                                snapshot(model.trainable(), true), trainer.state());
                               folder.keep();
                               if (trainer.best()) {
                                 write_checkpoint(paths.checkpoint(model.name(), "best"), identity,
                                                  *trainer.best(), trainer.state());
                               }
                             },
                         .interrupted = stop_requested};
  ModelOutcome outcome;
  outcome.name = model.name();
  outcome.options = &model.options();
  outcome.parameters = model.trainable().parameter_count();
  try {
    outcome.training = trainer.run(hooks);
  } catch (const NumericalError& error) {
    throw NumericalError("model {}: {}", model.name(), error.what());
  }
  if (experiment.evaluate.weights == Weights::best && trainer.best())
    restore(model.trainable(), *trainer.best());
  outcome.test = trainer.evaluate_cells(prepared.split.test, 2);
  return outcome;
}

}  // namespace

std::string run(const Experiment& experiment, const RunRequest& request) {
  check_metrics(experiment.evaluate);
  Context context(find_device(experiment.device), static_cast<int>(experiment.threads));
  const RunPaths paths{choose_run_folder(experiment.name, request.out)};
  NewRunFolder folder(paths.folder);
  RunLog run_log;
  Log& log = run_log.log();
  if (experiment.device == "auto") log.info("device: {} (auto: {})", context.device().name(), reason_for_auto());
  const StopSignals signals;
  RunRecord record;
  record.experiment = &experiment;
  record.device = context.device().name();
  StageClock clock(record.stages);
  Provenance provenance(request.arguments);

  const Prepared prepared =
      prepare(context, experiment, log, record.stages);  // read, filter, split, normalize, select
  record.config_hash = config_hash(experiment, prepared.data.checksum);

  run_log.open(paths.file("log.txt"));
  Status status(paths.file("status.json"));
  try {
    status.set("running", {{"stage", "prepare"}});
    write_inputs(paths, experiment, request.overrides, prepared);
    provenance.write(paths, experiment, context, prepared, false);

    MetricsFile metrics(paths.file("metrics.csv"));
    std::vector<std::unique_ptr<TrainedModel>> models;
    for (const auto& [name, options] : experiment.model) {
      models.push_back(std::make_unique<TrainedModel>(context, name, options, prepared.data.x,
                                                      prepared.fitted.scaler,
                                                      static_cast<std::uint64_t>(experiment.seed)));
      record.models.push_back(clock.time("train", [&] {
        return train_model(context, *models.back(), prepared, experiment, record.config_hash, paths, folder,
                           metrics, status, log);
      }));
    }

    status.set("running", {{"stage", "evaluate"}});
    std::vector<JudgedModel> judged;
    for (const auto& model : models) judged.push_back(model->judged());
    const Evaluation evaluation = clock.time("evaluate", [&] {
      return evaluate(context, prepared.data, prepared.split, judged, experiment.evaluate,
                      static_cast<std::uint64_t>(experiment.seed), log, fits_of(experiment, prepared));
    });
    clock.time("write", [&] { write_outputs(context, paths, record, prepared, models, evaluation, log); });

    provenance.write(paths, experiment, context, prepared, true);
    record.warnings = run_log.warnings();
    if (experiment.report.html) {
      clock.time("report", [&] {
        write_report(paths.folder.string(), result_json(record, prepared, evaluation),
                     paths.file("report.html"), experiment.report, log);
      });
    }
    status.set("done");
    write_file(paths.file("result.json"), result_json(record, prepared, evaluation).dump(2) + "\n");
  } catch (const Interrupted& stop) {
    status.end("interrupted", stop.what());
    throw;
  } catch (const WriteError& error) {
    status.end("interrupted", error.what());
    if (!folder.kept()) throw;
    throw Interrupted("{}; the last checkpoint is kept in {}", error.what(), paths.folder.string());
  } catch (const NumericalError& error) {
    folder.keep();  // its curves say how it came to that
    status.end("failed", error.what());
    throw;
  } catch (const std::exception& error) {
    status.end("failed", error.what());
    throw;
  }
  return paths.folder.string();
}

}  // namespace sparcell

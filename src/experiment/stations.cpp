#include "experiment/stations.h"

#include <filesystem>

#include "core/version.h"
#include "core/whole_file.h"
#include "evaluate/validation_scores.h"
#include "experiment/fitted_cells.h"
#include "experiment/outputs.h"
#include "experiment/provenance.h"
#include "experiment/result.h"
#include "experiment/signals.h"
#include "experiment/stage_clock.h"
#include "experiment/training.h"
#include "experiment/training_start.h"
#include "sparcell/config.h"

namespace sparcell {
namespace {

std::vector<std::string> model_names(const Experiment& experiment) {
  std::vector<std::string> names;
  for (const auto& [name, options] : experiment.model) names.push_back(name);
  return names;
}

bool is_finished(const RunPaths& paths) { return std::filesystem::exists(paths.file("result.json")); }

/// A resumed run becomes what the overrides make of it, now that nothing speaks against that. Its result goes
/// first: with another configuration it would not be the one that the files say.
void change_run(const RunStart& start, RunLog& log) {
  const RunPaths& paths = start.folder.paths();
  start.folder.check_lock();
  if (is_finished(paths)) {
    std::filesystem::remove(paths.file("result.json"));
    log.open(paths.file("log.txt"));
  }
  write_config(paths, start.experiment, start.overrides);
}

void stop_if_asked(const OwnedRunFolder& folder, const char* next) {
  folder.check_lock();
  if (stop_requested()) throw Interrupted("stopped by a signal before the station {}", next);
}

/// What models make of the cells that choose.
void judge_validation_cells(Context& context, const Experiment& experiment, const Prepared& prepared,
                            const std::vector<JudgedModel>& judged, RunRecord& record, Log& log) {
  ValidationScores scores(context, prepared.data, prepared.split, experiment.evaluate,
                          static_cast<std::uint64_t>(experiment.seed), log);
  for (std::size_t i = 0; i < judged.size(); ++i) record.models[i].validation = scores.of(judged[i]);
}

/// The nine stations in their order; throws as they do.
void take_stations(const RunStart& start, Status& status, RunLog& run_log) {
  const Experiment& experiment = start.experiment;
  const RunPaths& paths = start.folder.paths();
  Log& log = run_log.log();
  const Device device = find_device(experiment.device);
  if (experiment.device == "auto") log.info("device: {} (auto: {})", device.name(), reason_for_auto());
  Context context(device, static_cast<int>(experiment.threads));
  set_training_products(context, experiment.products);
  Provenance provenance(start.arguments, context, experiment.products);
  RunRecord record;
  record.experiment = &experiment;
  record.device = context.device().name();
  if (start.resumed) {
    for (const std::string& difference : provenance.go_on(start.earlier_provenance)) {
      run_log.remark(
          fmt::format("resumed elsewhere: {}; the bits differ from an undisturbed run's", difference));
    }
    record.resumed_elsewhere = provenance.differences();
  }
  const StartChecksums starts = starts_of(experiment, paths, start.earlier_provenance);
  provenance.note_starts(starts);
  StageClock clock(record.stages);

  const Prepared prepared =
      prepare(context, experiment, log, record.stages);  // read, filter, split, normalize, select
  std::vector<Fit> fits = fits_of(experiment, prepared);
  for (Fit& fit : fits_of_starts(experiment, prepared, paths, log)) fits.push_back(std::move(fit));
  check_fits(prepared.data, prepared.split, fits);  // before the time that training takes
  std::vector<ConditionTable> conditions = condition_tables(context, experiment.model, prepared, log);
  ModelSet with_their_epochs;
  for (const auto& [name, options] : experiment.model) {
    with_their_epochs.emplace_back(name, with_epochs(options, std::ssize(prepared.split.train)));
  }
  std::vector<std::unique_ptr<TrainedModel>> models;  // all: one that cannot be must not wait for others
  for (const auto& [name, options] : with_their_epochs) {
    models.push_back(std::make_unique<TrainedModel>(
        context, name, options, prepared.data, prepared.fitted.scaler,
        static_cast<std::uint64_t>(experiment.seed), std::move(conditions[models.size()])));
    models.back()->know_training_cells(prepared.split.train);
  }
  record.config_hash = config_hash(experiment, prepared.data.checksum, starts);
  const std::string lineage = lineage_hash(experiment, prepared.data.checksum, starts);
  for (const auto& [name, options] : with_their_epochs) check_checkpoint(paths, name, options, lineage);
  if (start.resumed) {
    change_run(start, run_log);
    status.prepare();
  }
  stop_if_asked(start.folder, "train");
  write_inputs(paths, prepared);
  provenance.write(paths, experiment, prepared);

  MetricsFile metrics(paths.file("metrics.csv"));
  EventFile events(paths.folder.string());
  TrainingSurroundings around{context,
                              experiment,
                              prepared,
                              start.folder,
                              metrics,
                              events,
                              status,
                              run_log,
                              start.earlier_status.value("cost", nlohmann::json::object()),
                              record.config_hash,
                              lineage,
                              start.pause_after};
  std::vector<JudgedModel> judged;
  for (const auto& model : models) {
    record.models.push_back(clock.time("train", [&] { return train_in_folder(around, *model); }));
    judged.push_back(model->judged());
    stop_if_asked(start.folder, "evaluate");
  }

  status.evaluate();
  const Evaluation evaluation = clock.time("evaluate", [&] {
    return evaluate(context, prepared.data, prepared.split, judged, evaluate_options(experiment),
                    static_cast<std::uint64_t>(experiment.seed), log, fits);
  });
  clock.time("evaluate", [&] { judge_validation_cells(context, experiment, prepared, judged, record, log); });
  stop_if_asked(start.folder, "report");
  clock.time("write", [&] { write_outputs(context, paths, record, prepared, models, evaluation, log); });
  metrics.sort(model_names(experiment));
  provenance.write(paths, experiment, prepared, &record.stages);
  record.warnings = run_log.warnings();
  if (experiment.report.html) {
    clock.time("report", [&] {
      write_report(paths.folder.string(), result_json(record, prepared, evaluation),
                   paths.file("report.html"), experiment.report, log);
    });
  }
  std::error_code ignored;
  for (const std::string& name : model_names(experiment))
    std::filesystem::remove(paths.checkpoint(name, "previous"), ignored);
  status.done();
  start.folder.check_lock();
  write_file(paths.file("result.json"), result_json(record, prepared, evaluation).dump(2) + "\n");
}

}  // namespace

void run_stations(const RunStart& start, RunLog& log) {
  OwnedRunFolder& folder = start.folder;
  const RunPaths& paths = folder.paths();
  Status status(paths.file("status.json"),
                {{"schema", run_schema},
                 {"version", version},
                 {"cost", start.earlier_status.value("cost", nlohmann::json::object())}},
                Progress::of(start.earlier_status));
  // A finished run that is to be extended stays finished until that can begin.
  const auto end = [&](const char* state, const std::exception& reason) {
    if (folder.is_ours() && !is_finished(paths)) status.end(state, reason.what());
  };
  try {
    if (!start.resumed) write_config(paths, start.experiment, start.overrides);
    if (!is_finished(paths)) {
      log.open(paths.file("log.txt"));
      status.prepare();
    }
    take_stations(start, status, log);
  } catch (const LockLost&) {
    folder.keep();  // it is another process's, with all that is in it
    throw;
  } catch (const Interrupted& stop) {
    folder.keep();
    end("interrupted", stop);
    throw;
  } catch (const WriteError& error) {
    end("interrupted", error);
    if (!folder.kept()) throw;
    throw Interrupted("{}; the last checkpoint is kept in {}", error.what(), paths.folder.string());
  } catch (const NumericalError& error) {
    folder.keep();  // its curves say how it came to that
    end("failed", error);
    throw;
  } catch (const std::exception& error) {
    end("failed", error);
    throw;
  }
}

}  // namespace sparcell

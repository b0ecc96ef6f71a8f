#include "experiment/stations.h"

#include <filesystem>

#include "core/version.h"
#include "core/whole_file.h"
#include "evaluate/validation_scores.h"
#include "experiment/fitted_cells.h"
#include "experiment/model_checkpoints.h"
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

/// The nine stations in their order, with what one leaves for the next; each throws as it does.
class Stations {
 public:
  Stations(Context& context, const RunStart& start, Status& status, RunLog& run_log)
      : context_(context),
        start_(start),
        status_(status),
        run_log_(run_log),
        experiment_(start.experiment),
        paths_(start.folder.paths()),
        log_(run_log.log()),
        seed_(static_cast<std::uint64_t>(start.experiment.seed)),
        provenance_(start.arguments, context, start.experiment.products),
        clock_(record_.stages) {
    record_.experiment = &experiment_;
    record_.device = context.device().name();
  }

  void take() {
    if (start_.resumed) note_other_places();
    const StartChecksums starts = starts_of(experiment_, paths_, start_.earlier_provenance);
    provenance_.note_starts(starts);
    prepared_ =
        prepare(context_, experiment_, log_, record_.stages);  // read, filter, split, normalize, select
    const std::vector<Fit> fits = checked_fits();
    make_models(starts);
    if (start_.resumed) {
      change_run(start_, run_log_);
      status_.prepare();
    }
    stop_if_asked(start_.folder, "train");
    write_inputs(paths_, prepared_);
    provenance_.write(paths_, experiment_, prepared_);
    MetricsFile metrics(paths_.file("metrics.csv"));
    train(metrics);
    write(evaluate(fits), metrics);
  }

 private:
  /// Where a resumed run moved to.
  void note_other_places() {
    for (const std::string& difference : provenance_.go_on(start_.earlier_provenance)) {
      run_log_.remark(
          fmt::format("resumed elsewhere: {}; the bits differ from an undisturbed run's", difference));
    }
    record_.resumed_elsewhere = provenance_.differences();
  }

  /// Before the time that training takes.
  std::vector<Fit> checked_fits() const {
    std::vector<Fit> fits = fits_of(experiment_, prepared_);
    for (Fit& fit : fits_of_starts(experiment_, prepared_, paths_, log_)) fits.push_back(std::move(fit));
    check_fits(prepared_.data, prepared_.split, fits);
    return fits;
  }

  /// All: one that cannot be must not wait for others.
  void make_models(const StartChecksums& starts) {
    std::vector<ConditionTable> conditions = condition_tables(context_, experiment_.model, prepared_, log_);
    for (const auto& [name, options] : experiment_.model)
      options_.emplace_back(name, with_epochs(options, std::ssize(prepared_.split.train)));
    for (const auto& [name, options] : options_) {
      models_.push_back(std::make_unique<TrainedModel>(context_, name, options, prepared_.data,
                                                       prepared_.fitted.scaler, seed_,
                                                       std::move(conditions[models_.size()])));
      models_.back()->know_training_cells(prepared_.split.train);
    }
    record_.config_hash = config_hash(experiment_, prepared_.data.checksum, starts);
    lineage_ = lineage_hash(experiment_, prepared_.data.checksum, starts);
    for (const auto& [name, options] : options_) check_checkpoint(paths_, name, options, lineage_);
  }

  void train(MetricsFile& metrics) {
    EventFile events(paths_.folder.string());
    TrainingSurroundings around{context_,
                                experiment_,
                                prepared_,
                                start_.folder,
                                metrics,
                                events,
                                status_,
                                run_log_,
                                start_.earlier_status.value("cost", nlohmann::json::object()),
                                record_.config_hash,
                                lineage_,
                                start_.pause_after};
    for (const auto& model : models_) {
      record_.models.push_back(clock_.time("train", [&] { return train_in_folder(around, *model); }));
      judged_.push_back(model->judged());
      stop_if_asked(start_.folder, "evaluate");
    }
  }

  Evaluation evaluate(const std::vector<Fit>& fits) {
    status_.evaluate();
    Evaluation evaluation = clock_.time("evaluate", [&] {
      return sparcell::evaluate(context_, prepared_.data, prepared_.split, judged_,
                                evaluate_options(experiment_), seed_, log_, fits);
    });
    clock_.time("evaluate", [&] { judge_validation_cells(); });
    stop_if_asked(start_.folder, "report");
    return evaluation;
  }

  /// What models make of the cells that choose.
  void judge_validation_cells() {
    ValidationScores scores(context_, prepared_.data, prepared_.split, experiment_.evaluate, seed_, log_);
    for (std::size_t i = 0; i < judged_.size(); ++i) record_.models[i].validation = scores.of(judged_[i]);
  }

  /// The result comes last: a run that has one is finished.
  void write(const Evaluation& evaluation, MetricsFile& metrics) {
    clock_.time("write",
                [&] { write_outputs(context_, paths_, record_, prepared_, models_, evaluation, log_); });
    metrics.sort(model_names(experiment_));
    provenance_.write(paths_, experiment_, prepared_, &record_.stages);
    record_.warnings = run_log_.warnings();
    if (experiment_.report.html) {
      clock_.time("report", [&] {
        write_report(paths_.folder.string(), result_json(record_, prepared_, evaluation),
                     paths_.file("report.html"), experiment_.report, log_);
      });
    }
    std::error_code ignored;
    for (const std::string& name : model_names(experiment_))
      std::filesystem::remove(paths_.checkpoint(name, "previous"), ignored);
    status_.done();
    start_.folder.check_lock();
    write_file(paths_.file("result.json"), result_json(record_, prepared_, evaluation).dump(2) + "\n");
  }

  Context& context_;
  const RunStart& start_;
  Status& status_;
  RunLog& run_log_;
  const Experiment& experiment_;
  const RunPaths& paths_;
  Log& log_;
  const std::uint64_t seed_;
  Provenance provenance_;
  RunRecord record_;
  StageClock clock_;
  Prepared prepared_;
  ModelSet options_;  ///< of the models, with the epochs that their steps make
  std::vector<std::unique_ptr<TrainedModel>> models_;
  std::vector<JudgedModel> judged_;
  std::string lineage_;
};

void take_stations(const RunStart& start, Status& status, RunLog& run_log) {
  const Experiment& experiment = start.experiment;
  const Device device = find_device(experiment.device);
  if (experiment.device == "auto")
    run_log.log().info("device: {} (auto: {})", device.name(), reason_for_auto());
  Context context(device, static_cast<int>(experiment.threads));
  set_training_products(context, experiment.products);
  Stations(context, start, status, run_log).take();
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

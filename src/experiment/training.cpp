#include "experiment/training.h"

#include <filesystem>
#include <optional>

#include "experiment/progress.h"
#include "experiment/signals.h"
#include "train/checkpoint_writer.h"

namespace sparcell {
namespace {

namespace fs = std::filesystem;

/// The last checkpoint, or the one before it where that is damaged. Nothing where there is none.
std::optional<Checkpoint> newest_checkpoint(const CheckpointFiles& files, RunLog& log) {
  if (fs::exists(files.last)) {
    try {
      return read_checkpoint(files.last);
    } catch (const OtherVersion&) {
      throw;
    } catch (const DataError& damaged) {
      if (!fs::exists(files.previous)) {
        throw DataError(
            "{}; there is none before it: remove it, and resume trains this model from its beginning",
            damaged.what());
      }
      log.remark(
          fmt::format("{}; going on from the checkpoint before it, {}", damaged.what(), files.previous));
    }
  }
  if (!fs::exists(files.previous)) return std::nullopt;
  return read_checkpoint(files.previous);
}

/// Seconds and rates of this process added to those of earlier ones.
void add_earlier_cost(const nlohmann::json& earlier, std::int64_t steps_taken_here, TrainResult& result) {
  if (!earlier.is_object()) return;
  const auto number = [&](const char* key) {
    const auto value = earlier.find(key);
    return value != earlier.end() && value->is_number() ? value->get<double>() : 0.0;
  };
  result.seconds += number("train_seconds");
  if (steps_taken_here > 0) return;
  result.step_microseconds = number("step_microseconds");
  result.cells_per_second = number("cells_per_second");
}

class ModelTraining {
 public:
  ModelTraining(TrainingSurroundings& around, TrainedModel& model)
      : around_(around),
        model_(model),
        options_(model.options().train),
        files_{path("last"), path("previous"), path("best")},
        trainer_(around.context, model.trainable(), model.options(), around.prepared.split,
                 static_cast<std::uint64_t>(around.experiment.seed)) {}

  ModelOutcome run() {
    std::error_code error;
    fs::create_directories(fs::path(files_.last).parent_path(), error);
    if (error) throw WriteError("{}: its folder cannot be created ({})", files_.last, error.message());
    model_.trainable().initialize();
    go_on();
    ModelOutcome outcome;
    outcome.name = model_.name();
    outcome.options = &model_.options();
    outcome.parameters = model_.trainable().parameter_count();
    outcome.training = train();
    if (around_.experiment.evaluate.weights == Weights::best && trainer_.best())
      restore(model_.trainable(), *trainer_.best());
    outcome.test = trainer_.evaluate_cells(around_.prepared.split.test, 2);
    return outcome;
  }

 private:
  std::string path(const char* which) const {
    return around_.folder.paths().checkpoint(model_.name(), which);
  }

  void go_on() {
    const std::optional<Checkpoint> checkpoint = newest_checkpoint(files_, around_.log);
    const std::int64_t epochs = checkpoint ? checkpoint->state.epoch : 0;
    const std::int64_t shown = around_.metrics.cut_back(model_.name(), epochs);
    if (!checkpoint) return;
    if (checkpoint->identity.lineage != around_.lineage) {
      throw DataError(
          "{} is of another run: the data file, its preparation or the models are not those it was trained "
          "with",
          files_.last);
    }
    if (epochs > options_.epochs) {
      throw UsageError("train.epochs={}: {} is trained for {} epochs already", options_.epochs, model_.name(),
                       epochs);
    }
    if (shown < epochs) {
      around_.log.remark(fmt::format("metrics.csv has only {} of the {} epochs that {} is trained already",
                                     shown, epochs, model_.name()));
    }
    trainer_.restore(*checkpoint);
    first_step_ = checkpoint->state.step.step;
    around_.folder.keep();
    if (trainer_.finished()) {
      around_.log.log().info("train {}: {} epochs, finished before", model_.name(), epochs);
    } else {
      around_.log.log().info("train {}: goes on after {} of {} epochs and {} steps", model_.name(), epochs,
                             options_.epochs, first_step_);
    }
  }

  TrainResult train() {
    CheckpointWriter writer(model_.trainable(),
                            {around_.config_hash, around_.lineage, model_.name(),
                             name_of(model_.options().type), around_.experiment.seed},
                            files_, [this] { around_.metrics.sync(); });
    TrainingProgress progress(model_.name(), trainer_.state().epoch, options_.epochs, around_.log.log());
    const auto note_written = [&] {
      if (writer.written()) around_.folder.keep();
    };
    const TrainHooks hooks{
        .on_epoch =
            [&](const EpochRecord& record) {
              note_written();
              around_.metrics.add(model_.name(), record);
              progress.show(record);
              if (!around_.status.is_due(model_.name())) return;
              note_cost(trainer_.result());
              around_.status.set_progress(model_.name(), {{"stage", "train"},
                                                          {"model", model_.name()},
                                                          {"epoch", record.epoch + 1},
                                                          {"epochs", options_.epochs}});
            },
        .save = [&] { writer.save(trainer_.state(), trainer_.best(), trainer_.best_state()); },
        .save_later = [&] { return writer.busy(); },
        .interrupted =
            [&] {
              around_.folder.check_lock();
              return stop_requested();
            }};
    const auto finish = [&] {
      writer.wait();
      note_written();
    };
    try {
      const TrainResult result = trainer_.run(hooks);
      finish();
      return note_cost(result);
    } catch (const Interrupted&) {
      finish();
      note_cost(trainer_.result());
      throw;
    } catch (const NumericalError& error) {
      throw NumericalError("model {}: {}", model_.name(), error.what());
    }
  }

  /// With what earlier processes spent on it.
  TrainResult note_cost(TrainResult result) {
    add_earlier_cost(around_.earlier_costs.value(model_.name(), nlohmann::json()), result.steps - first_step_,
                     result);
    around_.status.set_cost(model_.name(), cost_json(result));
    return result;
  }

  TrainingSurroundings& around_;
  TrainedModel& model_;
  const TrainOptions& options_;
  const CheckpointFiles files_;
  Trainer trainer_;
  std::int64_t first_step_ = 0;
};

}  // namespace

ModelOutcome train_in_folder(TrainingSurroundings& around, TrainedModel& model) {
  return ModelTraining(around, model).run();
}

}  // namespace sparcell

#include "experiment/training.h"

#include <algorithm>
#include <filesystem>
#include <optional>

#include "evaluate/validation_distance.h"
#include "experiment/fitted_cells.h"
#include "experiment/model_checkpoints.h"
#include "experiment/progress.h"
#include "experiment/signals.h"
#include "experiment/training_start.h"
#include "train/checkpoint_writer.h"

namespace sparcell {
namespace {

namespace fs = std::filesystem;

/// Those that a failed training left would spoil its replay.
void forget_moments(Trainable<float>& model) {
  TensorSnapshot tensors = snapshot(model, true);
  for (auto* moments : {&tensors.first_moments, &tensors.second_moments}) {
    for (NamedTensor& tensor : *moments) std::fill(tensor.values.begin(), tensor.values.end(), 0.0f);
  }
  restore(model, tensors);
}

/// Seconds and rates of this process added to those of earlier ones.
void add_earlier_cost(const nlohmann::json& earlier, std::int64_t steps_taken_here, TrainResult& result) {
  if (!earlier.is_object()) return;
  const auto number = [&](const char* key) {
    const auto value = earlier.find(key);
    return value != earlier.end() && value->is_number() ? value->get<double>() : 0.0;
  };
  result.seconds += number("train_seconds");
  const nlohmann::json phases = earlier.value("phases", nlohmann::json::object());
  for (std::size_t p = 0; p < phase_names.size(); ++p)
    result.phases[p] += phases.value(std::string(phase_names[p]), 0.0);
  if (result.phase_samples) *result.phase_samples += earlier.value("phase_samples", std::int64_t{0});
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
        files_(checkpoint_files(around.folder.paths(), model.name())),
        trainer_(around.context, model.trainable(), model.options(), around.prepared.split,
                 static_cast<std::uint64_t>(around.experiment.seed)) {}

  ModelOutcome run() {
    std::error_code error;
    fs::create_directories(fs::path(files_.last).parent_path(), error);
    if (error) throw WriteError("{}: its folder cannot be created ({})", files_.last, error.message());
    begin_weights();
    monitor_distance();
    go_on();
    ModelOutcome outcome;
    outcome.name = model_.name();
    outcome.options = &model_.options();
    outcome.parameters = model_.trainable().parameter_count();
    outcome.training = train();
    outcome.validation_loss = outcome.training.last.validation;
    if (around_.experiment.evaluate.weights == Weights::best && trainer_.best()) {
      outcome.weights = Weights::best;
      outcome.validation_loss = trainer_.take_best();
    }
    outcome.test = trainer_.evaluate_cells(around_.prepared.split.test, 2);
    return outcome;
  }

 private:
  /// Drawn, begun from the training cells, or those of another run (train.init_from), which a checkpoint of
  /// this one replaces.
  void begin_weights() {
    model_.trainable().initialize();
    model_.trainable().begin_from(training_start(around_.context, model_.options(), around_.prepared,
                                                 model_.conditions(), around_.log.log()));
    if (options_.init_from.empty() || around_.folder.paths().has_checkpoint(model_.name())) return;
    take_weights(options_.init_from, model_, around_.prepared.fitted.genes);
  }

  /// Looks at generated cells once an epoch, where the options ask for it.
  void monitor_distance() {
    if (!model_.options().monitors_distance()) return;
    const auto seed = static_cast<std::uint64_t>(around_.experiment.seed);
    auto distance = std::make_shared<ValidationDistance>(
        around_.context, around_.prepared.data.x, around_.prepared.split.validation,
        around_.experiment.evaluate.components, seed, around_.log.log());
    trainer_.monitor(std::string(name_of(Monitor::energy_distance)), [this, distance, seed] {
      const Matrix<float> generated = model_.generate(0, distance->cells(), seed);
      model_.forget_mixture();
      return distance->of(generated);
    });
  }

  void go_on() {
    const std::optional<Checkpoint> checkpoint = newest_checkpoint(files_, &around_.log);
    if (!checkpoint) {
      around_.metrics.cut_back(model_.name(), 0);
      return;
    }
    const std::int64_t epochs = checkpoint->state.epoch;
    const std::int64_t shown = around_.metrics.cut_back(model_.name(), epochs);
    if (shown < epochs) {
      around_.log.remark(fmt::format("metrics.csv has only {} of the {} epochs that {} is trained already",
                                     shown, epochs, model_.name()));
    }
    trainer_.restore(*checkpoint);
    first_step_ = checkpoint->state.step.step;
    epochs_taken_ = epochs;
    around_.folder.keep();
    if (trainer_.finished()) {
      around_.log.log().info("train {}: {} epochs, finished before", model_.name(), epochs);
    } else {
      around_.log.log().info("train {}: goes on after {} of {} epochs and {} steps", model_.name(), epochs,
                             options_.epochs, first_step_);
    }
  }

  Progress standing() const {
    const ModelSet& models = around_.experiment.model;
    const auto of_run = std::find_if(models.begin(), models.end(),
                                     [&](const auto& model) { return model.first == model_.name(); });
    return {.stage = "train",
            .model = model_.name(),
            .model_number = of_run - models.begin() + 1,
            .model_count = std::ssize(models),
            .epoch = epochs_taken_,
            .epochs = options_.epochs};
  }

  bool paused() const { return around_.pause_after > 0 && epochs_taken_ >= around_.pause_after; }

  TrainResult train() {
    CheckpointWriter writer(
        model_.trainable(),
        {around_.config_hash, around_.lineage, model_.name(), name_of(model_.options().type),
         around_.experiment.seed, seen_cells_hash(around_.prepared)},
        files_, [this](const TensorSnapshot& tensors, std::int64_t step) {
          around_.folder.check_lock();
          around_.metrics.sync();
          for (const NamedTensor& tensor : tensors.parameters)
            around_.events.add_histogram(model_.name() + "/" + tensor.name, step, tensor.values);
        });
    TrainingProgress progress(model_.name(), trainer_.state().epoch, options_.epochs, around_.log.log());
    const auto note_written = [&] {
      if (writer.written()) around_.folder.keep();
    };
    const TrainHooks hooks{
        .on_epoch =
            [&](const EpochRecord& record) {
              around_.folder.check_lock();
              epochs_taken_ = record.epoch + 1;
              note_written();
              around_.metrics.add(model_.name(), record);
              around_.events.add(model_.name(), record);
              progress.show(record);
              around_.status.note(standing());
              if (!around_.status.is_due()) return;
              note_cost(trainer_.result());
              around_.status.write_progress();
            },
        .save = [&] { writer.save(trainer_.state(), trainer_.best(), trainer_.best_state()); },
        .save_later = [&] { return writer.busy(); },
        .interrupted =
            [&] {
              around_.folder.check_lock();
              return stop_requested() || paused();
            }};
    around_.status.note(standing());
    around_.status.write_progress();
    const auto finish = [&] {
      writer.wait();
      note_written();
    };
    try {
      const TrainResult result = trainer_.run(hooks);
      finish();
      if (result.stopped_early) {
        around_.log.log().info("train {}: stopped early after {} epochs; it was best after {} of them",
                               model_.name(), result.epochs, result.best_epoch + 1);
      }
      return note_cost(result);
    } catch (const Interrupted&) {
      finish();
      note_cost(trainer_.result());
      throw;
    } catch (const WriteError&) {
      note_written();
      throw;
    } catch (const NumericalError& error) {
      writer.wait_quietly();
      throw NumericalError("model {}: {}{}", model_.name(), error.what(), first_non_finite());
    }
  }

  /// What the replay from the last checkpoint finds, as the rest of a sentence.
  std::string first_non_finite() {
    const std::int64_t epoch = trainer_.state().epoch;
    around_.log.log().info(
        "train {}: looking for the first value that is not finite, from the last checkpoint on",
        model_.name());
    Trainer replay(around_.context, model_.trainable(), model_.options(), around_.prepared.split,
                   static_cast<std::uint64_t>(around_.experiment.seed));
    begin_weights();
    forget_moments(model_.trainable());
    const std::optional<Checkpoint> checkpoint = newest_checkpoint(files_, &around_.log);
    if (checkpoint) replay.restore(*checkpoint);
    const std::optional<NonFinite> found = replay.find_non_finite(epoch);
    const std::string kept = checkpoint ? fmt::format("; the last good checkpoint is {}", files_.last) : "";
    if (!found) return "; every tensor of its steps is finite: sums or losses overflow" + kept;
    return fmt::format(
        ". The first value that is not finite is in {} ({} value{}), step {} (epoch {}, batch {}){}{}",
        found->tensor, found->values, found->values == 1 ? "" : "s", found->step + 1, found->epoch + 1,
        found->batch + 1, cells_text(found->cells), kept);
  }

  std::string cells_text(const std::vector<std::int32_t>& cells) const {
    constexpr std::size_t shown = 5;
    if (cells.empty()) return "";
    std::string text = cells.size() == 1 ? ", cell " : fmt::format(", {} cells: ", cells.size());
    for (std::size_t i = 0; i < std::min(cells.size(), shown); ++i) {
      if (i > 0) text += ", ";
      text += around_.prepared.data.cells.names[static_cast<std::size_t>(cells[i])];
    }
    return text + (cells.size() > shown ? ", ..." : "");
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
  std::int64_t epochs_taken_ = 0;
};

}  // namespace

ModelOutcome train_in_folder(TrainingSurroundings& around, TrainedModel& model) {
  return ModelTraining(around, model).run();
}

}  // namespace sparcell

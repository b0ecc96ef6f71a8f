// Station 7, train: how models are optimized.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sparcell/core/describe.h"

namespace sparcell {

/// Of what there can be: a number that no machine could serve is refused where it was written, and products of two and
/// bytes of a matrix between two widths fit 64 bits.
inline constexpr Bounds possible_count{.low = 1, .high = 1e9};
inline constexpr Bounds possible_count_or_none{.low = 0, .high = 1e9};
inline constexpr Bounds possible_width{.low = 1, .high = 1e8};

enum class OptimizerType { adam, adamw };
template <>
struct Names<OptimizerType> {
  static constexpr std::string_view values[] = {"adam", "adamw"};
};

struct OptimizerOptions {
  OptimizerType type = OptimizerType::adam;
  double learning_rate = 1e-3;
  std::vector<double> betas{0.9, 0.999};
  double epsilon = 1e-8;
  double weight_decay = 0;
};

template <class Visitor>
void describe(Visitor& v, OptimizerOptions& o) {
  v.field("type", o.type, "adam adds weight_decay to the gradient (L2, as torch.optim.Adam); adamw decouples it.");
  v.field("learning_rate", o.learning_rate, above(0), "Learning rate before any schedule.");
  v.field("betas", o.betas, probability_below_one, "Decay of the first and the second moment: two numbers.");
  v.field("epsilon", o.epsilon, above(0), "Added to the root of the second moment.");
  v.field("weight_decay", o.weight_decay, at_least(0), "Of every parameter, biases and normalization included.");
}

enum class ScheduleType { none, plateau, cosine, linear };
template <>
struct Names<ScheduleType> {
  static constexpr std::string_view values[] = {"none", "plateau", "cosine", "linear"};
};

struct ScheduleOptions {
  ScheduleType type = ScheduleType::none;
  double factor = 0.5;
  std::int64_t patience = 3;
  double threshold = 1e-4;
  double min_learning_rate = 0;
  std::int64_t warmup_steps = 0;
  double decay_from = 0.5;
};

template <class Visitor>
void describe(Visitor& v, ScheduleOptions& o) {
  v.field("type", o.type, "plateau: as ReduceLROnPlateau on the validation loss; by step to min_learning_rate: cosine, linear.");
  v.field("factor", o.factor, {.low = 0, .high = 1, .low_open = true, .high_open = true}, "Plateau: the cut.");
  v.field("patience", o.patience, at_least(0), "Plateau: epochs without improvement before the next one cuts.");
  v.field("threshold", o.threshold, at_least(0), "Plateau: relative improvement that counts.");
  v.field("min_learning_rate", o.min_learning_rate, at_least(0), "The learning rate never falls below it.");
  v.field("warmup_steps", o.warmup_steps, at_least(0), "Steps of linear rise from 0 (not plateau).");
  v.field("decay_from", o.decay_from, {.low = 0, .high = 1, .high_open = true},
          "Linear: the share of all steps that lies behind when the fall begins.");
}

struct EarlyStoppingOptions {
  std::int64_t patience = 0;
  double min_delta = 0;
};

template <class Visitor>
void describe(Visitor& v, EarlyStoppingOptions& o) {
  v.field("patience", o.patience, at_least(0),
          "Stop after this many epochs (at full KL weight) without a better value of `monitor`; 0 never stops early.");
  v.field("min_delta", o.min_delta, at_least(0), "Improvement that counts.");
}

struct CheckpointEvery {
  std::int64_t epochs = 10;
  double minutes = 10;
};

template <class Visitor>
void describe(Visitor& v, CheckpointEvery& o) {
  v.field("epochs", o.epochs, at_least(0), "Epochs between checkpoints; 0 is only at the end.");
  v.field("minutes", o.minutes, at_least(0), "Minutes between checkpoints, whichever comes first; 0 is no limit.");
}

struct CheckpointOptions {
  CheckpointEvery every;
};

template <class Visitor>
void describe(Visitor& v, CheckpointOptions& o) {
  v.section("every", o.every, "How often the last state is saved.");
}

/// How training steps reach a GPU.
enum class GraphMode { run, step, off };
template <>
struct Names<GraphMode> {
  static constexpr std::string_view values[] = {"run", "step", "off"};
};

/// What training is watched by, on validation cells.
enum class Monitor { loss, energy_distance };
template <>
struct Names<Monitor> {
  static constexpr std::string_view values[] = {"loss", "energy_distance"};
};

struct TrainOptions {
  std::int64_t epochs = 50;
  std::int64_t steps = 0;
  std::int64_t batch = 128;
  OptimizerOptions optimizer;
  OptimizerOptions generator{.learning_rate = 2e-4, .betas = {0.5, 0.999}, .weight_decay = 1e-5};  ///< gan only
  OptimizerOptions critic{.learning_rate = 2e-4, .betas = {0.5, 0.999}, .weight_decay = 1e-5};     ///< gan only
  ScheduleOptions schedule;
  double clip_norm = 0;
  Monitor monitor = Monitor::loss;
  EarlyStoppingOptions early_stopping;
  CheckpointOptions checkpoint;
  std::string init_from;
  GraphMode graph = GraphMode::run;
  bool branches = true;
};

/// Words of every model. A GAN has `generator` and `critic` beside them, of the form of `optimizer`.
template <class Visitor>
void describe(Visitor& v, TrainOptions& o) {
  v.field("epochs", o.epochs, possible_count, "Passes over the training cells.");
  v.field("steps", o.steps, possible_count_or_none, "In place of epochs: as many whole epochs as these steps need; 0: epochs counts.");
  v.field("batch", o.batch, possible_count, "Cells in a batch; the last batch may be smaller.");
  v.section("optimizer", o.optimizer, "Optimizer of autoencoders.");
  v.section("schedule", o.schedule, "How the learning rate moves.");
  v.field("clip_norm", o.clip_norm, at_least(0), "Gradients are scaled down to this norm; 0 leaves them.");
  v.field("monitor", o.monitor,
          "What the best weights and early stopping go by, on validation cells: the loss, which a GAN does not have, or the "
          "energy_distance of generated cells, for models that generate (an autoencoder keeps the loss).");
  v.section("early_stopping", o.early_stopping, "When to stop before the last epoch.");
  v.section("checkpoint", o.checkpoint, "Saving the state of training.");
  v.field("init_from", o.init_from,
          "Folder of a run whose last weights training starts from, by the name of the model; empty draws them.");
  v.field("graph", o.graph,
          "On a GPU, what is recorded and repeated: a run of steps, one step, or nothing (each kernel with its name in a "
          "profiler). Results are the same.");
  v.field("branches", o.branches,
          "On a GPU, parts of a step that do not need each other run side by side. Results are the same.");
}

}  // namespace sparcell

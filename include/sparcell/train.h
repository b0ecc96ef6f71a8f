// Station 7, train: how models are optimized.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sparcell/core/describe.h"
#include "sparcell/ops/optimizer_options.h"

namespace sparcell {

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

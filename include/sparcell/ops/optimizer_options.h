// Options of optimizers (ops/optimizer.h) and of learning rates over the steps (ops/step.h), as sections of
// an experiment have them.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "sparcell/core/describe.h"

namespace sparcell {

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
  v.field("type", o.type,
          "adam adds weight_decay to the gradient (L2, as torch.optim.Adam); adamw decouples it.");
  v.field("learning_rate", o.learning_rate, above(0), "Learning rate before any schedule.");
  v.field("betas", o.betas, probability_below_one, "Decay of the first and the second moment: two numbers.");
  v.field("epsilon", o.epsilon, above(0), "Added to the root of the second moment.");
  v.field("weight_decay", o.weight_decay, at_least(0),
          "Of every parameter, biases and normalization included.");
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
  v.field(
      "type", o.type,
      "plateau: as ReduceLROnPlateau on the validation loss; by step to min_learning_rate: cosine, linear.");
  v.field("factor", o.factor, {.low = 0, .high = 1, .low_open = true, .high_open = true},
          "Plateau: the cut.");
  v.field("patience", o.patience, at_least(0),
          "Plateau: epochs without improvement before the next one cuts.");
  v.field("threshold", o.threshold, at_least(0), "Plateau: relative improvement that counts.");
  v.field("min_learning_rate", o.min_learning_rate, at_least(0), "The learning rate never falls below it.");
  v.field("warmup_steps", o.warmup_steps, at_least(0), "Steps of linear rise from 0 (not plateau).");
  v.field("decay_from", o.decay_from, {.low = 0, .high = 1, .high_open = true},
          "Linear: the share of all steps that lies behind when the fall begins.");
}

}  // namespace sparcell

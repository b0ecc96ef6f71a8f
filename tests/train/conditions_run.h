// Training of a model that is told conditions: what its tests share.
#pragma once

#include "train/training_run.h"

namespace sparcell::test {

/// Every third cell is a control; the others have one or two of four conditions. With `parts` four columns
/// more say of those of two that they are perturbed together.
inline Csr<float> small_conditions(std::int64_t cells, bool parts = false) {
  std::vector<std::vector<double>> rows;
  for (std::int64_t c = 0; c < cells; ++c) {
    std::vector<double> row(parts ? 8 : 4, 0);
    if (c % 3 > 0) row[c % 4] = 1;
    if (c % 3 == 2) row[(c + 1) % 4] = 0.5;
    if (parts && c % 3 == 2) row[4 + c % 4] = row[4 + (c + 1) % 4] = 1;
    rows.push_back(std::move(row));
  }
  return csr_of<float>(rows);
}

/// Vectors of those four.
inline Csr<float> small_vectors() {
  return csr_of<float>({{1, 0, 0.5}, {0, -1, 0.25}, {0.75, 0.5, 0}, {-0.5, 0, 1}});
}

inline TrainingStart start_with_controls(std::int64_t cells) {
  TrainingStart start;
  for (std::int32_t c = 0; c < cells; c += 3) start.controls.push_back(c);
  return start;
}

/// Of a GAN the strong one.
inline ModelOptions told_model(ModelType type, bool encoder, double control_input) {
  ModelOptions options = type == ModelType::gan ? strong_gan() : small_model(type);
  options.condition = {"perturbation"};
  options.conditioning.encoder = encoder;
  options.conditioning.control_input = control_input;
  return options;
}

struct ToldRun {
  ToldRun(const ModelOptions& model_options, const Csr<float>& x, const Split& cells, int threads = 1)
      : ToldRun(model_options, x, cells, threads, small_conditions(x.rows)) {}
  ToldRun(const ModelOptions& model_options, const Csr<float>& x, const Split& cells, int threads,
          const Csr<float>& conditions)
      : options(model_options),
        split(cells),
        context(test_context(threads)),
        data(context, x, {}, conditions),
        model(make_model<float>(context, options, data, 1)) {
    model->initialize();
    TrainingStart start = start_with_controls(static_cast<std::int64_t>(split.train.size()));
    if (options.type == ModelType::gan) {
      start.genes = start_of(x, split).genes;
      start.conditions = small_conditions(std::ssize(split.train));
    }
    model->begin_from(start);
    trainer.emplace(context, *model, options, split, 1);
  }
  ToldRun(const ToldRun&) = delete;

  ModelOptions options;
  Split split;
  Context context;
  DeviceData<float> data;
  std::unique_ptr<Trainable<float>> model;
  std::optional<Trainer> trainer;
};

}  // namespace sparcell::test

// Cells whose genes are perturbed together and are more than their sum, for tests of learned products.
#pragma once

#include <cmath>

#include "support/temporary.h"
#include "train/conditions_run.h"

namespace sparcell::test {

inline constexpr std::int64_t pair_genes = 10, perturbed_genes = 5;

/// One-hot genes.
inline Csr<float> one_hot_vectors() {
  std::vector<std::vector<double>> rows;
  for (std::int64_t p = 0; p < perturbed_genes; ++p) {
    rows.emplace_back(perturbed_genes, 0.0);
    rows.back()[p] = 1;
  }
  return csr_of<float>(rows);
}

/// The sum of the genes' vectors and, of two or more, the genes.
inline std::vector<double> told_of(const std::vector<std::int64_t>& parts) {
  std::vector<double> row(2 * perturbed_genes, 0);
  for (const std::int64_t p : parts) {
    row[p] = 1;
    if (parts.size() > 1) row[perturbed_genes + p] = 1;
  }
  return row;
}

/// Controls, singles and doubles of five genes, twenty cells each. A double is the sum of its genes' effects
/// and their interaction: the product of two numbers along one direction. Three doubles are held out.
struct PairWorld {
  std::vector<std::vector<std::int64_t>> kinds{{}};
  std::vector<std::vector<double>> effects, rows, told;
  std::vector<double> strength{1, -1, 1.2, -0.8, 1.5}, direction;
  Split split;

  PairWorld() {
    std::mt19937 generator(7);
    std::normal_distribution<double> normal;
    for (std::int64_t g = 0; g < pair_genes; ++g)
      direction.push_back(normal(generator) / std::sqrt(pair_genes));
    for (std::int64_t p = 0; p < perturbed_genes; ++p) {
      effects.emplace_back();
      for (std::int64_t g = 0; g < pair_genes; ++g)
        effects.back().push_back(normal(generator) / std::sqrt(pair_genes));
      kinds.push_back({p});
    }
    for (std::int64_t p = 0; p < perturbed_genes; ++p) {
      for (std::int64_t o = p + 1; o < perturbed_genes; ++o) kinds.push_back({p, o});
    }
    for (std::int64_t cell = 0; cell < 20 * std::ssize(kinds); ++cell) {
      const std::vector<std::int64_t>& kind = kinds[cell % std::ssize(kinds)];
      std::vector<double> row = truth(kind);
      for (double& value : row) value += 0.1 * normal(generator);
      rows.push_back(row);
      told.push_back(told_of(kind));
      if (!held_out(kind)) split.train.push_back(static_cast<std::int32_t>(cell));
    }
  }
  static bool held_out(const std::vector<std::int64_t>& kind) {
    return kind == std::vector<std::int64_t>{0, 1} || kind == std::vector<std::int64_t>{2, 3} ||
           kind == std::vector<std::int64_t>{1, 4};
  }
  std::vector<double> truth(const std::vector<std::int64_t>& kind) const {
    std::vector<double> row(pair_genes, 3.0);
    for (std::int64_t g = 0; g < pair_genes; ++g) {
      for (const std::int64_t p : kind) row[g] += effects[p][g];
      if (kind.size() == 2) row[g] += strength[kind[0]] * strength[kind[1]] * direction[g];
    }
    return row;
  }
};

inline double distance(const std::vector<float>& a, const std::vector<double>& b) {
  double squares = 0;
  for (std::size_t i = 0; i < b.size(); ++i) squares += std::pow(a[i] - b[i], 2);
  return std::sqrt(squares);
}

/// Training of a model on such cells.
struct PairRun {
  ModelOptions options;
  Context context;
  DeviceData<float> data;
  Split split;
  std::unique_ptr<Trainable<float>> model;
  std::optional<Trainer> trainer;

  PairRun(const PairWorld& world, const ModelOptions& model_options)
      : options(model_options),
        context(test_context()),
        data(context, csr_of<float>(world.rows), {}, csr_of<float>(world.told), one_hot_vectors()),
        split(world.split) {
    model = make_model<float>(context, options, data, 1);
    model->initialize();
    TrainingStart start;
    for (std::int32_t cell = 0; cell < std::ssize(world.rows);
         cell += static_cast<std::int32_t>(world.kinds.size()))
      start.controls.push_back(cell);
    if (options.type == ModelType::gan) {
      start.genes = start_of(csr_of<float>(world.rows), split).genes;
      start.conditions = take_rows(csr_of<float>(world.told), split.train);
    }
    model->begin_from(start);
    trainer.emplace(context, *model, options, split, 1);
  }
  PairRun(const PairRun&) = delete;
};

/// Stops `first` after `steps` steps and lets `second` go on from there.
inline void hand_over(PairRun& first, PairRun& second, std::int64_t steps) {
  const TemporaryFolder folder;
  TrainHooks hooks;
  hooks.interrupted = [&] { return first.trainer->state().step.step >= steps; };
  hooks.save = [&] {
    Checkpoint now;
    now.tensors = snapshot(*first.model, true), now.state = first.trainer->state();
    write_checkpoint(folder / "c.h5", now);
  };
  EXPECT_THROW(first.trainer->run(hooks), Interrupted);
  second.trainer->restore(read_checkpoint(folder / "c.h5"));
  second.trainer->run({});
}

}  // namespace sparcell::test

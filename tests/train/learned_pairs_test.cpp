// Genes that are perturbed together and have learned products beside their sum (conditioning.combine:
// learned).
#include <gtest/gtest.h>

#include <cmath>

#include "support/temporary.h"
#include "train/conditions_run.h"

namespace sparcell::test {
namespace {

constexpr std::int64_t genes = 10, perturbed_genes = 5;

/// One-hot genes.
Csr<float> vectors() {
  std::vector<std::vector<double>> rows;
  for (std::int64_t p = 0; p < perturbed_genes; ++p) {
    rows.emplace_back(perturbed_genes, 0.0);
    rows.back()[p] = 1;
  }
  return csr_of<float>(rows);
}

/// The sum of the genes' vectors and, of two or more, the genes.
std::vector<double> told_of(const std::vector<std::int64_t>& parts) {
  std::vector<double> row(2 * perturbed_genes, 0);
  for (const std::int64_t p : parts) {
    row[p] = 1;
    if (parts.size() > 1) row[perturbed_genes + p] = 1;
  }
  return row;
}

/// Controls, singles and doubles of five genes, twenty cells each. A double is the sum of its genes' effects
/// and their interaction: the product of two numbers along one direction. Three doubles are held out.
struct World {
  std::vector<std::vector<std::int64_t>> kinds{{}};
  std::vector<std::vector<double>> effects, rows, told;
  std::vector<double> strength{1, -1, 1.2, -0.8, 1.5}, direction;
  Split split;

  World() {
    std::mt19937 generator(7);
    std::normal_distribution<double> normal;
    for (std::int64_t g = 0; g < genes; ++g) direction.push_back(normal(generator) / std::sqrt(genes));
    for (std::int64_t p = 0; p < perturbed_genes; ++p) {
      effects.emplace_back();
      for (std::int64_t g = 0; g < genes; ++g) effects.back().push_back(normal(generator) / std::sqrt(genes));
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
    std::vector<double> row(genes, 3.0);
    for (std::int64_t g = 0; g < genes; ++g) {
      for (const std::int64_t p : kind) row[g] += effects[p][g];
      if (kind.size() == 2) row[g] += strength[kind[0]] * strength[kind[1]] * direction[g];
    }
    return row;
  }
};

/// An autoencoder without hidden layers that sees controls in place of all cells.
struct PairRun {
  ModelOptions options;
  Context context;
  DeviceData<float> data;
  Split split;
  std::unique_ptr<Trainable<float>> model;
  std::optional<Trainer> trainer;

  PairRun(const World& world, GeneCombination combine, std::int64_t epochs)
      : options(options_for(combine, epochs)),
        context(test_context()),
        data(context, csr_of<float>(world.rows), {}, csr_of<float>(world.told), vectors()),
        split(world.split) {
    model = make_model<float>(context, options, data, 1);
    model->initialize();
    TrainingStart start;
    for (std::int32_t cell = 0; cell < std::ssize(world.rows);
         cell += static_cast<std::int32_t>(world.kinds.size()))
      start.controls.push_back(cell);
    model->begin_from(start);
    trainer.emplace(context, *model, options, split, 1);
  }
  PairRun(const PairRun&) = delete;

  static ModelOptions options_for(GeneCombination combine, std::int64_t epochs) {
    ModelOptions options = told_model(ModelType::autoencoder, false, 1);
    options.network = {.hidden = {}, .normalization = NormalizationLayer::none, .dropout = {}};
    options.latent = 2;
    options.conditioning.combine = combine;
    options.conditioning.rank = 3;
    options.train.batch = 40;
    options.train.epochs = epochs;
    options.train.optimizer.learning_rate = 1e-2;
    return options;
  }

  /// Decoded from a latent value of a control under these perturbations.
  std::vector<float> decoded(const std::vector<std::int64_t>& parts) {
    const std::vector<std::int32_t> control{0};
    const Buffer<std::int32_t> rows(context, control);
    const Matrix<float> z =
        model->encode(data, {.order = rows.data(), .batch = nullptr, .stride = 0, .count = 1});
    return model->decode(z, csr_of<float>({told_of(parts)})).values;
  }
};

double distance(const std::vector<float>& a, const std::vector<double>& b) {
  double squares = 0;
  for (std::size_t i = 0; i < b.size(); ++i) squares += std::pow(a[i] - b[i], 2);
  return std::sqrt(squares);
}

TEST(LearnedPairs, FindInteractionsOfDoublesThatWereNeverSeen) {
  const World world;
  double of_sums = 0, of_learned = 0;
  for (const GeneCombination combine : {GeneCombination::sum, GeneCombination::learned}) {
    PairRun run(world, combine, 150);
    run.trainer->run({});
    for (const auto& kind : world.kinds) {
      if (!World::held_out(kind)) continue;
      (combine == GeneCombination::sum ? of_sums : of_learned) +=
          distance(run.decoded(kind), world.truth(kind)) / 3;
    }
  }
  EXPECT_LT(of_learned, 0.5 * of_sums) << "the interactions are about as long as an effect";
}

TEST(LearnedPairs, BeginAsTheSum) {
  const World world;
  PairRun sum(world, GeneCombination::sum, 1), learned(world, GeneCombination::learned, 1);
  EXPECT_EQ(sum.decoded({1, 3}), learned.decoded({1, 3}));
  learned.trainer->run({});
  const std::vector<float> single = learned.decoded({1}), other = learned.decoded({3}),
                           both = learned.decoded({1, 3}), control = learned.decoded({});
  double beside = 0;  // a linear decoder's sum
  for (std::size_t g = 0; g < both.size(); ++g)
    beside += std::abs(both[g] - single[g] - other[g] + control[g]);
  EXPECT_GT(beside, 1e-3);
}

TEST(LearnedPairs, DoNotDependOnTheOrderOfGenesAndAreNoneOfOne) {
  const World world;
  PairRun run(world, GeneCombination::learned, 2);
  run.trainer->run({});
  EXPECT_EQ(run.decoded({1, 3}), run.decoded({3, 1}));
  std::vector<double> marked = told_of({2});
  marked[perturbed_genes + 2] = 1;  // a single gene has no pair
  const Matrix<float> z(1, 2, 0.5f);
  const std::vector<float> plain = run.model->decode(z, csr_of<float>({told_of({2})})).values;
  const std::vector<float> with_mark = run.model->decode(z, csr_of<float>({marked})).values;
  for (std::size_t g = 0; g < plain.size(); ++g) EXPECT_NEAR(plain[g], with_mark[g], 1e-6);
}

TEST(LearnedPairs, GoOnWithEqualBits) {
  const World world;
  PairRun whole(world, GeneCombination::learned, 3), first(world, GeneCombination::learned, 3),
      second(world, GeneCombination::learned, 3);
  whole.trainer->run({});
  const TemporaryFolder folder;
  TrainHooks hooks;
  hooks.interrupted = [&] { return first.trainer->state().step.step >= 9; };
  hooks.save = [&] {
    Checkpoint now;
    now.tensors = snapshot(*first.model, true), now.state = first.trainer->state();
    write_checkpoint(folder / "c.h5", now);
  };
  EXPECT_THROW(first.trainer->run(hooks), Interrupted);
  second.trainer->restore(read_checkpoint(folder / "c.h5"));
  second.trainer->run({});
  EXPECT_TRUE(equal_bits(all_tensors(*whole.model), all_tensors(*second.model)));
}

}  // namespace
}  // namespace sparcell::test

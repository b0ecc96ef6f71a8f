// Autoencoders of genes that are perturbed together and have learned products beside their sum
// (conditioning.combine: learned).
#include <gtest/gtest.h>

#include "train/pairs_world.h"

namespace sparcell::test {
namespace {

/// An autoencoder without hidden layers that sees controls in place of all cells.
ModelOptions linear_autoencoder(GeneCombination combine, std::int64_t epochs) {
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

struct LinearRun : PairRun {
  LinearRun(const PairWorld& world, GeneCombination combine, std::int64_t epochs)
      : PairRun(world, linear_autoencoder(combine, epochs)) {}

  /// Decoded from a latent value of a control under these perturbations.
  std::vector<float> decoded(const std::vector<std::int64_t>& parts) {
    const std::vector<std::int32_t> control{0};
    const Buffer<std::int32_t> rows(context, control);
    const Matrix<float> z =
        model->encode(data, {.order = rows.data(), .batch = nullptr, .stride = 0, .count = 1});
    return model->decode(z, csr_of<float>({told_of(parts)})).values;
  }
};

TEST(LearnedPairs, FindInteractionsOfDoublesThatWereNeverSeen) {
  const PairWorld world;
  double of_sums = 0, of_learned = 0;
  for (const GeneCombination combine : {GeneCombination::sum, GeneCombination::learned}) {
    LinearRun run(world, combine, 150);
    run.trainer->run({});
    for (const auto& kind : world.kinds) {
      if (!PairWorld::held_out(kind)) continue;
      (combine == GeneCombination::sum ? of_sums : of_learned) +=
          distance(run.decoded(kind), world.truth(kind)) / 3;
    }
  }
  EXPECT_LT(of_learned, 0.5 * of_sums) << "the interactions are about as long as an effect";
}

TEST(LearnedPairs, BeginAsTheSum) {
  const PairWorld world;
  LinearRun sum(world, GeneCombination::sum, 1), learned(world, GeneCombination::learned, 1);
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
  const PairWorld world;
  LinearRun run(world, GeneCombination::learned, 2);
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
  const PairWorld world;
  LinearRun whole(world, GeneCombination::learned, 3), first(world, GeneCombination::learned, 3),
      second(world, GeneCombination::learned, 3);
  whole.trainer->run({});
  hand_over(first, second, 9);
  EXPECT_TRUE(equal_bits(all_tensors(*whole.model), all_tensors(*second.model)));
}

}  // namespace
}  // namespace sparcell::test

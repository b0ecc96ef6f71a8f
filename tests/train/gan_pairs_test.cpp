// A GAN of genes that are perturbed together and have learned products beside their sum: generator and critic
// each make their own.
#include <gtest/gtest.h>

#include "train/pairs_world.h"

namespace sparcell::test {
namespace {

ModelOptions of_pairs(ModelOptions options, GeneCombination combine = GeneCombination::learned) {
  options.condition = {"perturbation"};
  options.conditioning.combine = combine;
  options.conditioning.rank = 3;
  options.train.batch = 20;
  return options;
}

/// Five cells of each kind, for tests that emulated devices run too.
PairWorld few_cells() {
  PairWorld world;
  std::erase_if(world.split.train, [](std::int32_t cell) { return cell >= 80; });
  return world;
}

/// Mean of generated cells under these perturbations.
std::vector<float> generated_mean(PairRun& run, const std::vector<std::int64_t>& parts) {
  constexpr std::int64_t count = 400;
  const Matrix<float> cells = run.model->generate(
      0, count, 9, csr_of<float>(std::vector(static_cast<std::size_t>(count), told_of(parts))));
  std::vector<float> mean(static_cast<std::size_t>(cells.cols));
  for (std::int64_t r = 0; r < count; ++r) {
    for (std::int64_t g = 0; g < cells.cols; ++g) mean[g] += cells(r, g) / count;
  }
  return mean;
}

const std::vector<float>& values_of(const std::vector<NamedTensor>& tensors, const std::string& name) {
  for (const NamedTensor& tensor : tensors) {
    if (tensor.name == name) return tensor.values;
  }
  throw InternalError("no tensor {}", name);
}

/// The last columns of the critic's first weight.
std::vector<float> product_columns(const std::vector<NamedTensor>& tensors) {
  const std::vector<float>& weight = values_of(tensors, "critic.0.weight");
  const std::size_t width = pair_genes + perturbed_genes + 3;
  std::vector<float> columns;
  for (std::size_t end = width; end <= weight.size(); end += width)
    columns.insert(columns.end(), weight.begin() + static_cast<std::ptrdiff_t>(end) - 3,
                   weight.begin() + static_cast<std::ptrdiff_t>(end));
  return columns;
}

TEST(GanPairs, BeginAsTheSum) {
  const PairWorld world;
  PairRun sum(world, of_pairs(strong_gan(), GeneCombination::sum)), learned(world, of_pairs(strong_gan()));
  EXPECT_EQ(generated_mean(sum, {1, 3}), generated_mean(learned, {1, 3}));
  for (const float weight : product_columns(snapshot(*learned.model, false).parameters)) EXPECT_EQ(weight, 0);
}

TEST(GanPairs, EveryWeightMovesAndTheGeneratorsAreAveraged) {
  const PairWorld world = few_cells();
  PairRun run(world, of_pairs(strong_gan()));
  const TensorSnapshot start = snapshot(*run.model, false);
  run.trainer->run({});
  const TensorSnapshot end = snapshot(*run.model, false);
  for (const char* name : {"generator_genes.weight", "generator_pairs.weight", "critic_genes.weight"}) {
    const std::vector<float>&before = values_of(start.parameters, name),
          &after = values_of(end.parameters, name);
    for (std::size_t i = 0; i < before.size(); ++i)
      EXPECT_NE(before[i], after[i]) << name << ", element " << i;
  }
  for (const float weight : product_columns(end.parameters)) EXPECT_NE(weight, 0);
  EXPECT_NE(values_of(end.parameters, "generator_genes.weight"),
            values_of(end.parameters, "critic_genes.weight"));
  for (const char* part : {"genes", "pairs"}) {
    const std::vector<float>& weight = values_of(end.parameters, fmt::format("generator_{}.weight", part));
    const std::vector<float>& first = values_of(start.parameters, fmt::format("generator_{}.weight", part));
    const std::vector<float>& average = values_of(end.buffers, fmt::format("average_{}.weight", part));
    double off = 0, moved = 0;
    for (std::size_t i = 0; i < weight.size(); ++i) {
      off += std::abs(static_cast<double>(weight[i] - average[i]));
      moved += std::abs(static_cast<double>(weight[i] - first[i]));
    }
    EXPECT_GT(off, 0) << part;
    EXPECT_LT(off, moved) << part;
  }
}

/// With everything that has a state, and the course's, within an epoch.
TEST(GanPairs, GoOnWithEqualBits) {
  const PairWorld world = few_cells();
  ModelOptions course = small_model(ModelType::gan);
  course.gan.generator.dropout = course.gan.critic.dropout = {0.2};
  for (const ModelOptions& kind : {strong_gan(), course}) {
    const ModelOptions options = of_pairs(kind);
    PairRun whole(world, options), first(world, options), second(world, options);
    whole.trainer->run({});
    hand_over(first, second, 2);
    EXPECT_TRUE(equal_bits(all_tensors(*whole.model), all_tensors(*second.model)));
  }
}

TEST(GanPairs, DoNotDependOnTheOrderOfGenesAndAreNoneOfOne) {
  const PairWorld world = few_cells();
  PairRun run(world, of_pairs(strong_gan()));
  run.trainer->run({});
  EXPECT_EQ(generated_mean(run, {1, 3}), generated_mean(run, {3, 1}));
  std::vector<double> marked = told_of({2});
  marked[perturbed_genes + 2] = 1;  // a single gene has no pair
  const Matrix<float> plain = run.model->generate(0, 1, 9, csr_of<float>({told_of({2})}));
  const Matrix<float> with_mark = run.model->generate(0, 1, 9, csr_of<float>({marked}));
  for (std::size_t g = 0; g < plain.values.size(); ++g)
    EXPECT_NEAR(plain.values[g], with_mark.values[g], 1e-5);
  EXPECT_THROW(run.model->generate(0, 1, 9, csr_of<float>({{1, 0, 0, 0, 0}})), InternalError)
      << "a row without the genes";
}

/// Mean distance of what is generated under the doubles that were held out from their truth.
double off_by(const PairWorld& world, GeneCombination combine) {
  ModelOptions options = of_pairs(small_model(ModelType::gan), combine);
  GanOptions& gan = options.gan;
  gan.generator.hidden = {};
  gan.critic.hidden = {48, 48};
  options.train.batch = 40;
  make_averaged_wgan(gan);
  options.train.generator = options.train.critic = {.learning_rate = 5e-3, .betas = {0, 0.9}};
  options.train.schedule = {.type = ScheduleType::linear};
  options.train.epochs = 400;
  options.conditioning.rank = 1;  // seven doubles say what one number of each gene is, not what three are
  PairRun run(world, options);
  run.trainer->run({});
  double sum = 0;
  for (const auto& kind : world.kinds) {
    if (PairWorld::held_out(kind)) sum += distance(generated_mean(run, kind), world.truth(kind)) / 3;
  }
  return sum;
}

TEST(GanPairs, FindInteractionsOfDoublesThatWereNeverSeen) {
  const PairWorld world;
  EXPECT_LT(off_by(world, GeneCombination::learned), 0.5 * off_by(world, GeneCombination::sum))
      << "the interactions are about as long as an effect";
}

}  // namespace
}  // namespace sparcell::test

// The GAN that is told conditions: its critic looks at them, its generator learns what they do, and it goes
// on bit for bit under the course's spectral norm and dropout.
#include <gtest/gtest.h>

#include <cmath>

#include "support/temporary.h"
#include "train/conditions_run.h"

namespace sparcell::test {
namespace {

constexpr std::int64_t genes = 10;

/// The columns of the critic's first weight that read conditions.
std::vector<float> critic_conditions(ToldRun& run) {
  Arena<float>& critic = *run.model->groups()[1].parameters;
  const std::vector<float> weight = critic.read(0);
  const std::int64_t width = critic.tensors()[0].cols;
  EXPECT_EQ(width, genes + 4);
  std::vector<float> columns;
  for (std::int64_t r = 0; r < critic.tensors()[0].rows; ++r)
    columns.insert(columns.end(), weight.begin() + r * width + genes, weight.begin() + (r + 1) * width);
  return columns;
}

TEST(ConditionalGan, EveryWeightOfTheCriticThatReadsConditionsMoves) {
  const ModelOptions options = told_model(ModelType::gan, false, 0);
  ToldRun fresh(options, small_cells(40, genes), split_of(40, 12)),
      trained(options, small_cells(40, genes), split_of(40, 12));
  trained.trainer->run({});
  const std::vector<float> before = critic_conditions(fresh), after = critic_conditions(trained);
  for (std::size_t i = 0; i < before.size(); ++i) EXPECT_NE(before[i], after[i]) << i;
}

TEST(ConditionalGan, AveragesTheWeightsOfConditionsToo) {
  ToldRun run(told_model(ModelType::gan, false, 0), small_cells(40, genes), split_of(40, 12));
  run.trainer->run({});
  const TensorSnapshot end = snapshot(*run.model, false);
  const auto values = [](const std::vector<NamedTensor>& tensors, const std::string& name) {
    for (const NamedTensor& tensor : tensors) {
      if (tensor.name == name) return tensor.values;
    }
    throw InternalError("no tensor {}", name);
  };
  const std::vector<float> weight = values(end.parameters, "generator_condition.weight"),
                           average = values(end.buffers, "average_condition.weight");
  double off = 0, size = 0;
  for (std::size_t i = 0; i < weight.size(); ++i) {
    off += std::abs(static_cast<double>(weight[i] - average[i]));
    size += std::abs(static_cast<double>(weight[i]));
  }
  EXPECT_GT(off, 0);
  EXPECT_LT(off, 0.2 * size);
}

/// The course's GAN, stopped within an epoch.
TEST(ConditionalGan, OfTheCourseGoesOnWithEqualBits) {
  ModelOptions options = small_model(ModelType::gan);
  options.condition = {"perturbation"};
  options.gan.generator.dropout = options.gan.critic.dropout = {0.2};
  options.train.epochs = 2;
  const auto run = [&] {
    return std::make_unique<ToldRun>(options, small_cells(40, genes), split_of(40, 12));
  };
  const auto whole = run(), first = run(), second = run();
  const TrainResult expected = whole->trainer->run({});
  const TemporaryFolder folder;
  TrainHooks hooks;
  hooks.interrupted = [&] { return first->trainer->state().step.step >= 1; };
  hooks.save = [&] {
    Checkpoint now;
    now.tensors = snapshot(*first->model, true), now.state = first->trainer->state();
    write_checkpoint(folder / "c.h5", now);
  };
  EXPECT_THROW(first->trainer->run(hooks), Interrupted);
  second->trainer->restore(read_checkpoint(folder / "c.h5"));
  EXPECT_EQ(second->trainer->run({}).last.train, expected.last.train);
  EXPECT_TRUE(equal_bits(all_tensors(*whole->model), all_tensors(*second->model)));
}

/// Cells that are 2, noise, and the sum of their perturbations' effects, whose sizes are 1.
struct LinearWorld {
  static constexpr std::int64_t cells = 600, perturbations = 4;
  std::vector<std::vector<double>> effects, rows, told;

  LinearWorld() {
    std::mt19937 generator(5);
    std::normal_distribution<double> normal;
    for (std::int64_t p = 0; p < perturbations; ++p) {
      std::vector<double> effect;
      double squares = 0;
      for (std::int64_t g = 0; g < genes; ++g) squares += std::pow(effect.emplace_back(normal(generator)), 2);
      for (double& e : effect) e /= std::sqrt(squares);
      effects.push_back(effect);
    }
    for (std::int64_t c = 0; c < cells; ++c) {
      std::vector<double> conditions(perturbations, 0), row;
      if (c % 5 > 0) conditions[c % 5 - 1] = 1;
      for (std::int64_t g = 0; g < genes; ++g)
        row.push_back(2 + 0.2 * normal(generator) + shift(conditions, g));
      rows.push_back(row), told.push_back(conditions);
    }
  }
  double shift(const std::vector<double>& conditions, std::int64_t gene) const {
    double sum = 0;
    for (std::int64_t p = 0; p < perturbations; ++p) sum += conditions[p] * effects[p][gene];
    return sum;
  }
};

/// Mean over generated cells of each gene.
std::vector<double> generated_mean(Trainable<float>& model, const std::vector<double>& conditions) {
  constexpr std::int64_t count = 400;
  const Matrix<float> cells =
      model.generate(0, count, 9, csr_of<float>(std::vector(static_cast<std::size_t>(count), conditions)));
  std::vector<double> mean(static_cast<std::size_t>(genes));
  for (std::int64_t r = 0; r < count; ++r) {
    for (std::int64_t g = 0; g < genes; ++g) mean[g] += static_cast<double>(cells(r, g)) / count;
  }
  return mean;
}

TEST(ConditionalGan, LearnsTheShiftOfEveryPerturbation) {
  const LinearWorld world;
  ModelOptions options = small_model(ModelType::gan);
  options.condition = {"perturbation"};
  GanOptions& gan = options.gan;
  gan.generator.hidden = gan.critic.hidden = {32, 32};
  make_averaged_wgan(gan);
  options.train.generator = options.train.critic = {.learning_rate = 2e-3, .betas = {0, 0.9}};
  options.train.batch = 50;
  options.train.epochs = 120;
  ToldRun run(options, csr_of<float>(world.rows), split_of(LinearWorld::cells, 0), 1,
              csr_of<float>(world.told));
  run.trainer->run({});
  const std::vector<double> control = generated_mean(*run.model, {0, 0, 0, 0});
  for (std::int64_t p = 0; p < LinearWorld::perturbations; ++p) {
    std::vector<double> conditions(LinearWorld::perturbations, 0);
    conditions[p] = 1;
    const std::vector<double> perturbed = generated_mean(*run.model, conditions);
    double off = 0;
    for (std::int64_t g = 0; g < genes; ++g)
      off += std::pow(perturbed[g] - control[g] - world.shift(conditions, g), 2);
    EXPECT_LT(std::sqrt(off), 0.3) << "perturbation " << p << ", whose effect is 1 long";
  }
}

}  // namespace
}  // namespace sparcell::test

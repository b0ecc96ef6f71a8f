// The training loop: order of cells, overfitting, early stopping, best weights, errors, determinism.
#include "train/trainer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <set>

#include "support/temporary.h"
#include "train/batches.h"
#include "train/training_run.h"

namespace sparcell::test {
namespace {

TEST(BatchCount, ALastBatchOfOneCellJoinsTheOneBefore) {
  EXPECT_EQ(batch_count(16, 8), 2);
  EXPECT_EQ(batch_count(17, 8), 2);
  EXPECT_EQ(batch_count(18, 8), 3);
  EXPECT_EQ(batch_count(9, 8), 1);
  EXPECT_EQ(batch_count(8, 8), 1);
  EXPECT_EQ(batch_count(2, 8), 1);
  EXPECT_EQ(batch_count(5, 1), 5);
}

TEST(Shuffled, IsAPermutationKeyedByTheEpoch) {
  std::vector<std::int32_t> cells(1000);
  std::iota(cells.begin(), cells.end(), 500);
  std::set<std::vector<std::int32_t>> orders;
  for (std::uint64_t seed : {1, 2}) {
    for (std::int64_t epoch : {0, 1, 2}) {
      const RandomStream stream(seed, Purpose::shuffle, 0, nullptr, epoch);
      std::vector<std::int32_t> order = shuffled(cells, stream);
      EXPECT_EQ(order, shuffled(cells, stream));
      orders.insert(order);
      double displacement = 0;
      for (std::size_t i = 0; i < order.size(); ++i) displacement += std::abs(order[i] - cells[i]);
      EXPECT_NEAR(displacement / 1000, 1000.0 / 3, 30);  // of a random permutation, with its spread of 7.5
      std::sort(order.begin(), order.end());
      EXPECT_EQ(order, cells);
    }
  }
  EXPECT_EQ(orders.size(), 6u);
}

TEST(Trainer, EveryEpochTakesEveryCellOnce) {
  for (std::int64_t cells : {16, 17, 18}) {
    TrainingRun run(small_model(ModelType::autoencoder), small_cells(cells, 10), split_of(cells, 0));
    const TrainResult result = run.run();
    EXPECT_EQ(result.steps, 3 * batch_count(cells, 8));
    EXPECT_EQ(result.epochs, 3);
    EXPECT_EQ(result.best_epoch, 2);
    EXPECT_TRUE(result.last.validation.empty());
  }
}

/// The training loss is a mean over cells: with a rate too small to move anything, it is the evaluation's.
TEST(Trainer, TrainingAndValidationLossAreMeansOverCells) {
  ModelOptions options = small_model(ModelType::autoencoder);
  options.network.normalization = NormalizationLayer::none;
  options.train.optimizer.learning_rate = 1e-30;
  const Csr<float> x = small_cells(19, 10);
  TrainingRun run(options, x, split_of(19, 0));
  const TrainResult result = run.run();
  const Buffer<std::int32_t> rows(run.context, run.split.train);
  const Matrix<float> decoded = run.model->decode(run.model->encode(run.data, {rows.data(), nullptr, 0, 19}));
  const Matrix<double> cells = dense(x);
  double squares = 0;
  for (std::size_t i = 0; i < cells.values.size(); ++i)
    squares += std::pow(cells.values[i] - static_cast<double>(decoded.values[i]), 2);
  const double expected = squares / static_cast<double>(cells.values.size());
  EXPECT_NEAR(part(result.last.train, "loss"), expected, 1e-6 * expected);
  EXPECT_NEAR(part(run.trainer->evaluate_cells(run.split.train, 2), "loss"), expected, 1e-6 * expected);
}

double mean_square(const Csr<float>& x) {
  double squares = 0;
  for (float value : x.values) squares += static_cast<double>(value) * static_cast<double>(value);
  return squares / static_cast<double>(x.rows * x.cols);
}

TEST(Overfitting, AnAutoencoderLearnsAFewCellsByHeart) {
  ModelOptions options = small_model(ModelType::autoencoder);
  options.train.epochs = 400;
  options.train.optimizer.learning_rate = 1e-2;
  const Csr<float> x = small_cells(8, 10);
  TrainingRun run(options, x, split_of(8, 0));
  EXPECT_LT(part(run.run().last.train, "loss"), 1e-3 * mean_square(x));
}

TEST(Overfitting, AVaeLearnsAFewCellsByHeart) {
  ModelOptions options = small_model(ModelType::vae);
  options.train.epochs = 800;
  options.train.optimizer.learning_rate = 1e-2;
  options.kl.weight = 1e-4;
  const Csr<float> x = small_cells(8, 10);
  TrainingRun run(options, x, split_of(8, 0));
  const TrainResult result = run.run();
  EXPECT_LT(part(result.last.train, "reconstruction"), 1e-2 * mean_square(x));
  EXPECT_NEAR(part(result.last.train, "kl_weight"), 1e-4, 1e-9);
}

TEST(Overfitting, AHeavyKlTermMakesTheVaesPosteriorThePrior) {
  ModelOptions options = small_model(ModelType::vae);
  options.train.epochs = 300;
  options.train.optimizer.learning_rate = 1e-2;
  options.kl = {.weight = 100, .warmup = 0};
  TrainingRun run(options, small_cells(8, 10), split_of(8, 0));
  EXPECT_LT(part(run.run().last.train, "kl"), 1e-3);
}

TEST(Overfitting, ACriticTellsCellsFromAGeneratorThatDoesNotMove) {
  ModelOptions options = small_model(ModelType::gan);
  options.train.epochs = 150;
  options.train.generator.learning_rate = 1e-30;
  options.train.critic.learning_rate = 5e-3;
  options.gan.spectral_norm = false;
  options.gan.label_smoothing = 0;
  options.gan.gradient_penalty.weight = 0;
  TrainingRun run(options, small_cells(8, 10), split_of(8, 0));
  const TrainResult result = run.run();
  EXPECT_GT(part(result.last.train, "real_score"), 3);
  EXPECT_LT(part(result.last.train, "generated_score"), -3);
  EXPECT_LT(part(result.last.train, "discriminator"), 0.05);
}

TEST(Overfitting, AGeneratorFindsTheOnlyCell) {
  ModelOptions options = small_model(ModelType::gan);
  options.train.epochs = 400;
  options.train.generator.learning_rate = 1e-3;
  options.train.critic.learning_rate = 1e-3;
  options.gan.loss = GanLoss::wgan;
  options.gan.spectral_norm = false;
  options.gan.gradient_penalty = {.weight = 1, .target = 1, .on = PenaltyOn::logit};
  options.gan.sparsity.weight = 0;
  const std::vector<double> cell{1, 0, 2, 0, 0.5, 3};
  TrainingRun run(options, csr_of<float>(std::vector<std::vector<double>>(8, cell)), split_of(8, 0));
  const auto distance = [&] {
    Matrix<float> z(64, options.latent);
    z.values = draw_normals<float>(RandomStream(3, Purpose::generate), 0, 64 * options.latent);
    const Matrix<float> generated = run.model->decode(z);
    double squares = 0;
    for (std::int64_t r = 0; r < 64; ++r) {
      for (std::int64_t g = 0; g < 6; ++g)
        squares += std::pow(static_cast<double>(generated(r, g)) - cell[static_cast<std::size_t>(g)], 2);
    }
    return std::sqrt(squares / 64);
  };
  const double before = distance();
  run.run();
  EXPECT_LT(distance(), 0.15 * before);
}

/// With min_delta this large no epoch improves on the first one that counts.
ModelOptions never_better(ModelType type) {
  ModelOptions options = small_model(type);
  options.train.epochs = 20;
  options.train.early_stopping = {.patience = 2, .min_delta = 1e6};
  return options;
}

TEST(EarlyStopping, StopsAfterPatienceEpochsWithoutImprovement) {
  TrainingRun run(never_better(ModelType::autoencoder), small_cells(24, 10), split_of(24, 8));
  const TrainResult result = run.run();
  EXPECT_EQ(result.epochs, 3);
  EXPECT_EQ(result.steps, 6);
}

TEST(EarlyStopping, WaitsForTheEndOfTheKlWarmup) {
  for (WarmupUnit unit : {WarmupUnit::epoch, WarmupUnit::step}) {
    ModelOptions options = never_better(ModelType::vae);
    options.kl = {.weight = 0.1, .warmup = 0.5, .warmup_unit = unit};
    TrainingRun run(options, small_cells(24, 10), split_of(24, 8));
    EXPECT_EQ(run.run().epochs, 13);  // full weight from epoch 10 on, then two without improvement
    EXPECT_GE(run.trainer->best()->epoch, 10);
  }
}

TEST(EarlyStopping, ZeroPatienceNeverStops) {
  ModelOptions options = never_better(ModelType::autoencoder);
  options.train.early_stopping.patience = 0;
  TrainingRun run(options, small_cells(24, 10), split_of(24, 8));
  EXPECT_EQ(run.run().epochs, 20);
}

TEST(BestWeights, AreThoseOfTheLowestValidationLoss) {
  ModelOptions options = small_model(ModelType::autoencoder);
  options.train.epochs = 60;
  options.train.optimizer.learning_rate = 2e-2;
  TrainingRun run(options, small_cells(24, 10), split_of(24, 8));
  std::vector<double> losses;
  const TrainResult result = run.run(
      on_epoch([&](const EpochRecord& record) { losses.push_back(part(record.validation, "loss")); }));
  const auto lowest = std::min_element(losses.begin(), losses.end());
  EXPECT_EQ(result.best_epoch, lowest - losses.begin());
  EXPECT_LT(result.best_epoch, 59) << "the model should overfit";
  EXPECT_EQ(run.trainer->best()->epoch, result.best_epoch);
  restore(*run.model, *run.trainer->best());
  EXPECT_EQ(part(run.trainer->evaluate_cells(run.split.validation, 1), "loss"), *lowest);
}

TEST(BestWeights, OfAVaeComeFromEpochsAtFullKlWeight) {
  ModelOptions options = small_model(ModelType::vae);
  options.train.epochs = 20;
  options.kl = {.weight = 1, .warmup = 0.5, .warmup_unit = WarmupUnit::epoch};
  TrainingRun run(options, small_cells(24, 10), split_of(24, 8));
  std::vector<double> losses;
  const TrainResult result = run.run(
      on_epoch([&](const EpochRecord& record) { losses.push_back(part(record.validation, "loss")); }));
  EXPECT_EQ(result.best_epoch, std::min_element(losses.begin() + 10, losses.end()) - losses.begin());
}

TEST(Schedules, PlateauCutsTheRateOfTheNextEpoch) {
  ModelOptions options = small_model(ModelType::autoencoder);
  options.train.epochs = 7;
  options.train.optimizer.learning_rate = 1e-3;
  options.train.schedule = {.type = ScheduleType::plateau, .factor = 0.1, .patience = 1, .threshold = 0.999};
  TrainingRun run(options, small_cells(24, 10), split_of(24, 8));
  std::vector<double> rates;
  run.run(on_epoch([&](const EpochRecord& record) { rates.push_back(part(record.train, "learning_rate")); }));
  // No loss falls to a thousandth of the first one: every second epoch after it cuts.
  const double expected[] = {1e-3, 1e-3, 1e-3, 1e-4, 1e-4, 1e-5, 1e-5};
  for (std::size_t epoch = 0; epoch < 7; ++epoch) EXPECT_NEAR(rates[epoch], expected[epoch], 1e-9) << epoch;
}

TEST(Schedules, CosineEndsAtItsLeastRate) {
  ModelOptions options = small_model(ModelType::autoencoder);
  options.train.epochs = 100;
  options.train.schedule = {.type = ScheduleType::cosine, .min_learning_rate = 1e-5, .warmup_steps = 10};
  TrainingRun run(options, small_cells(16, 10), split_of(16, 0));
  const double rate = part(run.run().last.train, "learning_rate");
  const double expected = 1e-5 + (1e-3 - 1e-5) * (1 + std::cos(M_PI * 189.0 / 190.0)) / 2;
  EXPECT_NEAR(rate, expected, 1e-6 * expected);
}

/// A CPU looks for a stop after every step; on a GPU a run of steps ends first.
TEST(Interruption, SavesAndThrows) {
  constexpr std::int64_t batches = 3, asked_at = 4;  // after the first epoch and a step
  TrainingRun run(small_model(ModelType::autoencoder), small_cells(24, 10), split_of(24, 0));
  int saved = 0;
  CheckpointState state;
  TrainHooks hooks;
  hooks.interrupted = [&] { return run.trainer->state().step.step >= asked_at; };
  hooks.save = [&] {
    ++saved;
    state = run.trainer->state();
  };
  const std::string sentence = error_of([&] { run.run(hooks); }, ExitCode::interrupted);
  EXPECT_EQ(saved, 1);
  EXPECT_GE(state.step.step, asked_at);
  EXPECT_LE(state.step.step, 2 * batches) << "at the end of the epoch at the latest";
  if (!run.context.device().is_cuda()) {
    EXPECT_EQ(state.step.step, asked_at);
  }
  EXPECT_EQ(state.epoch, state.step.step / batches);
  EXPECT_EQ(state.step.batch, state.step.step % batches);
  EXPECT_EQ(sentence,
            fmt::format("stopped by a signal in epoch {} of 3; the state is saved", state.epoch + 1));
}

TEST(Saving, HappensEverySoManyEpochsAndAtTheEnd) {
  ModelOptions options = small_model(ModelType::autoencoder);
  options.train.epochs = 7;
  options.train.checkpoint.every = {.epochs = 3, .minutes = 0};
  TrainingRun run(options, small_cells(24, 10), split_of(24, 0));
  std::vector<std::int64_t> epochs;
  TrainHooks hooks;
  hooks.save = [&] { epochs.push_back(run.trainer->state().epoch); };
  run.run(hooks);
  EXPECT_EQ(epochs, (std::vector<std::int64_t>{3, 6, 7}));
}

TEST(TrainingErrors, ALossThatIsNotFiniteIsANumericalError) {
  for (ModelType type : {ModelType::autoencoder, ModelType::vae, ModelType::gan}) {
    ModelOptions options = small_model(type);
    options.network.normalization = NormalizationLayer::none;
    options.gan.spectral_norm = false;
    for (OptimizerOptions* optimizer :
         {&options.train.optimizer, &options.train.generator, &options.train.critic})
      optimizer->learning_rate = 1e30;
    TrainingRun run(options, small_cells(24, 10), split_of(24, 8));
    const std::string sentence = error_of([&] { run.run(); }, ExitCode::numerical);
    EXPECT_TRUE(sentence.starts_with("epoch 1: the training ")) << sentence;
    EXPECT_NE(sentence.find("a lower learning rate or train.clip_norm may help"), std::string::npos)
        << sentence;
  }
}

TEST(TrainingErrors, OneCellIsNoTrainingSet) {
  EXPECT_EQ(
      error_of([] { TrainingRun(small_model(ModelType::autoencoder), small_cells(4, 10), split_of(4, 3)); }),
      "1 training cell: training needs at least 2");
}

TEST(Evaluation, ChangesNoTensor) {
  for (ModelType type : {ModelType::autoencoder, ModelType::vae, ModelType::gan}) {
    ModelOptions options = small_model(type);
    options.network.dropout = options.gan.generator.dropout = {0.3};
    TrainingRun run(options, small_cells(24, 10), split_of(24, 8));
    run.run();
    const auto before = all_tensors(*run.model);
    const Buffer<std::int32_t> rows(run.context, run.split.validation);
    const BatchRows validation{rows.data(), nullptr, 0, 8};
    run.trainer->evaluate_cells(run.split.validation, 2);
    const Matrix<float> z(5, options.latent, 0.5f);
    EXPECT_EQ(run.model->decode(z).values, run.model->decode(z).values);
    if (type == ModelType::gan) {
      EXPECT_THROW(run.model->encode(run.data, validation), UsageError);
    } else {
      EXPECT_EQ(run.model->encode(run.data, validation).values,
                run.model->encode(run.data, validation).values);
    }
    EXPECT_TRUE(equal_bits(before, all_tensors(*run.model)));
  }
}

class Determinism : public ::testing::TestWithParam<ModelType> {
 protected:
  static std::vector<NamedTensor> trained(std::uint64_t seed, int threads, std::int64_t epochs) {
    ModelOptions options = small_model(GetParam());
    options.network.dropout = options.gan.generator.dropout = options.gan.critic.dropout = {0.2};
    options.train.epochs = epochs;
    options.train.batch = 64;
    TrainingRun run(options, small_cells(64, 300), split_of(64, 0), seed, threads);
    run.run();
    return all_tensors(*run.model);
  }
};

TEST_P(Determinism, EqualSeedsGiveEqualBitsAndOthersDoNot) {
  for (int threads : {1, 2}) {
    const auto first = trained(1, threads, 3);
    EXPECT_TRUE(equal_bits(first, trained(1, threads, 3)));
    EXPECT_FALSE(equal_bits(first, trained(2, threads, 3)));
  }
}

/// Whether batch normalization follows on the bias: its gradient is 0 but for rounding, which Adam makes as
/// large as any other.
template <class Tensors>
bool is_cancelled(const std::string& name, const Tensors& tensors) {
  const std::size_t end = name.rfind('.'), begin = name.rfind('.', end - 1) + 1;
  if (end == name.npos || begin == 0 || name.substr(end) != ".bias") return false;
  const std::string next =
      fmt::format("{}{}.running_mean", name.substr(0, begin), std::stoi(name.substr(begin, end - begin)) + 1);
  return std::any_of(tensors.begin(), tensors.end(), [&](const auto& tensor) { return tensor.name == next; });
}

TEST_P(Determinism, ThreadsChangeOnlyRounding) {
  const auto one = trained(1, 1, 1), two = trained(1, 2, 1);
  for (std::size_t i = 0; i < one.size(); ++i) {
    if (is_cancelled(one[i].name, one)) continue;
    double squares = 0, difference = 0;
    for (std::size_t k = 0; k < one[i].values.size(); ++k) {
      const double a = static_cast<double>(one[i].values[k]), b = static_cast<double>(two[i].values[k]);
      squares += a * a;
      difference += (a - b) * (a - b);
    }
    EXPECT_LE(std::sqrt(difference), 1e-3 * std::sqrt(squares) + 1e-8) << one[i].name;
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Determinism,
                         ::testing::Values(ModelType::autoencoder, ModelType::vae, ModelType::gan),
                         [](const auto& info) {
                           return std::string(Names<ModelType>::values[static_cast<int>(info.param)]);
                         });

}  // namespace
}  // namespace sparcell::test

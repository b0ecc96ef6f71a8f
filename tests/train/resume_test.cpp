// Training that goes on from a checkpoint gives the bits of training that was never stopped.
#include <gtest/gtest.h>

#include "support/temporary.h"
#include "train/checkpoint_writer.h"
#include "train/training_run.h"

namespace sparcell::test {
namespace {

/// With everything that has a state of its own: dropout, plateau schedule, best weights.
ModelOptions stateful_model(ModelType type) {
  ModelOptions options = small_model(type);
  options.network.dropout = options.gan.generator.dropout = options.gan.critic.dropout = {0.2};
  options.train.epochs = 8;
  options.train.clip_norm = 1;
  options.train.optimizer.learning_rate = 1e-2;
  if (type != ModelType::gan)
    options.train.schedule = {.type = ScheduleType::plateau, .factor = 0.5, .patience = 1, .threshold = 0.05};
  return options;
}

struct Stateful : TrainingRun {
  explicit Stateful(ModelType type)
      : TrainingRun(stateful_model(type), small_cells(40, 10), split_of(40, 12)) {}
};

/// Everything that later training depends on.
void expect_equal(Stateful& a, Stateful& b) {
  EXPECT_TRUE(equal_bits(all_tensors(*a.model), all_tensors(*b.model)));
  const TensorSnapshot moved = snapshot(*a.model, true);
  const CheckpointState x = a.trainer->state(), y = b.trainer->state();
  EXPECT_EQ(x.epoch, y.epoch);
  EXPECT_EQ(x.step.step, y.step.step);
  EXPECT_EQ(x.step.update, y.step.update);
  EXPECT_EQ(x.step.base_learning_rate, y.step.base_learning_rate);
  EXPECT_EQ(x.plateau_best, y.plateau_best);
  EXPECT_EQ(x.plateau_bad_epochs, y.plateau_bad_epochs);
  EXPECT_EQ(x.best.value, y.best.value);
  EXPECT_EQ(x.best.epoch, y.best.epoch);
  EXPECT_EQ(x.best.epochs_since, y.best.epochs_since);
  EXPECT_EQ(x.last.train, y.last.train);
  EXPECT_EQ(x.last.validation, y.last.validation);
  ASSERT_EQ(a.trainer->best() != nullptr, b.trainer->best() != nullptr);
  if (a.trainer->best()) {
    EXPECT_EQ(a.trainer->best()->epoch, b.trainer->best()->epoch);
    restore(*a.model, *a.trainer->best());
    restore(*b.model, *b.trainer->best());
    EXPECT_TRUE(equal_bits(all_tensors(*a.model), all_tensors(*b.model)));
    restore(*a.model, moved);
  }
}

class GoingOn : public ::testing::TestWithParam<ModelType> {};

/// Trains until the look number `stop` for a signal, from the checkpoint in `file` where `go_on`; leaves one
/// there. False where training ended before.
bool stopped_at_look(int stop, ModelType type, const std::string& file, bool go_on) {
  Stateful run(type);
  if (go_on) run.trainer->restore(read_checkpoint(file));
  int looks = 0;
  TrainHooks hooks;
  hooks.interrupted = [&] { return ++looks == stop; };
  hooks.save = [&] {
    write_checkpoint(file, {{}, snapshot(*run.model, true), run.trainer->state(), run.trainer->best()});
  };
  try {
    run.run(hooks);
    return false;
  } catch (const Interrupted&) {
    return true;
  }
}

/// The end of a training that goes on from the checkpoint in `file`, beside the end of one that was never
/// stopped.
void expect_equal_ends(Stateful& whole, const TrainResult& expected, ModelType type,
                       const std::string& file) {
  Stateful second(type);
  second.trainer->restore(read_checkpoint(file));
  const TrainResult result = second.run();
  expect_equal(whole, second);
  EXPECT_EQ(result.best_epoch, expected.best_epoch);
  EXPECT_EQ(result.last.diagnostics, expected.last.diagnostics);
}

/// A CPU looks after each of an epoch's four steps; on a GPU a run of steps ends first, so that it has fewer
/// moments, of which every fifth is tried here (each costs two trainings) and every one below.
TEST_P(GoingOn, AfterAStopAtAnyMomentGivesEqualBits) {
  Stateful whole(GetParam());
  const TrainResult expected = whole.run();
  const TemporaryFolder folder;
  const std::string file = folder / "last.h5";
  const int apart = whole.context.device().is_cuda() ? 5 : 1;
  int stop = 1;
  for (; stopped_at_look(stop, GetParam(), file, false) && !HasFailure(); stop += apart) {
    SCOPED_TRACE(stop);
    expect_equal_ends(whole, expected, GetParam(), file);
  }
  constexpr int epochs = 8, batches = 4;
  EXPECT_GE(stop, epochs);
  if (!whole.context.device().is_cuda()) {
    EXPECT_EQ(stop, epochs * batches);
  }
}

/// Every device looks after the first step that it takes.
TEST_P(GoingOn, AfterAStopAfterEveryStepGivesEqualBits) {
  Stateful whole(GetParam());
  const TrainResult expected = whole.run();
  const TemporaryFolder folder;
  const std::string file = folder / "last.h5";
  constexpr std::int64_t steps = 8 * 4;
  std::int64_t taken = 1;
  for (bool go_on = false; stopped_at_look(1, GetParam(), file, go_on); go_on = true) {
    ASSERT_EQ(read_checkpoint(file).state.step.step, taken);
    ++taken;
  }
  EXPECT_EQ(taken, steps) << "the last step ends training, which nothing interrupts";
  expect_equal_ends(whole, expected, GetParam(), file);
}

TEST_P(GoingOn, FromTheEndTakesNoStep) {
  Stateful whole(GetParam());
  whole.run();
  Stateful again(GetParam());
  again.trainer->restore({{}, snapshot(*whole.model, true), whole.trainer->state(), whole.trainer->best()});
  EXPECT_TRUE(again.trainer->finished());
  int epochs = 0;
  const TrainResult result = again.run(on_epoch([&](const EpochRecord&) { ++epochs; }));
  EXPECT_EQ(epochs, 0);
  EXPECT_EQ(result.epochs, 8);
  expect_equal(whole, again);
}

INSTANTIATE_TEST_SUITE_P(Models, GoingOn,
                         ::testing::Values(ModelType::autoencoder, ModelType::vae, ModelType::gan),
                         [](const auto& info) {
                           return std::string(Names<ModelType>::values[static_cast<int>(info.param)]);
                         });

TEST(EarlyStopping, EndsTrainingForEver) {
  ModelOptions options = small_model(ModelType::autoencoder);
  options.train.epochs = 20;
  options.train.early_stopping = {.patience = 2, .min_delta = 1e6};
  TrainingRun first(options, small_cells(24, 10), split_of(24, 8));
  EXPECT_EQ(first.run().epochs, 3);
  TrainingRun second(options, small_cells(24, 10), split_of(24, 8));
  second.trainer->restore({{}, snapshot(*first.model, true), first.trainer->state(), first.trainer->best()});
  EXPECT_EQ(second.run().epochs, 3);
}

class Writing : public ::testing::Test {
 protected:
  TemporaryFolder folder;
  const CheckpointFiles files{folder / "last.h5", folder / "previous.h5", folder / "best.h5"};
};

TEST_F(Writing, BehindTrainingGivesTheSameFile) {
  for (ModelType type : {ModelType::autoencoder, ModelType::vae, ModelType::gan}) {
    Stateful run(type);
    run.run();
    const Checkpoint now{{}, snapshot(*run.model, true), run.trainer->state(), run.trainer->best()};
    write_checkpoint(folder / "now.h5", now);
    CheckpointWriter writer(*run.model, {}, files, [](auto&&...) {});
    writer.save(run.trainer->state(), run.trainer->best(), run.trainer->best_state());
    run.model->initialize();  // what training does meanwhile is in no checkpoint
    writer.wait();
    EXPECT_EQ(file_bytes(files.last), file_bytes(folder / "now.h5"));
    EXPECT_EQ(std::filesystem::remove(files.best), type != ModelType::gan);
  }
}

TEST_F(Writing, CurvesAreOnTheDiskBeforeTheCheckpoint) {
  Stateful run(ModelType::gan);
  bool before = false;
  CheckpointWriter writer(*run.model, {}, files,
                          [&](auto&&...) { before = !std::filesystem::exists(files.last); });
  writer.save(run.trainer->state(), nullptr, {});
  writer.wait();
  EXPECT_TRUE(before);
}

TEST_F(Writing, AFailureIsSaidWhenTheNextOneIsAskedFor) {
  Stateful run(ModelType::gan);
  CheckpointWriter writer(*run.model, {}, {folder / "no/last.h5", "", ""}, [](auto&&...) {});
  writer.save(run.trainer->state(), nullptr, {});
  EXPECT_THROW(writer.save(run.trainer->state(), nullptr, {}), WriteError);
  EXPECT_FALSE(writer.written());
}

TEST_F(Writing, AStateThatIsNotFiniteLeavesTheCheckpointBefore) {
  Stateful run(ModelType::autoencoder);
  CheckpointWriter writer(*run.model, {}, files, [](auto&&...) {});
  writer.save(run.trainer->state(), nullptr, {});
  writer.wait();
  const std::string good = file_bytes(files.last);
  Arena<float>& parameters = *run.model->groups().front().parameters;
  std::vector<float> values = parameters.read(0);
  values.back() = std::numeric_limits<float>::infinity();
  parameters.write(0, values);
  writer.save(run.trainer->state(), nullptr, {});
  const std::string sentence = error_of([&] { writer.wait(); }, ExitCode::numerical);
  EXPECT_EQ(
      sentence,
      "after step 0 the parameter encoder.0.weight has values that are not finite; this state is not saved");
  EXPECT_EQ(file_bytes(files.last), good);
}

}  // namespace
}  // namespace sparcell::test

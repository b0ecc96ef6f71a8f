// Checkpoints: what comes back is what was there, under PyTorch's names; what is no checkpoint is refused.
#include "train/checkpoint.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "hdf5/file.h"
#include "support/temporary.h"
#include "train/training_run.h"

namespace sparcell::test {
namespace {

constexpr ModelType types[] = {ModelType::autoencoder, ModelType::vae, ModelType::gan};

const CheckpointIdentity identity{
    .config_hash = "0f1e", .lineage = "11ea", .model = "small", .type = "vae", .seed = 5};

/// A trained model, and one of other weights.
struct TwoRuns {
  explicit TwoRuns(ModelType type)
      : trained(small_model(type), small_cells(24, 10), split_of(24, 8), 1),
        other(small_model(type), small_cells(24, 10), split_of(24, 8), 2) {
    trained.run();
  }
  TrainingRun trained, other;
};

class Checkpoints : public ::testing::Test {
 protected:
  std::string write(TrainingRun& run, bool with_moments = true) {
    write_checkpoint(
        path, {identity, snapshot(*run.model, with_moments), run.trainer->state(), run.trainer->best()});
    return path;
  }
  TemporaryFolder folder;
  std::string path = folder / "last.h5";
};

TEST_F(Checkpoints, RestoreEqualBits) {
  for (ModelType type : types) {
    TwoRuns runs(type);
    restore(*runs.other.model, read_checkpoint(write(runs.trained)).tensors);
    EXPECT_TRUE(equal_bits(all_tensors(*runs.trained.model), all_tensors(*runs.other.model)));
  }
}

TEST_F(Checkpoints, WithoutMomentsLeaveThoseOfTheModel) {
  TwoRuns runs(ModelType::vae);
  const TensorSnapshot before = snapshot(*runs.other.model, true);
  const TensorSnapshot read = read_checkpoint(write(runs.trained, false)).tensors;
  EXPECT_TRUE(read.first_moments.empty());
  restore(*runs.other.model, read);
  const TensorSnapshot after = snapshot(*runs.other.model, true);
  EXPECT_TRUE(equal_bits(after.parameters, snapshot(*runs.trained.model, false).parameters));
  EXPECT_TRUE(equal_bits(after.first_moments, before.first_moments));
}

TEST_F(Checkpoints, HoldTheStateOfTheLoop) {
  TrainingRun run(small_model(ModelType::vae), small_cells(24, 10), split_of(24, 8));
  run.run();
  const CheckpointState state = run.trainer->state();
  const hdf5::File file = hdf5::File::open(write(run));
  EXPECT_EQ(file.text("config_hash"), "0f1e");
  EXPECT_EQ(file.text("model"), "small");
  EXPECT_EQ(file.text("type"), "vae");
  EXPECT_EQ(file.integer("seed"), 5);
  EXPECT_EQ(file.integer("epoch"), state.epoch);
  EXPECT_EQ(file.integer("step"), 6);
  EXPECT_EQ(file.integer("batch"), 0) << "the next epoch's first";
  EXPECT_EQ(file.number("learning_rate"), run.options.train.optimizer.learning_rate);
  EXPECT_EQ(file.number("best_value"), state.best.value);
  EXPECT_EQ(file.integer("best_epoch"), state.best.epoch);
  EXPECT_EQ(file.dataset("losses").shape(), std::vector<std::int64_t>{loss_parts});
}

TEST_F(Checkpoints, AllOfTheStateComesBack) {
  for (ModelType type : types) {
    // Stopped within the second epoch, so that it has partial sums: every device looks for a stop at the end
    // of an epoch, and after the first step that it takes.
    TrainingRun first(small_model(type), small_cells(24, 10), split_of(24, 8)),
        run(small_model(type), small_cells(24, 10), split_of(24, 8));
    TrainHooks hooks;
    hooks.interrupted = [&] { return first.trainer->state().epoch == 1; };
    EXPECT_THROW(first.run(hooks), Interrupted);
    run.trainer->restore(
        {identity, snapshot(*first.model, true), first.trainer->state(), first.trainer->best()});
    hooks.interrupted = [] { return true; };
    EXPECT_THROW(run.run(hooks), Interrupted);
    const CheckpointState state = run.trainer->state();
    const Checkpoint read = read_checkpoint(write(run));
    EXPECT_EQ(read.identity.lineage, "11ea");
    EXPECT_EQ(read.state.epoch, 1);
    EXPECT_EQ(read.state.step.step, 3);
    EXPECT_EQ(read.state.step.batch, 1);
    EXPECT_EQ(read.state.step.update, state.step.update);
    EXPECT_EQ(read.state.step.kl_progress, state.step.kl_progress);
    EXPECT_TRUE(
        std::equal(std::begin(state.step.losses), std::end(state.step.losses), read.state.step.losses));
    EXPECT_EQ(read.state.last.train, state.last.train);
    EXPECT_EQ(read.state.last.validation, state.last.validation);
    EXPECT_EQ(read.state.last.diagnostics, state.last.diagnostics);
    EXPECT_EQ(read.state.last.step, 2);
    EXPECT_EQ(read.best != nullptr, run.trainer->best() != nullptr);
    if (read.best) {
      restore(*run.model, *run.trainer->best());
      const auto best = snapshot(*run.model, false).parameters;
      restore(*run.model, *read.best);
      EXPECT_TRUE(equal_bits(best, snapshot(*run.model, false).parameters));
    }
  }
}

TEST_F(Checkpoints, EveryDamagedByteOfANumberIsSeen) {
  TrainingRun run(small_model(ModelType::vae), small_cells(24, 10), split_of(24, 8));
  run.run();
  const std::string whole = file_bytes(write(run));
  const TensorSnapshot tensors = snapshot(*run.model, true);
  for (const auto* part :
       {&tensors.parameters, &tensors.buffers, &tensors.first_moments, &tensors.second_moments}) {
    for (const NamedTensor& tensor : *part) {
      // On a GPU biases before a normalization have moments of zero, as the file's unused parts have.
      if (std::all_of(tensor.values.begin(), tensor.values.end(), [](float value) { return value == 0; }))
        continue;
      const std::string bytes(reinterpret_cast<const char*>(tensor.values.data()),
                              tensor.values.size() * sizeof(float));
      const std::size_t at = whole.find(bytes);
      ASSERT_NE(at, std::string::npos) << tensor.name;
      std::string damaged = whole;
      damaged[at + bytes.size() / 2] ^= 0x10;
      write_bytes(path, damaged);
      EXPECT_EQ(error_of([&] { read_checkpoint(path); }),
                path + " is damaged: its content does not have its checksum")
          << tensor.name;
    }
  }
}

TEST_F(Checkpoints, TheOneBeforeIsKept) {
  TwoRuns runs(ModelType::autoencoder);
  const std::string first = file_bytes(write(runs.trained));
  const Checkpoint second{identity, snapshot(*runs.other.model, true), runs.other.trainer->state(), nullptr};
  write_checkpoint(path, second, folder / "previous.h5");
  EXPECT_EQ(file_bytes(folder / "previous.h5"), first);
  EXPECT_NE(file_bytes(path), first);
}

TEST_F(Checkpoints, WhatWasReadIsWrittenAsItWas) {
  for (ModelType type : types) {
    TrainingRun run(small_model(type), small_cells(24, 10), split_of(24, 8));
    run.run();
    const std::string first = file_bytes(write(run));
    write_checkpoint(path, read_checkpoint(path));
    EXPECT_EQ(file_bytes(path), first);
  }
}

TEST_F(Checkpoints, EqualStatesGiveEqualFiles) {
  TrainingRun run(small_model(ModelType::gan), small_cells(24, 10), split_of(24, 8));
  run.run();
  const std::string first = file_bytes(write(run));
  EXPECT_EQ(file_bytes(write(run)), first);
}

/// Names and shapes are those of the state_dicts in tests/golden/training_<case>.h5
/// (tools/golden/training.py).
TEST_F(Checkpoints, NamesAndShapesArePyTorchs) {
  const std::pair<const char*, ModelType> cases[] = {
      {"ae", ModelType::autoencoder}, {"vae", ModelType::vae}, {"gan", ModelType::gan}};
  for (const auto& [name, type] : cases) {
    SCOPED_TRACE(name);
    const hdf5::File golden = hdf5::File::open(fmt::format("tests/golden/training_{}.h5", name));
    ModelOptions options = small_model(type);
    options.latent = golden.integer("latent");
    if (type == ModelType::gan) {
      options.gan.generator.hidden = golden.integers("generator.hidden");
      options.gan.critic.hidden = golden.integers("critic.hidden");
    } else {
      options.network.hidden = golden.integers("hidden");
    }
    TrainingRun run(options, small_cells(24, golden.dataset("data/shape").read<std::int64_t>()[1]),
                    split_of(24, 8));
    std::map<std::string, std::vector<std::int64_t>> ours, theirs;
    const TensorSnapshot tensors = snapshot(*run.model, false);
    for (const auto* part : {&tensors.parameters, &tensors.buffers}) {
      for (const NamedTensor& tensor : *part) ours[tensor.name] = tensor.shape;
    }
    for (const std::string& tensor : golden.group("initial").children()) {
      if (!tensor.ends_with("num_batches_tracked"))
        theirs[tensor] = golden.dataset("initial/" + tensor).shape();
    }
    EXPECT_EQ(ours, theirs);
  }
}

TEST_F(Checkpoints, ForeignFilesAreRefused) {
  const auto read_error = [](const std::string& file) { return error_of([&] { read_checkpoint(file); }); };
  EXPECT_EQ(read_error("tests/golden/penalty.h5"),
            "tests/golden/penalty.h5 is no checkpoint of sparcell: it has no schema and parameters");
  write_bytes(path, "no HDF5 at all");
  EXPECT_NE(read_error(path).find(path), std::string::npos);
  EXPECT_NE(read_error(folder / "missing.h5").find("missing.h5"), std::string::npos);
  {
    hdf5::NewFile file(path);
    file.set("schema", std::int64_t{99});
    file.create_group("parameters");
    file.commit();
  }
  EXPECT_EQ(read_error(path), path + " is a checkpoint of schema 99, this version reads schema 2");
}

TEST_F(Checkpoints, TruncatedFilesAreRefused) {
  TrainingRun run(small_model(ModelType::autoencoder), small_cells(24, 10), split_of(24, 8));
  const std::string whole = file_bytes(write(run));
  for (std::size_t bytes : {whole.size() / 10, whole.size() / 2, whole.size() - 1}) {
    write_bytes(path, whole.substr(0, bytes));
    EXPECT_NE(error_of([&] { read_checkpoint(path); }).find("last.h5"), std::string::npos) << bytes;
  }
}

TEST_F(Checkpoints, OfAnotherModelAreRefusedByTensor) {
  TrainingRun run(small_model(ModelType::autoencoder), small_cells(24, 10), split_of(24, 8));
  TensorSnapshot tensors = snapshot(*run.model, true);
  EXPECT_EQ(tensors.parameters.front().name, "encoder.0.weight");

  TensorSnapshot missing = tensors;
  missing.parameters.erase(missing.parameters.begin());
  EXPECT_EQ(error_of([&] { restore(*run.model, missing); }), "the checkpoint has no tensor encoder.0.weight");

  TensorSnapshot wider = tensors;
  wider.parameters.front().shape = {24, 11};
  wider.parameters.front().values.resize(24 * 11);
  EXPECT_EQ(error_of([&] { restore(*run.model, wider); }),
            "the checkpoint's tensor encoder.0.weight is 24 x 11, the model's 24 x 10");

  TensorSnapshot turned = tensors;
  turned.first_moments.front().shape = {10, 24};
  EXPECT_EQ(error_of([&] { restore(*run.model, turned); }),
            "the checkpoint's tensor encoder.0.weight is 10 x 24, the model's 24 x 10");
}

TEST_F(Checkpoints, RefusedOnesLeaveTheModelAsItWas) {
  TwoRuns runs(ModelType::autoencoder);
  TensorSnapshot tensors = snapshot(*runs.trained.model, true);
  tensors.buffers.pop_back();
  const auto before = all_tensors(*runs.other.model);
  EXPECT_THROW(restore(*runs.other.model, tensors), DataError);
  EXPECT_TRUE(equal_bits(before, all_tensors(*runs.other.model)));
}

}  // namespace
}  // namespace sparcell::test

// Models that are told conditions: their training goes on with equal bits, and what they are told counts.
#include <gtest/gtest.h>

#include "support/temporary.h"
#include "train/conditions_run.h"

namespace sparcell::test {
namespace {

constexpr std::int64_t cells = 40, genes = 10;

struct Told {
  const char* name;
  ModelType type;
  bool encoder;
  double control_input;
};

class Conditioned : public ::testing::TestWithParam<Told> {
 protected:
  ModelOptions options() const {
    const Told& told = GetParam();
    ModelOptions all = told_model(told.type, told.encoder, told.control_input);
    all.network.dropout = {0.2};
    all.train.epochs = 6;
    if (told.type == ModelType::gan) {
      all.gan.generator.dropout = all.gan.critic.dropout = {0.2};
      all.train.epochs = 3;
    } else {
      all.train.schedule = {.type = ScheduleType::plateau, .factor = 0.5, .patience = 1, .threshold = 0.05};
    }
    return all;
  }
  std::unique_ptr<ToldRun> run() const {
    return std::make_unique<ToldRun>(options(), small_cells(cells, genes), split_of(cells, 12));
  }
};

TEST_P(Conditioned, GoesOnWithEqualBitsFromAnyStep) {
  const auto whole = run();
  const TrainResult expected = whole->trainer->run({});
  for (int stop = 1; stop < 12; stop += 3) {
    SCOPED_TRACE(stop);
    const TemporaryFolder folder;
    const std::string file = folder / "last.h5";
    const auto first = run();
    int looks = 0;
    TrainHooks hooks;
    hooks.interrupted = [&] { return ++looks == stop; };
    hooks.save = [&] {
      Checkpoint now;  // gcc 12 suspects a nameless one of not being initialized
      now.tensors = snapshot(*first->model, true);
      now.state = first->trainer->state(), now.best = first->trainer->best();
      write_checkpoint(file, now);
    };
    if (stop > 1 && first->context.device().is_cuda()) break;  // runs of steps have fewer looks
    EXPECT_THROW(first->trainer->run(hooks), Interrupted);
    const auto second = run();
    second->trainer->restore(read_checkpoint(file));
    const TrainResult result = second->trainer->run({});
    EXPECT_TRUE(equal_bits(all_tensors(*whole->model), all_tensors(*second->model)));
    EXPECT_EQ(result.last.train, expected.last.train);
    EXPECT_EQ(result.last.validation, expected.last.validation);
  }
}

TEST_P(Conditioned, EveryWeightOfConditionsMoves) {
  const auto trained = run(), fresh = run();
  trained->trainer->run({});
  const TensorSnapshot before = snapshot(*fresh->model, false), after = snapshot(*trained->model, false);
  int found = 0;
  for (std::size_t t = 0; t < before.parameters.size(); ++t) {
    const std::string& name = before.parameters[t].name;
    if (name.find("condition") == std::string::npos) continue;
    ++found;
    const std::vector<float>&x = before.parameters[t].values, &y = after.parameters[t].values;
    for (std::size_t i = 0; i < x.size(); ++i) EXPECT_NE(x[i], y[i]) << name << ", element " << i;
  }
  EXPECT_EQ(found, GetParam().encoder ? 2 : 1);
}

TEST_P(Conditioned, DecodesUnderTheConditionsThatItIsTold) {
  const auto trained = run();
  trained->trainer->run({});
  const bool gan = trained->options.type == ModelType::gan;  // whose library size stands behind z
  constexpr std::int64_t half =
      6;  // of a GAN a cell may have no gate open, or one, which its size tells all of
  const Matrix<float> z(2 * half, trained->options.latent + (gan ? 1 : 0), 0.3f);
  std::vector<std::vector<double>> conditions(2 * half, {0, 0, 0, 0});
  const Csr<float> control = csr_of<float>(conditions);
  for (std::int64_t r = half; r < 2 * half; ++r) conditions[r][0] = 1;
  const Csr<float> other = csr_of<float>(conditions);
  const Matrix<float> a = trained->model->decode(z, control), b = trained->model->decode(z, other);
  double same = 0, moved = 0;
  for (std::int64_t r = 0; r < 2 * half; ++r) {
    for (std::int64_t g = 0; g < genes; ++g) (r < half ? same : moved) += std::abs(a(r, g) - b(r, g));
  }
  EXPECT_EQ(same, 0);
  EXPECT_GT(moved, 1e-3);
  EXPECT_THROW(trained->model->decode(z, csr_of<float>({{0, 0, 0, 0}})), InternalError);
  EXPECT_THROW(trained->model->decode(z, Csr<float>{}), InternalError);
}

INSTANTIATE_TEST_SUITE_P(Models, Conditioned,
                         ::testing::Values(Told{"ae", ModelType::autoencoder, false, 0},
                                           Told{"ae_controls", ModelType::autoencoder, false, 1},
                                           Told{"ae_encoder", ModelType::autoencoder, true, 0.5},
                                           Told{"vae_encoder", ModelType::vae, true, 0.5},
                                           Told{"gan", ModelType::gan, false, 0}),
                         [](const auto& info) { return std::string(info.param.name); });

/// With every cell's encoder input a control, what the perturbed cells hold reaches the latent space by no
/// way.
TEST(ControlInput, HidesTheCellFromTheEncoder) {
  const ModelOptions options = told_model(ModelType::autoencoder, false, 1);
  const Csr<float> x = small_cells(cells, genes);
  Csr<float> changed = x;
  for (std::int64_t cell = 0; cell < 28; ++cell) {
    if (cell % 3 == 0) continue;  // not the controls
    for (std::int64_t k = changed.offsets[cell]; k < changed.offsets[cell + 1]; ++k) changed.values[k] *= 2;
  }
  ModelOptions one_step = options;
  one_step.train.epochs = 1;
  one_step.train.batch = 28;
  ToldRun a(one_step, x, split_of(cells, 12)), b(one_step, changed, split_of(cells, 12));
  a.trainer->run({});
  b.trainer->run({});
  // The running means of the encoder's first layer are those of its input alone.
  const auto mean_of = [](ToldRun& run) {
    for (const NamedTensor& tensor : snapshot(*run.model, false).buffers) {
      if (tensor.name == "encoder.1.running_mean") return tensor.values;
    }
    throw InternalError("no running mean");
  };
  EXPECT_EQ(mean_of(a), mean_of(b));
  EXPECT_NE(a.trainer->result().last.train.front().second, b.trainer->result().last.train.front().second);
}

}  // namespace
}  // namespace sparcell::test

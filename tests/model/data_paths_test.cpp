// The ways in which cells reach a network (sparse products, loaded batches, dense batches, standardized
// values) give the same training steps; and where initial weights come from.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>

#include "model/encoder_input.h"
#include "model/trainable.h"
#include "support/sparse.h"

namespace sparcell::testing {
namespace {

using Tensors = std::map<std::string, std::vector<double>>;

constexpr std::int64_t cells = 24, genes = 15;

/// Multiples of 1/8, so that standardizing by powers of two is exact.
Csr<float> some_cells() {
  return test::random_csr<float>(
      cells, genes, 0.25, 7, [](auto& generator) { return static_cast<double>(1 + generator() % 16) / 8; });
}

/// What stands beside the course's way of reading cells.
struct Beside {
  bool skip = false;
  InputOptions input{};
  bool told = false;    ///< whether networks are told conditions, the encoder too
  double controls = 0;  ///< the share of cells that controls stand in for
  LikelihoodType likelihood = LikelihoodType::mse;
};

ModelOptions options_of(ModelType type, const Beside& beside) {
  ModelOptions options;
  options.type = type;
  options.skip = beside.skip;
  options.likelihood = beside.likelihood;
  options.input = beside.input;
  options.conditioning.control_input = beside.controls;
  if (beside.told) {
    options.condition = {"perturbation"};
    options.conditioning.encoder = true;
  }
  options.latent = 4;
  options.network.hidden = {9, 7};
  // Under batch normalization biases have gradient 0, and Adam makes steps of what rounding leaves of it.
  options.network.normalization = NormalizationLayer::layer;
  options.gan.generator = {.hidden = {7, 9}, .dropout = {0.1}};
  options.gan.critic = {.hidden = {9, 7}, .normalization = NormalizationLayer::none, .dropout = {0.2}};
  options.train.batch = 8;
  return options;
}

/// Two conditions of cells; some have none.
Csr<float> some_conditions() {
  return test::random_csr<float>(cells, 2, 0.7, 8, [](auto&) { return 1.0; });
}

/// Moments that standardize by powers of two, and the cells gene by gene.
TrainingStart start_of(const Csr<float>& x) {
  const Matrix<double> values = test::dense(x);
  TrainingStart start;
  std::vector<std::vector<double>> by_gene;
  for (std::int64_t g = 0; g < x.cols; ++g) {
    start.mean.push_back(static_cast<double>(g % 4) / 4);
    start.deviation.push_back(g % 3 == 0 ? 0.5 : 2);
    by_gene.emplace_back();
    for (std::int64_t r = 0; r < x.rows; ++r) by_gene.back().push_back(values(r, g));
  }
  start.genes = test::csr_of<float>(by_gene);
  return start;
}

/// A model in f64 on its data.
class Model {
 public:
  Model(ModelType type, const Csr<float>& x, const Scaler& scaler, const Beside& beside = {})
      : options_(options_of(type, beside)),
        data_(context_, x, scaler, beside.told ? some_conditions() : Csr<float>{}),
        order_(context_, x.rows),
        state_(context_, 1) {
    model_ = make_model<double>(context_, options_, data_, 3);
    model_->initialize();
    TrainingStart start = start_of(x);
    if (beside.controls > 0) start.controls = {2, 3, 5};
    model_->begin_from(start);
    std::vector<std::int32_t> order(static_cast<std::size_t>(x.rows));
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int32_t>(i * 5 % order.size());
    order_.upload(order);
  }

  bool sparse() const { return data_.sparse(); }
  Reading reading() const { return reading_of(options_, data_); }

  void take_steps(std::int64_t steps) {
    StepPlan plan;
    plan.total_steps = steps;
    plan.kl_weight = 0.1;
    plan.generator_learning_rate = plan.critic_learning_rate = 1e-3;
    for (std::int64_t step = 0; step < steps; ++step) {
      StepState<double> state = state_.to_host().front();
      state.base_learning_rate = 1e-3;
      state.batch = step % 3;
      state_.upload({&state, 1});
      take_step<double>(context_, plan, *model_, {order_.data(), &state_.data()->batch, 8, 8}, state_.data());
    }
  }

  Tensors tensors() {
    Tensors all;
    for (const auto& group : model_->groups()) {
      for (Arena<double>* arena : {group.parameters, group.buffers}) {
        for (std::size_t i = 0; i < arena->tensors().size(); ++i)
          all[arena->tensors()[i].name] = arena->read(static_cast<int>(i));
      }
    }
    return all;
  }

  std::vector<double> encode() {
    return model_->encode(data_, {order_.data(), nullptr, 0, order_.size()}).values;
  }

 private:
  Context context_{{}, 1};
  ModelOptions options_;
  DeviceData<double> data_;
  Buffer<std::int32_t> order_;
  Buffer<StepState<double>> state_;
  std::unique_ptr<Trainable<double>> model_;
};

void expect_close(const std::vector<double>& a, const std::vector<double>& b, const std::string& name) {
  ASSERT_EQ(a.size(), b.size()) << name;
  double squares = 0, difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    squares += b[i] * b[i];
    difference += (a[i] - b[i]) * (a[i] - b[i]);
  }
  EXPECT_LE(std::sqrt(difference), 1e-12 * std::max(1.0, std::sqrt(squares))) << name;
}

void expect_close(const Tensors& a, const Tensors& b) {
  ASSERT_EQ(a.size(), b.size());
  for (const auto& [name, values] : a) expect_close(values, b.at(name), name);
}

constexpr ModelType encoders[] = {ModelType::autoencoder, ModelType::vae};

TEST(DataPaths, SparseAndDenseBatchesGiveTheSameSteps) {
  const Csr<float> x = some_cells();
  const Scaler unit{.mean = std::vector<float>(genes, 0), .scale = std::vector<float>(genes, 1)};
  for (ModelType type : encoders) {
    for (const bool skip : {false, true}) {
      SCOPED_TRACE(fmt::format("a VAE: {}, linear paths: {}", type == ModelType::vae, skip));
      Model sparse(type, x, {}, {.skip = skip}), dense(type, x, unit, {.skip = skip});
      ASSERT_EQ(sparse.reading(), Reading::rows);
      ASSERT_EQ(dense.reading(), Reading::dense);
      sparse.take_steps(6);
      dense.take_steps(6);
      expect_close(sparse.tensors(), dense.tensors());
      expect_close(sparse.encode(), dense.encode(), "latent");
    }
  }
  // Nothing but the encoder reads these cells, and nothing makes them dense.
  const Beside beside{.skip = true, .likelihood = LikelihoodType::gaussian};
  Model sparse(ModelType::vae, x, {}, beside), dense(ModelType::vae, x, unit, beside);
  sparse.take_steps(6);
  dense.take_steps(6);
  expect_close(sparse.tensors(), dense.tensors());
  expect_close(sparse.encode(), dense.encode(), "latent");
}

TEST(DataPaths, LoadedBatchesGiveTheStepsOfDenseOnes) {
  const Csr<float> x = some_cells();
  const Scaler unit{.mean = std::vector<float>(genes, 0), .scale = std::vector<float>(genes, 1)};
  for (ModelType type : encoders) {
    for (const Beside& beside :
         {Beside{.skip = true, .input = {.standardize = true, .mix = 0.6}},
          Beside{.input = {.standardize = true}}, Beside{.input = {.mix = 0.3}}, Beside{.told = true},
          Beside{.skip = true, .input = {.mix = 1}, .told = true}}) {
      SCOPED_TRACE(fmt::format("a VAE: {}, linear paths: {}, standardized: {}, mix: {}, told: {}",
                               type == ModelType::vae, beside.skip, beside.input.standardize,
                               beside.input.mix, beside.told));
      Model loaded(type, x, {}, beside), dense(type, x, unit, beside);
      ASSERT_EQ(loaded.reading(), Reading::loaded);
      ASSERT_EQ(dense.reading(), Reading::dense);
      loaded.take_steps(6);
      dense.take_steps(6);
      expect_close(loaded.tensors(), dense.tensors());
      expect_close(loaded.encode(), dense.encode(), "latent");
    }
  }
}

TEST(DataPaths, HowBatchesAreReadFollowsOptionsAndZeros) {
  Context context({}, 1);
  const DeviceData<float> sparse(context, some_cells(), {}),
      full(context, test::csr_of<float>({{1, 2}, {3, 4}}), {});
  const ModelOptions plain = options_of(ModelType::autoencoder, {.skip = true}),
                     mixed = options_of(ModelType::autoencoder, {.input = {.mix = 0.6}});
  EXPECT_EQ(reading_of(plain, sparse), Reading::rows);
  EXPECT_EQ(reading_of(mixed, sparse), Reading::loaded);
  EXPECT_EQ(reading_of(mixed, full), Reading::dense);
}

TEST(DataPaths, CellsStayTheTargetWhereControlsAreRead) {
  const Csr<float> x = some_cells();
  const Scaler unit{.mean = std::vector<float>(genes, 0), .scale = std::vector<float>(genes, 1)};
  for (ModelType type : encoders) {
    Model sparse(type, x, {}, {.controls = 0.5}), dense(type, x, unit, {.controls = 0.5});
    sparse.take_steps(6);
    dense.take_steps(6);
    expect_close(sparse.tensors(), dense.tensors());
  }
}

TEST(DataPaths, ScalerGivesTheStepsOfStandardizedCells) {
  const Csr<float> x = some_cells();
  Scaler scaler;
  for (int g = 0; g < genes; ++g) {
    scaler.mean.push_back(static_cast<float>(g % 4) / 4);
    scaler.scale.push_back(g % 3 == 0 ? 0.5f : 2.0f);
  }
  const Matrix<double> values = test::dense(x);
  std::vector<std::vector<double>> standardized(cells, std::vector<double>(genes));
  for (std::int64_t r = 0; r < cells; ++r) {
    for (std::int64_t g = 0; g < genes; ++g) {
      const auto gene = static_cast<std::size_t>(g);
      standardized[static_cast<std::size_t>(r)][gene] =
          (values(r, g) - static_cast<double>(scaler.mean[gene])) / static_cast<double>(scaler.scale[gene]);
    }
  }
  for (ModelType type : {ModelType::autoencoder, ModelType::vae, ModelType::gan}) {
    Model scaled(type, x, scaler), plain(type, test::csr_of<float>(standardized), {});
    ASSERT_FALSE(plain.sparse());
    scaled.take_steps(6);
    plain.take_steps(6);
    expect_close(scaled.tensors(), plain.tensors());
    if (type != ModelType::gan) expect_close(scaled.encode(), plain.encode(), "latent");
  }
}

TEST(DataPaths, InitialWeightsDoNotDependOnTheLayout) {
  const Csr<float> x = some_cells();
  const Scaler unit{.mean = std::vector<float>(genes, 0), .scale = std::vector<float>(genes, 1)};
  for (ModelType type : encoders) EXPECT_EQ(Model(type, x, {}).tensors(), Model(type, x, unit).tensors());
}

}  // namespace
}  // namespace sparcell::testing

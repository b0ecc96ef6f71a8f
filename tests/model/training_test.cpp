// Whole training steps of the three models against PyTorch's, in f64 (20 steps, every tensor) and f32
// (MODELS: "What the tests must show"). Weights, data, batches, masks and noise are PyTorch's; the files are
// made by tools/golden/training.py.
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "model/golden_training.h"
#include "support/device_arrays.h"

namespace sparcell::testing {
namespace {

double norm(const Tensor& x) {
  double squares = 0;
  for (double v : x) squares += v * v;
  return std::sqrt(squares);
}

double distance(const Tensor& x, const Tensor& y) {
  if (x.size() != y.size()) throw InternalError("tensors of {} and {} elements", x.size(), y.size());
  Tensor difference(x.size());
  for (std::size_t i = 0; i < x.size(); ++i) difference[i] = x[i] - y[i];
  return norm(difference);
}

std::vector<std::int32_t> first_cells(std::int64_t count) {
  std::vector<std::int32_t> cells(static_cast<std::size_t>(count));
  std::iota(cells.begin(), cells.end(), 0);
  return cells;
}

/// A model of ours with the weights and batches of a golden file.
template <class T>
class TrainedCopy {
 public:
  explicit TrainedCopy(const GoldenTraining& golden, std::optional<std::int64_t> critic_steps = {})
      : context_(std::is_same_v<T, float> ? test::test_context() : Context()),  // f64 is the CPU's alone
        golden_(golden),
        options_(golden.options()),
        data_(golden.device_data<T>(context_)),
        order_(context_, golden.order()),
        state_(context_, 1) {
    if (critic_steps) options_.gan.critic_steps = *critic_steps;
    model_ = make_model<T>(context_, options_, data_, golden.seed());
    model_->initialize();
    model_->begin_from(golden.start());
    for_each_tensor([&](Arena<T>& arena, int tensor, const std::string& name) {
      const Tensor values = golden.tensor("initial/" + name);
      arena.write(tensor, std::vector<T>(values.begin(), values.end()));
    });
  }

  /// Takes step number `step` and returns its losses.
  std::map<std::string, double> step(std::int64_t step) {
    StepPlan plan;
    plan.total_steps = golden_.steps();
    plan.generator_learning_rate = options_.train.generator.learning_rate;
    plan.critic_learning_rate = options_.train.critic.learning_rate;
    const auto weights = golden_.kl_weights();
    plan.kl_weight = weights.empty() ? 0 : weights[step];
    StepState<T> host = state_.to_host().front();
    host.base_learning_rate = options_.train.optimizer.learning_rate;
    std::fill(std::begin(host.losses), std::end(host.losses), 0.0);
    state_.upload({&host, 1});
    take_step<T>(context_, plan, *model_,
                 {order_.data(), &state_.data()->batch, golden_.batch(), golden_.batch()}, state_.data());
    std::map<std::string, double> losses;
    for (const auto& [name, value] : model_->training_losses(state_.to_host().front(), golden_.batch(), 1))
      losses[name] = value;
    return losses;
  }

  template <class Use>
  void for_each_tensor(Use&& use) {
    for (const ParameterGroup<T>& group : model_->groups()) {
      for (Arena<T>* arena : {group.parameters, group.buffers}) {
        for (std::size_t i = 0; i < arena->tensors().size(); ++i) {
          use(*arena, static_cast<int>(i), arena->tensors()[i].name);
        }
      }
    }
  }

  static Tensor read(const Arena<T>& arena, int tensor,
                     typename Arena<T>::Part part = Arena<T>::Part::values) {
    const std::vector<T> values = arena.read(tensor, part);
    return Tensor(values.begin(), values.end());
  }

  /// The gradient of the first step, from the first moment that it left: m = (1 - beta1) (g + decay w).
  Tensor first_gradient(const Arena<T>& arena, int tensor, const std::string& name) {
    const OptimizerOptions& optimizer = name.starts_with("generator") ? options_.train.generator
                                        : name.starts_with("critic")  ? options_.train.critic
                                                                      : options_.train.optimizer;
    Tensor gradient = read(arena, tensor, Arena<T>::Part::first_moments);
    const Tensor initial = golden_.tensor("initial/" + name);
    const double decay = optimizer.type == OptimizerType::adam ? optimizer.weight_decay : 0;
    for (std::size_t i = 0; i < gradient.size(); ++i)
      gradient[i] = gradient[i] / (1 - optimizer.betas[0]) - decay * initial[i];
    return gradient;
  }

  Trainable<T>& model() { return *model_; }
  const ModelOptions& options() const { return options_; }
  const DeviceData<T>& data() const { return data_; }
  Context& context() { return context_; }

 private:
  Context context_;
  const GoldenTraining& golden_;
  ModelOptions options_;
  DeviceData<T> data_;
  Buffer<std::int32_t> order_;
  Buffer<StepState<T>> state_;
  std::unique_ptr<Trainable<T>> model_;
};

class Training : public ::testing::TestWithParam<std::string> {
 protected:
  /// Gradients of the first step; `floor` is what is rounding of sums that cancel (biases before a
  /// normalization), for gradients that are 1 long.
  template <class T>
  void expect_first_gradients(double tolerance, double floor) {
    const GoldenTraining golden(GetParam());
    const double clipped = golden.options().train.clip_norm;
    double squares = 0;
    const auto compare = [&](TrainedCopy<T>& run, const std::string& prefix) {
      run.step(0);
      run.for_each_tensor([&](Arena<T>& arena, int tensor, const std::string& name) {
        if (!name.starts_with(prefix) || !golden.has("step1/gradients/" + name)) return;
        Tensor expected = golden.tensor("step1/gradients/" + name);
        if (clipped > 0) {
          for (double& g : expected) g *= std::min(1.0, clipped / (std::sqrt(squares) + 1e-6));
        }
        const Tensor got = run.first_gradient(arena, tensor, name);
        EXPECT_LE(distance(got, expected),
                  tolerance * norm(expected) + floor * std::max(1.0, std::sqrt(squares)))
            << name;
      });
    };
    TrainedCopy<T> run(golden);
    run.for_each_tensor([&](Arena<T>&, int, const std::string& name) {
      if (golden.has("step1/gradients/" + name))
        squares += std::pow(norm(golden.tensor("step1/gradients/" + name)), 2);
    });
    if (golden.options().type != ModelType::gan) return compare(run, "");
    compare(run, "generator");
    TrainedCopy<T> first_update(golden, 1);
    compare(first_update, "critic");
  }

  template <class T>
  void expect_losses(std::int64_t steps, double tolerance) {
    const GoldenTraining golden(GetParam());
    const auto names = golden.loss_names();
    const Tensor expected = golden.tensor("losses");
    TrainedCopy<T> run(golden);
    for (std::int64_t step = 0; step < steps; ++step) {
      auto losses = run.step(step);
      for (std::size_t part = 0; part < names.size(); ++part) {
        const double loss =
            expected[step * static_cast<std::int64_t>(names.size()) + static_cast<std::int64_t>(part)];
        EXPECT_NEAR(losses.at(names[part]), loss, tolerance * std::max(1.0, std::abs(loss)))
            << names[part] << ", step " << step;
      }
    }
  }
};

TEST_P(Training, FirstGradientsInDoublePrecision) { expect_first_gradients<double>(1e-9, 1e-14); }

TEST_P(Training, FirstGradientsInSinglePrecision) { expect_first_gradients<float>(1e-5, 5e-8); }

TEST_P(Training, LossesOfTwentyStepsInDoublePrecision) { expect_losses<double>(20, 1e-9); }

TEST_P(Training, FirstLossInSinglePrecision) { expect_losses<float>(1, 1e-6); }

TEST_P(Training, LossesOfTwentyStepsInSinglePrecision) { expect_losses<float>(20, 2e-3); }

TEST_P(Training, EveryTensorAfterTwentySteps) {
  const GoldenTraining golden(GetParam());
  TrainedCopy<double> run(golden);
  for (std::int64_t step = 0; step < golden.steps(); ++step) run.step(step);
  run.for_each_tensor([&](Arena<double>& arena, int tensor, const std::string& name) {
    const Tensor expected = golden.tensor("final/" + name);
    EXPECT_LE(distance(TrainedCopy<double>::read(arena, tensor), expected),
              1e-9 * std::max(norm(expected), 1e-3))
        << name;
    if (!golden.has("final_moments/" + name)) return;
    const auto moment = [&](const char* part, auto which) {
      const Tensor moments = golden.tensor("final_moments/" + name + part);
      EXPECT_LE(distance(TrainedCopy<double>::read(arena, tensor, which), moments),
                1e-9 * norm(moments) + 1e-14)
          << name << part;
    };
    moment("/exp_avg", Arena<double>::Part::first_moments);
    moment("/exp_avg_sq", Arena<double>::Part::second_moments);
  });
}

TEST_P(Training, EvaluationModeAfterTwentySteps) {
  const GoldenTraining golden(GetParam());
  TrainedCopy<double> run(golden);
  for (std::int64_t step = 0; step < golden.steps(); ++step) run.step(step);
  if (golden.options().type == ModelType::gan) {
    const auto shape = golden.file().dataset("evaluation/z").shape();
    Matrix<double> z(shape[0], shape[1]);
    z.values = golden.tensor("evaluation/z");
    const Tensor expected = golden.tensor("evaluation/generated");
    const Csr<float> told =
        golden.conditions().cols > 0 ? take_rows(golden.conditions(), first_cells(z.rows)) : Csr<float>{};
    EXPECT_LE(distance(run.model().decode(z, told).values, expected), 1e-9 * norm(expected));
    return;
  }
  const Buffer<std::int32_t> rows(run.context(), first_cells(golden.x().rows));
  const BatchRows all{.order = rows.data(), .batch = nullptr, .stride = 0, .count = golden.x().rows};
  const Tensor expected = golden.tensor("evaluation/latent");
  const Matrix<double> latent = run.model().encode(run.data(), all);
  EXPECT_LE(distance(latent.values, expected), 1e-9 * norm(expected));
  double squares = 0;
  const Matrix<double> decoded = run.model().decode(latent, golden.conditions());
  Matrix<double> x(golden.x().rows, golden.x().cols);
  for (std::int64_t r = 0; r < x.rows; ++r) {
    for (std::int64_t k = golden.x().offsets[r]; k < golden.x().offsets[r + 1]; ++k) {
      x(r, golden.x().indices[k]) = static_cast<double>(golden.x().values[k]);
    }
  }
  for (std::size_t i = 0; i < x.values.size(); ++i) squares += std::pow(x.values[i] - decoded.values[i], 2);
  EXPECT_NEAR(squares / static_cast<double>(x.values.size()), golden.tensor("evaluation/mse_at_mean").front(),
              1e-10);
}

INSTANTIATE_TEST_SUITE_P(PyTorch, Training,
                         ::testing::Values("ae", "ae_layer", "ae_skip", "ae_skip_sparse", "ae_condition",
                                           "ae_condition_skip", "ae_pairs", "ae_pairs_skip", "vae",
                                           "vae_skip", "vae_sum", "vae_condition", "vae_nb", "vae_zinb",
                                           "vae_nb_groups", "vae_nb_shares", "vae_zinb_shares", "vae_gaussian", "gan", "gan_wgan", "gan_hinge",
                                           "gan_hurdle", "gan_softplus", "gan_condition",
                                           "gan_condition_hurdle", "gan_pairs", "gan_pairs_hurdle",
                                           "gan_minibatch", "gan_minibatch_hurdle"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace sparcell::testing

#include "sparcell/ops/optimizer.h"

#include "ops/op_test.h"

namespace sparcell {
namespace {

using test::DeviceArray;

template <class T>
struct Optimizer : test::OpTest<T> {};
TYPED_TEST_SUITE(Optimizer, test::Scalars);

/// Ten steps of f32: each adds a few roundings to numbers of the size of a parameter.
constexpr test::Tolerance ten_steps{2e-6, 1e-14};

/// Adam as in Algorithm 1 of Kingma and Ba: moments, their corrections for the bias to 0, and the update.
struct Adam {
  OptimizerOptions options;
  std::vector<double> parameters, first, second;
  int steps = 0;

  void step(double rate, const std::vector<double>& gradients) {
    ++steps;
    const double b1 = options.betas[0], b2 = options.betas[1];
    const double correction1 = 1 - std::pow(b1, steps), correction2 = 1 - std::pow(b2, steps);
    const bool decoupled = options.type == OptimizerType::adamw;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      double& w = parameters[i];
      const double g = gradients[i] + (decoupled ? 0 : options.weight_decay * w);
      if (decoupled) w -= rate * options.weight_decay * w;
      first[i] = b1 * first[i] + (1 - b1) * g;
      second[i] = b2 * second[i] + (1 - b2) * g * g;
      const double m = first[i] / correction1, v = second[i] / correction2;
      w -= rate * m / (std::sqrt(v) + options.epsilon);
    }
  }
};

/// The arenas of one optimizer on the device.
template <class T>
struct Arenas {
  Context context;
  DeviceArray<T> parameters, gradients, first, second;

  Arenas(int threads, const std::vector<double>& start)
      : context(test::test_context(threads)),
        parameters(context, start),
        gradients(context, std::vector<double>(start.size())),
        first(context, std::vector<double>(start.size())),
        second(context, std::vector<double>(start.size())) {}

  void step(const OptimizerOptions& options, double rate, std::int64_t steps_before,
            const std::vector<double>& added) {
    const DeviceArray<T> learning_rate(context, std::vector<double>{rate}), new_gradients(context, added);
    // In device memory, but for the last ones.
    const std::int64_t last = steps_before % 3;
    const DeviceArray<std::int64_t> counted(context, std::vector<std::int64_t>{steps_before - last});
    context.memory().copy_on_device(gradients.data(), new_gradients.data(), added.size() * sizeof(T));
    adam_step<T>(context, options, learning_rate.data(), {counted.data(), last}, parameters, gradients, first,
                 second);
  }
};

template <class T>
void check_ten_steps(const OptimizerOptions& options, std::int64_t size) {
  SCOPED_TRACE(fmt::format("type {}, decay {}, betas {} and {}, {} parameters",
                           static_cast<int>(options.type), options.weight_decay, options.betas[0],
                           options.betas[1], size));
  const auto start = test::random_values(size, 1);
  const std::vector<double> zeros(start.size());
  Adam adam{options, start, zeros, zeros};
  Arenas<T> arenas(2, start), alone(1, start);
  for (int step = 0; step < 10; ++step) {
    auto gradients = test::random_values(size, 100 + static_cast<unsigned>(step));
    gradients[0] = 0;
    const double rate = 0.5 / (1 << step);  // another one each step, exact in f32
    adam.step(rate, gradients);
    arenas.step(options, rate, step, gradients);
    alone.step(options, rate, step, gradients);
    ASSERT_EQ(arenas.gradients.to_host(), std::vector<T>(start.size(), 0))
        << "gradients after step " << step + 1;
    test::expect_near(arenas.parameters.to_host(), adam.parameters, ten_steps.of<T>(), 2);
    test::expect_near(arenas.first.to_host(), adam.first, ten_steps.of<T>());
    test::expect_near(arenas.second.to_host(), adam.second, ten_steps.of<T>());
    ASSERT_EQ(arenas.parameters.to_host(), alone.parameters.to_host()) << "one and two threads differ";
  }
}

TYPED_TEST(Optimizer, TenStepsOfAdamAndAdamW) {
  for (OptimizerType type : {OptimizerType::adam, OptimizerType::adamw}) {
    for (double decay : {0.0, 0.0625}) {
      for (const std::vector<double>& betas : {std::vector<double>{0.9, 0.999}, {0.5, 0.999}, {0.0, 0.75}}) {
        const OptimizerOptions options{.type = type, .betas = betas, .weight_decay = decay};
        for (std::int64_t size : {1, 33, 257}) check_ten_steps<TypeParam>(options, size);
        check_ten_steps<TypeParam>(options, 10009);  // in parts of 4096
      }
    }
  }
}

TYPED_TEST(Optimizer, TheFirstStepIsTheRateWhateverTheGradient) {
  // m / sqrt(v) = g / |g| after the corrections: the sign of the gradient.
  Arenas<TypeParam> arenas(1, {1, 1, 1});
  arenas.step({}, 0.125, 0, {1e-3, -5, 40});
  test::expect_near(arenas.parameters.to_host(), {0.875, 1.125, 0.875}, 2e-6);  // epsilon / 1e-3 beside 1
}

TYPED_TEST(Optimizer, AdamRefusesSizesAndBetasThatDoNotFit) {
  using T = TypeParam;
  Context context = test::test_context();
  const DeviceArray<T> three(context, 3), two(context, 2), rate(context, std::vector<double>{1});
  const DeviceArray<std::int64_t> step(context, std::vector<std::int64_t>{0});
  const auto call = [&](const std::vector<double>& betas, const DeviceArray<T>& g, const DeviceArray<T>& m,
                        const DeviceArray<T>& v) {
    adam_step<T>(context, OptimizerOptions{.betas = betas}, rate.data(), step.data(), three, g, m, v);
  };
  EXPECT_THROW(call({0.9, 0.999}, two, three, three), InternalError);
  EXPECT_THROW(call({0.9, 0.999}, three, two, three), InternalError);
  EXPECT_THROW(call({0.9, 0.999}, three, three, two), InternalError);
  EXPECT_THROW(call({0.9}, three, three, three), InternalError);
  EXPECT_THROW(call({0.9, 1.0}, three, three, three), InternalError);
  EXPECT_THROW(call({1.0, 0.9}, three, three, three), InternalError);
}

TYPED_TEST(Optimizer, OfNoParametersIsNothing) {
  Arenas<TypeParam> arenas(1, {});
  arenas.step({}, 1, 0, {});
}

template <class T>
void check_clip(int threads, const std::vector<double>& values, double max_norm) {
  long double squares = 0;
  for (double v : values) squares += v * v;
  const auto norm = static_cast<double>(std::sqrt(squares));
  std::vector<double> expected = values;
  if (max_norm > 0 && norm > max_norm) {
    for (double& v : expected) v *= max_norm / (norm + 1e-6);  // torch.nn.utils.clip_grad_norm_
  }
  Context context = test::test_context(threads);
  const DeviceArray<T> gradients(context, values);
  const DeviceArray<double> norm_sum(context, std::vector<double>{3});
  clip_gradients<T>(context, max_norm, gradients, norm_sum.data());
  const double tolerance = test::long_sums.of<T>();
  EXPECT_NEAR(norm_sum.value(), 3 + norm, tolerance * (3 + norm));
  test::expect_near(gradients.to_host(), expected, tolerance);
  if (expected == values) test::expect_near(gradients.to_host(), values, 0);
}

TYPED_TEST(Optimizer, ClipShortensLongGradientsAlone) {
  for (int threads : {1, 2}) {
    for (std::int64_t size : {1, 31, 32, 33, 255, 256, 257, 1009, 10009}) {
      for (double max_norm : {0.0, 0.0078125, 1.5, 1e4}) {
        SCOPED_TRACE(fmt::format("{} gradients, at most {}, {} threads", size, max_norm, threads));
        check_clip<TypeParam>(threads, test::random_values(size, 2), max_norm);
      }
    }
  }
  check_clip<TypeParam>(1, {3, 4}, 5);  // as long as allowed
  check_clip<TypeParam>(1, {0, 0}, 5);
  check_clip<TypeParam>(1, {}, 5);
}

TYPED_TEST(Optimizer, ClipRefusesANegativeNorm) {
  Context context = test::test_context();
  const DeviceArray<TypeParam> gradients(context, 3);
  const DeviceArray<double> norm_sum(context, std::vector<double>{0});
  EXPECT_THROW(clip_gradients<TypeParam>(context, -1, gradients, norm_sum.data()), InternalError);
}

TYPED_TEST(Optimizer, MovingAverageForgetsWhatItBeganWith) {
  using T = TypeParam;
  for (std::int64_t size : {1, 33, 257, 10009}) {
    SCOPED_TRACE(size);
    std::vector<double> expected;
    std::vector<T> of_one_thread;
    for (int threads : {1, 2}) {
      Context context = test::test_context(threads);
      const DeviceArray<T> average(context, test::random_values(size, 1, 1e6));
      expected.assign(static_cast<std::size_t>(size), 0);
      for (std::int64_t step : {0, 1, 2, 30, 1000}) {
        const auto values = test::random_values(size, 10 + static_cast<unsigned>(step));
        const DeviceArray<T> now(context, values);
        const DeviceArray<std::int64_t> counter(context, std::vector<std::int64_t>{step});
        moving_average<T>(context, 0.75, counter.data(), now, average);
        const double young = static_cast<double>(step) / static_cast<double>(step + 10);
        const double d = std::min(0.75, young);
        for (std::size_t i = 0; i < expected.size(); ++i) expected[i] = d * expected[i] + (1 - d) * values[i];
        test::expect_near(average.to_host(), expected, 5 * test::few_roundings.of<T>(), 2);
      }
      if (threads == 1) of_one_thread = average.to_host();
      EXPECT_EQ(average.to_host(), of_one_thread);
    }
  }
}

TYPED_TEST(Optimizer, MovingAverageRefusesWrongSizesAndDecays) {
  Context context = test::test_context();
  const DeviceArray<TypeParam> three(context, 3), two(context, 2);
  const DeviceArray<std::int64_t> step(context, std::vector<std::int64_t>{0});
  EXPECT_THROW(moving_average<TypeParam>(context, 0.5, step.data(), three, two), InternalError);
  EXPECT_THROW(moving_average<TypeParam>(context, 1, step.data(), three, three), InternalError);
}

}  // namespace
}  // namespace sparcell

// The tangent pass of a layer against differences, and what the passes of a layer refuse.
#include "ops/layer_device.h"

namespace sparcell {
namespace {

using test::DeviceArray;
using test::DeviceMatrix;
using test::LayerReference;

template <class T>
struct LayerTangent : test::OpTest<T> {};
TYPED_TEST_SUITE(LayerTangent, test::Scalars);

/// Second differences of long double with h = 1e-4: 1e-19 / h^2 of rounding, h^2 of the fourth derivative.
constexpr test::Tolerance second_difference{2e-6, 5e-8};

struct Tangents {
  Matrix<double> linear, tangent, extra;
};

/// With f(x) = act(x) m and the direction d = scale l': tangent = d f'(a) by first differences of f, and
/// extra = the gradient of the gradient-vector product <signal, d f'(a)> = signal d f''(a) by second ones.
Tangents by_differences(const LayerReference& layer, const Matrix<double>& a, const Matrix<double>& signal,
                        const Matrix<double>& direction) {
  constexpr long double h = 1e-4L;
  Tangents out{direction, a, a};
  for (std::int64_t r = 0; r < a.rows; ++r) {
    for (std::int64_t c = 0; c < a.cols; ++c) {
      const auto f = [&](long double x) {
        return test::activation_value(layer.form.activation, layer.form.slope, x) * layer.keep(r, c);
      };
      const long double below = f(a(r, c) - h), at = f(a(r, c)), above = f(a(r, c) + h);
      const long double d = layer.scale * direction(r, c);
      out.linear(r, c) = static_cast<double>(d);
      out.tangent(r, c) = static_cast<double>(d * (above - below) / (2 * h));
      out.extra(r, c) = static_cast<double>(signal(r, c) * d * (above - 2 * at + below) / (h * h));
    }
  }
  return out;
}

template <class T>
void check_tangent(const LayerReference& reference) {
  const std::int64_t rows = reference.linear.rows, cols = reference.linear.cols;
  const auto a = test::random_matrix(rows, cols, 7), signal = test::random_matrix(rows, cols, 8),
             direction = test::random_matrix(rows, cols, 9);
  const Tangents expected = by_differences(reference, a, signal, direction);
  const auto run = [&](int threads, bool with_extra) {
    test::DeviceLayer<T> layer(threads, reference);
    const DeviceMatrix<T> at(layer.context, a), arrived(layer.context, signal),
        linear(layer.context, direction), tangent(layer.context, rows, cols),
        extra(layer.context, rows, cols);
    layer_tangent<T>(layer.context, layer.form, layer.parameters(), layer.pass(), at, arrived, linear,
                     tangent, with_extra ? extra.view() : MatrixView<T>(), {});
    test::expect_near(linear.to_host(), expected.linear, test::few_roundings.of<T>());
    test::expect_near(tangent.to_host(), expected.tangent, second_difference.of<T>());
    if (with_extra) test::expect_near(extra.to_host(), expected.extra, second_difference.of<T>(), 4);
    return tangent.to_host().values;
  };
  const auto one = run(1, true);
  ASSERT_EQ(one, run(2, true)) << "one and two threads differ";
  ASSERT_EQ(one, run(1, false)) << "the tangent depends on whether `extra` is wanted";
}

TYPED_TEST(LayerTangent, IsTheDifferenceOfForwardAndOfTheGradient) {
  test::for_each_layer(NormalizationLayer::none, check_tangent<TypeParam>);
}

TYPED_TEST(LayerTangent, OutsideOfTrainingDropsNothing) {
  LayerForm form;
  form.activation = Activation::tanh;
  form.dropout = 0.5;
  form.training = false;
  check_tangent<TypeParam>(LayerReference(form, 1, 9, 65));
}

TYPED_TEST(LayerTangent, OfNoRowsIsNothing) {
  check_tangent<TypeParam>(LayerReference(LayerForm{}, 1, 0, 3));
}

TYPED_TEST(LayerTangent, RefusesWrongShapesAndNormalization) {
  using T = TypeParam;
  Context context = test::test_context();
  const DeviceMatrix<T> fits(context, 2, 3), other(context, 3, 3);
  LayerForm form;
  LayerPass<T> pass{.first = 0, .rows = 2};
  const auto tangent = [&](const DeviceMatrix<T>& signal, const DeviceMatrix<T>& linear,
                           const DeviceMatrix<T>& out, const DeviceMatrix<T>& extra) {
    layer_tangent<T>(context, form, LayerParameters<T>{}, pass, fits, signal, linear, out, extra, {});
  };
  EXPECT_THROW(tangent(other, fits, fits, fits), InternalError);
  EXPECT_THROW(tangent(fits, other, fits, fits), InternalError);
  EXPECT_THROW(tangent(fits, fits, other, fits), InternalError);
  EXPECT_THROW(tangent(fits, fits, fits, other), InternalError);
  pass.rows = 1;
  EXPECT_THROW(tangent(fits, fits, fits, fits), InternalError) << "a pass of some rows";
  pass.rows = 2;
  form.normalization = NormalizationLayer::batch;
  EXPECT_THROW(tangent(fits, fits, fits, fits), InternalError);
}

template <class T>
struct LayerChecks : test::OpTest<T> {};
TYPED_TEST_SUITE(LayerChecks, test::Scalars);

TYPED_TEST(LayerChecks, ForwardRefusesWhatDoesNotFit) {
  using T = TypeParam;
  Context context = test::test_context();
  const DeviceMatrix<T> fits(context, 4, 3), other(context, 4, 2), single(context, 1, 3);
  const DeviceArray<T> three(context, 3), two(context, 2), four(context, 4);
  LayerForm form;
  const auto forward = [&](const LayerParameters<T>& parameters, RunningStatistics<T> running,
                           PassStatistics<T> statistics, const DeviceMatrix<T>& linear,
                           const DeviceMatrix<T>& out) {
    const LayerPass<T> pass{
        .first = 0, .rows = linear.view().rows, .dropout = {}, .scale = nullptr, .statistics = statistics};
    layer_forward<T>(context, form, parameters, running, {&pass, 1}, linear, out);
  };
  EXPECT_THROW(forward({}, {}, {}, fits, other), InternalError);
  EXPECT_THROW(forward({two, {}, {}}, {}, {}, fits, fits), InternalError);

  form.normalization = NormalizationLayer::batch;
  const LayerParameters<T> parameters{three, three, three};
  const RunningStatistics<T> running{three, three};
  const PassStatistics<T> statistics{three, three};
  EXPECT_THROW(forward({three, {}, three}, running, statistics, fits, fits), InternalError);
  EXPECT_THROW(forward({three, three, two}, running, statistics, fits, fits), InternalError);
  EXPECT_THROW(forward(parameters, {two, three}, statistics, fits, fits), InternalError);
  EXPECT_THROW(forward(parameters, {three, two}, statistics, fits, fits), InternalError);
  EXPECT_THROW(forward(parameters, running, {two, three}, fits, fits), InternalError);
  EXPECT_THROW(forward(parameters, running, {three, {}}, fits, fits), InternalError);
  EXPECT_THROW(forward(parameters, running, statistics, single, single), InternalError);

  form.normalization = NormalizationLayer::layer;  // a statistic per row
  EXPECT_THROW(forward(parameters, {}, {three, four}, fits, fits), InternalError);
}

TYPED_TEST(LayerChecks, BackwardRefusesWhatDoesNotFit) {
  using T = TypeParam;
  Context context = test::test_context();
  const DeviceMatrix<T> fits(context, 4, 3), other(context, 4, 2);
  const DeviceArray<T> three(context, 3), two(context, 2);
  LayerForm form;
  const auto backward = [&](const LayerParameters<T>& parameters, PassStatistics<T> statistics,
                            const DeviceMatrix<T>& grad_out, MatrixView<const T> extra,
                            const DeviceMatrix<T>& grad_linear, LayerGradients<T> gradients) {
    const LayerPass<T> pass{
        .first = 0, .rows = 4, .dropout = {}, .scale = nullptr, .statistics = statistics, .extra = extra};
    layer_backward<T>(context, form, parameters, {&pass, 1}, fits, grad_out, grad_linear, gradients);
  };
  EXPECT_THROW(backward({}, {}, other, {}, fits, {}), InternalError);
  EXPECT_THROW(backward({}, {}, fits, other, fits, {}), InternalError);
  EXPECT_THROW(backward({}, {}, fits, {}, other, {}), InternalError);
  EXPECT_THROW(backward({two, {}, {}}, {}, fits, {}, fits, {}), InternalError);
  EXPECT_THROW(backward({}, {}, fits, {}, fits, {two, {}, {}}), InternalError);
  EXPECT_THROW(backward({}, {}, fits, {}, fits, {{}, three, {}}), InternalError)
      << "no normalization has a weight";

  form.normalization = NormalizationLayer::batch;
  const LayerParameters<T> parameters{three, three, three};
  const PassStatistics<T> statistics{three, three};
  EXPECT_THROW(backward({three, two, three}, statistics, fits, {}, fits, {}), InternalError);
  EXPECT_THROW(backward(parameters, {two, two}, fits, {}, fits, {}), InternalError);
  EXPECT_THROW(backward(parameters, statistics, fits, fits, fits, {}), InternalError);
  EXPECT_THROW(backward(parameters, statistics, fits, {}, fits, {{}, two, {}}), InternalError);
  EXPECT_THROW(backward(parameters, statistics, fits, {}, fits, {{}, {}, two}), InternalError);
}

TYPED_TEST(LayerChecks, PassesLieInTheMatrices) {
  using T = TypeParam;
  Context context = test::test_context();
  const DeviceMatrix<T> matrix(context, 4, 3), out(context, 4, 3);
  const auto refused = [&](std::int64_t first, std::int64_t rows, std::size_t count) {
    LayerPass<T> pass;
    pass.first = first;
    pass.rows = rows;
    const std::vector<LayerPass<T>> passes(count, pass);
    EXPECT_THROW(layer_forward<T>(context, LayerForm{}, LayerParameters<T>{}, {}, passes, matrix, out),
                 InternalError);
    EXPECT_THROW(layer_backward<T>(context, LayerForm{}, LayerParameters<T>{}, passes, matrix, out, out, {}),
                 InternalError);
  };
  refused(0, 5, 1);
  refused(3, 2, 1);
  refused(-1, 2, 1);
  refused(0, 1, most_layer_passes + 1);
}

}  // namespace
}  // namespace sparcell

// The tangent pass of a layer with layer normalization against mixed second differences of the forward
// formula.
#include "ops/layer_device.h"

namespace sparcell {
namespace {

using test::DeviceArray;
using test::DeviceMatrix;
using test::LayerReference;
using test::Window;

template <class T>
struct LayerNormTangent : test::OpTest<T> {};
TYPED_TEST_SUITE(LayerNormTangent, test::Scalars);

/// Differences of f64 sums with h = 1e-4: 1e-16 * |sum| / h^2 of rounding beside h^2 of the fourth
/// derivative. f32: the way through the statistics subtracts numbers of nearly equal size.
constexpr test::Tolerance mixed_difference{1e-4, 2e-6};

/// F(numbers of the layer) = d/de of sum(signal * h(l + e direction)), and its differences.
struct Tangent {
  LayerReference layer;
  Matrix<double> signal, direction;

  static constexpr double step = 1e-4;

  void move(double by, const Window& window) {
    for (std::int64_t r = window.first_row; r < window.last_row; ++r) {
      for (std::int64_t c = 0; c < direction.cols; ++c) layer.linear(r, c) += by * direction(r, c);
    }
  }
  /// F restricted to the rows of the window.
  double value(const Window& window) {
    const Matrix<double> at = layer.linear;
    move(step, window);
    const double above = layer.objective(signal, window);
    layer.linear = at;
    move(-step, window);
    const double below = layer.objective(signal, window);
    layer.linear = at;
    return (above - below) / (2 * step);
  }
  /// dF by one of the layer's numbers.
  double by(double& number, const Window& window) {
    const double at = number;
    const auto value_at = [&](double x) {
      number = x;
      const double result = value(window);
      number = at;
      return result;
    };
    return (value_at(at + step) - value_at(at - step)) / (2 * step);
  }
  /// The derivative of h along the direction.
  Matrix<double> forward() {
    const Matrix<double> at = layer.linear;
    move(step, layer.everything());
    const Matrix<double> above = layer.forward();
    layer.linear = at;
    move(-step, layer.everything());
    Matrix<double> out = layer.forward();
    layer.linear = at;
    for (std::size_t i = 0; i < out.values.size(); ++i) {
      out.values[i] = (above.values[i] - out.values[i]) / (2 * step);
    }
    return out;
  }
};

/// Rows of at least 31 numbers: the deviation of a row is then near 1, and its fourth derivatives are small.
constexpr test::Shape shapes[] = {{33, 31}, {9, 64}, {8, 65}};

template <class T>
void check(const LayerReference& reference) {
  const std::int64_t rows = reference.linear.rows, cols = reference.linear.cols;
  Tangent tangent{reference, test::random_matrix(rows, cols, 7), test::random_matrix(rows, cols, 8)};
  const auto before = test::random_values(cols, 9);
  test::DeviceLayer<T> layer(2, reference);
  layer.forward();
  const DeviceMatrix<T> signal(layer.context, tangent.signal), linear(layer.context, tangent.direction),
      out(layer.context, rows, cols), extra(layer.context, rows, cols);
  const DeviceArray<T> weight(layer.context, before), offset(layer.context, before);
  layer_tangent<T>(layer.context, layer.form, layer.parameters(), layer.pass(), layer.linear, signal, linear,
                   out, extra, {{}, weight, offset});

  const double tolerance = mixed_difference.of<T>();
  test::expect_near(out.to_host(), tangent.forward(), tolerance);
  const Matrix<T> at_a = extra.to_host(), scaled = linear.to_host();
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < cols; ++c) {
      ASSERT_EQ(scaled(r, c), static_cast<T>(reference.scale * tangent.direction(r, c)));
      const double expected = tangent.by(tangent.layer.linear(r, c), reference.reach(r, c)) / reference.scale;
      ASSERT_NEAR(at_a(r, c), expected, tolerance * std::max(4.0, std::abs(expected)))
          << "row " << r << ", column " << c;
    }
  }
  std::vector<double> by_weight = before, by_offset = before;
  for (std::int64_t c = 0; c < cols; ++c) {
    by_weight[c] += tangent.by(tangent.layer.weight[c], reference.everything());
    by_offset[c] += tangent.by(tangent.layer.offset[c], reference.everything());
  }
  // Whole matrices are summed here, and their rounding is larger.
  test::expect_near(weight.to_host(), by_weight, 10 * tolerance, 4);
  test::expect_near(offset.to_host(), by_offset, 10 * tolerance, 4);
}

TYPED_TEST(LayerNormTangent, IsTheDifferenceOfForwardAndOfTheGradient) {
  for (Activation activation : {Activation::identity, Activation::leaky_relu, Activation::silu,
                                Activation::tanh, Activation::softplus}) {
    for (double dropout : {0.0, 0.3}) {
      for (const test::Shape& shape : shapes) {
        SCOPED_TRACE(fmt::format("activation {}, dropout {}, {} x {}", static_cast<int>(activation), dropout,
                                 shape.rows, shape.cols));
        LayerForm form;
        form.normalization = NormalizationLayer::layer;
        form.activation = activation;
        form.dropout = dropout;
        check<TypeParam>(LayerReference(form, 0.625, shape.rows, shape.cols));
        if (this->HasFatalFailure()) return;
      }
    }
  }
}

TYPED_TEST(LayerNormTangent, RefusesWhatDoesNotFit) {
  using T = TypeParam;
  LayerForm form;
  form.normalization = NormalizationLayer::layer;
  test::DeviceLayer<T> layer(1, LayerReference(form, 1, 4, 3));
  const DeviceMatrix<T> matrix(layer.context, 4, 3);
  const DeviceArray<T> two(layer.context, 2);
  const auto tangent = [&](const LayerParameters<T>& parameters, PassStatistics<T> statistics,
                           MatrixView<T> extra, LayerGradients<T> gradients) {
    LayerPass<T> pass = layer.pass();
    pass.statistics = statistics;
    layer_tangent<T>(layer.context, form, parameters, pass, matrix, matrix, matrix, matrix, extra, gradients);
  };
  const LayerParameters<T> fits = layer.parameters();
  EXPECT_THROW(tangent({}, layer.pass().statistics, matrix, {}), InternalError);
  EXPECT_THROW(tangent(fits, {two, two}, matrix, {}), InternalError);
  EXPECT_THROW(tangent(fits, layer.pass().statistics, {}, {}), InternalError) << "extra is needed";
  EXPECT_THROW(tangent(fits, layer.pass().statistics, matrix, {{}, two, {}}), InternalError);
  EXPECT_THROW(tangent(fits, layer.pass().statistics, matrix, {{}, {}, two}), InternalError);
}

}  // namespace
}  // namespace sparcell

// Layers as a whole against the formulas: the product by its definition, the rest as tests of ops/layer have
// it.
#include "sparcell/ops/linear.h"

#include "ops/layer_device.h"
#include "support/sparse.h"

namespace sparcell {
namespace {

using test::DeviceArray;
using test::DeviceLayer;
using test::DeviceMatrix;
using test::LayerReference;

template <class T>
struct Linear : test::OpTest<T> {};
TYPED_TEST_SUITE(Linear, test::Scalars);

struct Size {
  std::int64_t rows, terms, cols;
};
/// Around tiles of 128 rows, rounds of 64 terms (three at once), blocks of 4 features and parts of 256 terms,
/// and beyond what is computed at once.
constexpr Size sizes[] = {{2, 1, 1},    {9, 3, 5},     {8, 64, 4},    {33, 65, 7},
                          {128, 64, 3}, {129, 31, 6},  {256, 68, 2},  {9, 452, 2},
                          {9, 1000, 5}, {130, 515, 3}, {257, 130, 2}, {7, 1030, 3}};

/// a b, or a b^T.
Matrix<double> product(const Matrix<double>& a, const Matrix<double>& b, bool transposed) {
  const std::int64_t cols = transposed ? b.rows : b.cols;
  Matrix<double> out(a.rows, cols);
  for (std::int64_t r = 0; r < a.rows; ++r) {
    for (std::int64_t c = 0; c < cols; ++c) {
      for (std::int64_t k = 0; k < a.cols; ++k) out(r, c) += a(r, k) * (transposed ? b(c, k) : b(k, c));
    }
  }
  return out;
}

LayerForm form_of(NormalizationLayer normalization, Activation activation, double dropout) {
  LayerForm form;
  form.normalization = normalization;
  form.activation = activation;
  form.dropout = dropout;
  return form;
}

/// Numbers of a product whose sums are about 1.
Matrix<double> small_matrix(std::int64_t rows, std::int64_t cols, int seed, std::int64_t terms) {
  Matrix<double> out = test::random_matrix(rows, cols, seed);
  for (double& value : out.values) value /= std::sqrt(static_cast<double>(terms));
  return out;
}

/// What is remembered after a pass over the reference's rows.
template <class T>
void check_running(const LayerReference& reference, const DeviceLayer<T>& layer, double tolerance) {
  std::vector<double> mean = reference.running_mean, variance = reference.running_variance;
  const auto rows = static_cast<double>(reference.linear.rows);
  for (std::size_t c = 0; reference.form.training && c < mean.size(); ++c) {
    const auto s = reference.column_statistics(static_cast<std::int64_t>(c));
    mean[c] = 0.9 * mean[c] + 0.1 * s.mean;
    variance[c] = 0.9 * variance[c] + 0.1 * s.variance * rows / (rows - 1);
  }
  test::expect_near(layer.running_mean.to_host(), mean, tolerance);
  test::expect_near(layer.running_variance.to_host(), variance, tolerance);
}

/// What the way back finds of the batch.
template <class T>
void check_statistics(const LayerReference& reference, const DeviceLayer<T>& layer, double tolerance) {
  if (reference.form.normalization != NormalizationLayer::batch || !reference.form.training) return;
  std::vector<double> mean, inverse;
  for (std::int64_t c = 0; c < reference.linear.cols; ++c) {
    const auto s = reference.column_statistics(c);
    mean.push_back(s.mean);
    inverse.push_back(s.inverse_deviation());
  }
  test::expect_near(layer.mean.to_host(), mean, tolerance);
  test::expect_near(layer.inverse_deviation.to_host(), inverse, tolerance, test::scale_of(inverse));
}

template <class T>
void check_forward(const Size& size, const LayerForm& form, double scale) {
  const Matrix<double> input = test::random_matrix(size.rows, size.terms, 21),
                       weight = small_matrix(size.cols, size.terms, 22, size.terms);
  LayerReference reference(form, scale, size.rows, size.cols);
  reference.linear = product(input, weight, true);
  DeviceLayer<T> layer(2, reference);
  const DeviceMatrix<T> x(layer.context, input), w(layer.context, weight),
      linear(layer.context, size.rows, size.cols);
  const LayerPass<T> all = layer.pass();
  linear_forward<T>(layer.context, form, layer.parameters(), {layer.running_mean, layer.running_variance},
                    {&all, 1}, x, w, linear, layer.out);

  // The statistics of two nearly equal rows divide by what rounding has left of their difference.
  const double tolerance = 50 * test::long_sums.of<T>();
  test::expect_near(layer.out.to_host(), reference.forward(), tolerance);
  Matrix<double> a(size.rows, size.cols);
  for (std::int64_t r = 0; r < a.rows; ++r) {
    for (std::int64_t c = 0; c < a.cols; ++c) a(r, c) = reference.a(r, c);
  }
  test::expect_near(linear.to_host(), a, test::long_sums.of<T>(), 4);
  check_running(reference, layer, tolerance);
  check_statistics(reference, layer, tolerance);
}

template <class T>
void check_backward(const Size& size, const LayerForm& form, double scale) {
  const Matrix<double> grad_next = test::random_matrix(size.rows, size.terms, 21),
                       weight_next = small_matrix(size.terms, size.cols, 22, size.terms);
  LayerReference reference(form, scale, size.rows, size.cols);
  DeviceLayer<T> layer(2, reference);
  layer.forward();

  const bool normalized = form.normalization != NormalizationLayer::none;
  const std::vector<double> none, bias = test::random_values(size.cols, 8),
                                  before = test::random_values(size.cols, 9);
  const DeviceMatrix<T> g(layer.context, grad_next), w(layer.context, weight_next),
      grad(layer.context, size.rows, size.cols);
  const DeviceArray<T> grad_bias(layer.context, bias), grad_weight(layer.context, normalized ? before : none),
      grad_offset(layer.context, normalized ? before : none);
  const LayerPass<T> all = layer.pass();
  linear_backward<T>(layer.context, form, layer.parameters(), {&all, 1}, g, w, layer.linear, grad,
                     {grad_bias, grad_weight, grad_offset});

  auto expected = reference.gradients(product(grad_next, weight_next, false));
  const double tolerance = test::central_difference.of<T>();
  test::expect_near(grad.to_host(), expected.linear, tolerance, test::scale_of(expected.linear.values));
  const auto compare = [&](const DeviceArray<T>& got, std::vector<double> gradient,
                           const std::vector<double>& accumulated) {
    for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] += accumulated[i];
    test::expect_near(got.to_host(), gradient, tolerance, test::scale_of(gradient));
  };
  compare(grad_bias, expected.bias, bias);
  compare(grad_weight, expected.weight, before);
  compare(grad_offset, expected.offset, before);
}

template <class Use>
void for_each_case(Use&& use) {
  constexpr Activation activations[] = {Activation::identity, Activation::relu, Activation::leaky_relu,
                                        Activation::silu,     Activation::elu,  Activation::tanh,
                                        Activation::softplus};
  for (NormalizationLayer normalization :
       {NormalizationLayer::none, NormalizationLayer::batch, NormalizationLayer::layer}) {
    int which = 0;
    for (const Size& size : sizes) {
      for (Activation activation : activations) {
        // Every activation at every size; dropout and scale by turns.
        const double dropout = which % 2 == 0 ? 0 : 0.3, scale = which % 3 == 0 ? 1 : 0.625;
        ++which;
        if (size.rows > 64 && activation != Activation::silu && activation != Activation::relu) continue;
        SCOPED_TRACE(fmt::format("normalization {}, activation {}, dropout {}, scale {}, {} x {} by {}",
                                 static_cast<int>(normalization), static_cast<int>(activation), dropout,
                                 scale, size.rows, size.terms, size.cols));
        use(size, form_of(normalization, activation, dropout), scale);
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  }
}

TYPED_TEST(Linear, ForwardIsTheFormula) { for_each_case(check_forward<TypeParam>); }

TYPED_TEST(Linear, BackwardIsTheDifferenceOfForward) { for_each_case(check_backward<TypeParam>); }

TYPED_TEST(Linear, OfManyFeaturesIsTheFormula) {
  for (NormalizationLayer normalization : {NormalizationLayer::none, NormalizationLayer::batch}) {
    const LayerForm form = form_of(normalization, Activation::silu, 0.3);
    check_forward<TypeParam>({100, 5, 541}, form, 0.625);
    check_backward<TypeParam>({100, 5, 541}, form, 0.625);
  }
}

TYPED_TEST(Linear, OfASparseBatchIsThatOfTheDenseOne) {
  using T = TypeParam;
  for (NormalizationLayer normalization :
       {NormalizationLayer::none, NormalizationLayer::batch, NormalizationLayer::layer}) {
    for (const Size& size :
         {Size{2, 1, 1}, Size{9, 33, 5}, Size{130, 257, 6}, Size{257, 40, 4}, Size{2, 1, 17'001},
          Size{3, 3'060, 5}}) {  // the last weight fills 48 KiB of shared memory
      SCOPED_TRACE(fmt::format("normalization {}, {} x {} by {}", static_cast<int>(normalization), size.rows,
                               size.terms, size.cols));
      const LayerForm form = form_of(normalization, Activation::silu, 0.3);
      const Csr<double> cells = test::random_counts<double>(97, size.terms, 0.2, 1);
      const Matrix<double> all = test::dense(cells),
                           weight = small_matrix(size.terms, size.cols, 22, 50 * size.terms);
      std::vector<std::int32_t> order;
      Matrix<double> input(size.rows, size.terms);
      for (std::int64_t r = 0; r < size.rows; ++r) {
        order.push_back(static_cast<std::int32_t>(r * 10 % 97));
        for (std::int64_t g = 0; g < size.terms; ++g) input(r, g) = all(order.back(), g);
      }
      LayerReference reference(form, 0.625, size.rows, size.cols);
      reference.linear = product(input, weight, false);
      DeviceLayer<T> layer(2, reference);
      const test::DeviceCsr<T> x(layer.context, cells);
      const test::DeviceBatch rows(layer.context, order);
      const DeviceMatrix<T> w(layer.context, weight), linear(layer.context, size.rows, size.cols);
      const LayerPass<T> pass = layer.pass();
      sparse_linear_forward<T>(layer.context, form, layer.parameters(),
                               {layer.running_mean, layer.running_variance}, {&pass, 1}, x, rows, w, linear,
                               layer.out);
      const double tolerance = 50 * test::long_sums.of<T>();
      test::expect_near(layer.out.to_host(), reference.forward(), tolerance);
      check_running(reference, layer, tolerance);
      check_statistics(reference, layer, tolerance);
    }
  }
}

TYPED_TEST(Linear, EvaluationTakesRememberedStatistics) {
  LayerForm form = form_of(NormalizationLayer::batch, Activation::silu, 0.3);
  form.training = false;
  check_forward<TypeParam>({9, 33, 5}, form, 1);
  check_backward<TypeParam>({9, 33, 5}, form, 1);
}

TYPED_TEST(Linear, PassesStandForThemselves) {
  using T = TypeParam;
  const LayerForm form = form_of(NormalizationLayer::none, Activation::leaky_relu, 0.3);
  const LayerReference reference(form, 0.625, 12, 6);
  DeviceLayer<T> layer(1, reference), apart(1, reference);
  const DeviceMatrix<T> x(layer.context, test::random_matrix(12, 5, 21)),
      w(layer.context, test::random_matrix(6, 5, 22)), linear(layer.context, 12, 6),
      linear_apart(layer.context, 12, 6);
  LayerPass<T> first = layer.pass(), second = layer.pass();
  first.rows = 5, second.first = 5, second.rows = 7;
  const LayerPass<T> both[] = {first, second};
  linear_forward<T>(layer.context, form, layer.parameters(), {}, both, x, w, linear, layer.out);
  const MatrixView<const T> input = x;
  const MatrixView<T> l = linear_apart, out = apart.out;
  for (const LayerPass<T>& pass : both) {
    LayerPass<T> alone = pass;
    alone.first = 0;
    linear_forward<T>(apart.context, form, apart.parameters(), {}, {&alone, 1},
                      input.slice_rows(pass.first, pass.rows), w, l.slice_rows(pass.first, pass.rows),
                      out.slice_rows(pass.first, pass.rows));
  }
  const Matrix<T> got = layer.out.to_host(), expected = apart.out.to_host();
  for (std::size_t i = 0; i < got.values.size(); ++i)
    EXPECT_NEAR(got.values[i], expected.values[i], 10 * test::long_sums.of<T>()) << i;
}

TYPED_TEST(Linear, WithoutAnythingBehindItIsTheProduct) {
  using T = TypeParam;
  // The last ones: more blocks than multiprocessors, more than most grids have.
  for (const Size& size :
       {Size{9, 33, 5}, Size{257, 40, 4}, Size{3, 40, 700}, Size{100, 20, 700}, Size{2, 1, 17'001}}) {
    const Matrix<double> input = test::random_matrix(size.rows, size.terms, 21),
                         weight = small_matrix(size.cols, size.terms, 22, size.terms);
    Context context = test::test_context(2);
    const DeviceMatrix<T> x(context, input), w(context, weight), linear(context, size.rows, size.cols);
    const LayerPass<T> all{.rows = size.rows};
    linear_forward<T>(context, LayerForm{}, {}, {}, {&all, 1}, x, w, linear, linear);
    test::expect_near(linear.to_host(), product(input, weight, true), test::long_sums.of<T>(), 4);

    const Matrix<double> next = small_matrix(size.terms, size.cols, 23, size.terms);
    const DeviceMatrix<T> w_next(context, next), grad(context, size.rows, size.cols);
    linear_backward<T>(context, LayerForm{}, {}, {&all, 1}, x, w_next, {}, grad, {});
    test::expect_near(grad.to_host(), product(input, next, false), test::long_sums.of<T>(), 4);
  }
}

TYPED_TEST(Linear, WithoutAnythingBehindItHasTheGradientOfABias) {
  using T = TypeParam;
  for (const Size& size : {Size{9, 33, 5}, Size{257, 40, 4}, Size{130, 515, 3}, Size{100, 20, 700}}) {
    const Matrix<double> next = test::random_matrix(size.rows, size.terms, 21),
                         weight = small_matrix(size.terms, size.cols, 22, size.terms);
    const Matrix<double> expected = product(next, weight, false);
    const std::vector<double> before = test::random_values(size.cols, 23);
    std::vector<double> sums = before;
    double largest = 1;
    for (std::int64_t c = 0; c < size.cols; ++c) {
      double magnitudes = 0;
      for (std::int64_t r = 0; r < size.rows; ++r)
        sums[c] += expected(r, c), magnitudes += std::abs(expected(r, c));
      largest = std::max(largest, magnitudes);
    }
    Context context = test::test_context(2);
    const DeviceMatrix<T> g(context, next), w(context, weight), grad(context, size.rows, size.cols);
    const DeviceArray<T> bias(context, before);
    const LayerPass<T> all{.rows = size.rows};
    linear_backward<T>(context, LayerForm{}, {}, {&all, 1}, g, w, {}, grad,
                       {.bias = bias, .weight = {}, .offset = {}});
    test::expect_near(grad.to_host(), expected, test::long_sums.of<T>(), 4);
    test::expect_near(bias.to_host(), sums, test::long_sums.of<T>(), largest);
  }
}

TYPED_TEST(Linear, EmptyGradientsAreLeftOut) {
  using T = TypeParam;
  for (NormalizationLayer normalization : {NormalizationLayer::none, NormalizationLayer::batch}) {
    const LayerForm form = form_of(normalization, Activation::tanh, 0);
    DeviceLayer<T> layer(1, LayerReference(form, 1, 9, 6));
    layer.forward();
    const DeviceMatrix<T> g(layer.context, test::random_matrix(9, 5, 21)),
        w(layer.context, test::random_matrix(5, 6, 22)), with(layer.context, 9, 6),
        without(layer.context, 9, 6);
    const std::vector<double> zeros(6);
    const std::vector<double> none;
    const bool normalized = normalization != NormalizationLayer::none;
    const DeviceArray<T> bias(layer.context, zeros), weight(layer.context, normalized ? zeros : none),
        offset(layer.context, normalized ? zeros : none);
    const LayerPass<T> all = layer.pass();
    linear_backward<T>(layer.context, form, layer.parameters(), {&all, 1}, g, w, layer.linear, with,
                       {bias, weight, offset});
    linear_backward<T>(layer.context, form, layer.parameters(), {&all, 1}, g, w, layer.linear, without, {});
    EXPECT_EQ(with.to_host().values, without.to_host().values);
  }
}

TYPED_TEST(Linear, RefusesShapesThatDoNotFit) {
  using T = TypeParam;
  const LayerForm form = form_of(NormalizationLayer::none, Activation::relu, 0);
  DeviceLayer<T> layer(1, LayerReference(form, 1, 3, 4));
  const DeviceMatrix<T> x(layer.context, 3, 5), w(layer.context, 4, 5), other(layer.context, 5, 4);
  const LayerPass<T> all = layer.pass();
  EXPECT_THROW(linear_forward<T>(layer.context, form, layer.parameters(), {}, {&all, 1}, x, other,
                                 layer.linear, layer.out),
               InternalError);
  EXPECT_THROW(linear_backward<T>(layer.context, form, layer.parameters(), {&all, 1}, x, w, layer.linear,
                                  layer.out, {}),
               InternalError);
}

}  // namespace
}  // namespace sparcell

// Several passes in one call are what they are one by one: each with its own scale, statistics and dropout.
#include <deque>

#include "ops/layer_device.h"

namespace sparcell {
namespace {

using test::DeviceArray;
using test::DeviceMatrix;
using test::LayerReference;

template <class T>
struct LayerPasses : test::OpTest<T> {};
TYPED_TEST_SUITE(LayerPasses, test::Scalars);

constexpr double untouched = 7;

/// Passes of a matrix that has rows before, between and after them, each by the formulas of its own.
struct Passes {
  static constexpr std::int64_t counts[] = {5, 9, 2}, firsts[] = {13, 1, 11}, rows = 20;

  std::vector<LayerReference> of;
  std::vector<Matrix<double>> cotangents, extras;

  Passes(NormalizationLayer normalization, std::int64_t cols) {
    LayerForm form;
    form.normalization = normalization;
    form.activation = Activation::silu;
    form.dropout = 0.3;
    for (unsigned p = 0; p < 3; ++p) {
      of.emplace_back(form, 1 - 0.25 * p, counts[p], cols);
      of.back().linear = test::random_matrix(counts[p], cols, 20 + p);
      of.back().stream = RandomStream(11, Purpose::dropout, p);
      cotangents.push_back(test::random_matrix(counts[p], cols, 30 + p));
      extras.push_back(test::random_matrix(counts[p], cols, 40 + p));
    }
  }
  std::int64_t cols() const { return of.front().linear.cols; }
  /// The rows of part(p) in their places, the others `untouched`.
  template <class Part>
  Matrix<double> all(Part&& part) const {
    Matrix<double> out(rows, cols(), untouched);
    for (std::size_t p = 0; p < 3; ++p) {
      const Matrix<double> values = part(p);
      for (std::int64_t r = 0; r < counts[p]; ++r) {
        for (std::int64_t c = 0; c < cols(); ++c) out(firsts[p] + r, c) = values(r, c);
      }
    }
    return out;
  }
  /// As PyTorch moves them: by one pass after the other.
  std::vector<double> running_mean() const {
    std::vector<double> mean = of.front().running_mean;
    for (const LayerReference& pass : of) {
      for (std::int64_t c = 0; c < cols(); ++c)
        mean[c] = 0.9 * mean[c] + 0.1 * pass.column_statistics(c).mean;
    }
    return mean;
  }
};

template <class T>
void check(NormalizationLayer normalization, std::int64_t cols) {
  SCOPED_TRACE(fmt::format("normalization {}, {} columns", static_cast<int>(normalization), cols));
  Passes reference(normalization, cols);
  const bool normalized = normalization != NormalizationLayer::none;
  const bool batch = normalization == NormalizationLayer::batch;
  Context context = test::test_context();
  const LayerReference& layer = reference.of.front();
  const DeviceArray<T> scales(context, std::vector<double>{1, 0.75, 0.5}), bias(context, layer.bias),
      weight(context, layer.weight), offset(context, layer.offset), running_mean(context, layer.running_mean),
      running_variance(context, layer.running_variance);
  std::deque<DeviceArray<T>> statistics;
  std::deque<DeviceMatrix<T>> extras;
  std::vector<LayerPass<T>> passes;
  for (std::size_t p = 0; p < 3; ++p) {
    const std::int64_t size = batch ? cols : normalized ? Passes::counts[p] : 0;
    const auto& mean = statistics.emplace_back(context, size);
    const auto& inverse_deviation = statistics.emplace_back(context, size);
    passes.push_back({.first = Passes::firsts[p],
                      .rows = Passes::counts[p],
                      .dropout = reference.of[p].stream,
                      .scale = scales.data() + p,
                      .statistics = {mean, inverse_deviation}});
  }
  const DeviceMatrix<T> linear(context, reference.all([&](std::size_t p) { return reference.of[p].linear; })),
      out(context, Matrix<double>(Passes::rows, cols, untouched));
  const LayerParameters<T> parameters{bias, weight, offset};
  layer_forward<T>(context, layer.form, parameters, {running_mean, running_variance}, passes, linear, out);
  const double tolerance = std::is_same_v<T, float> ? 2e-4 : 4e-13;  // of two rows, see forward_tolerance
  test::expect_near(out.to_host(), reference.all([&](std::size_t p) { return reference.of[p].forward(); }),
                    tolerance);
  if (batch) test::expect_near(running_mean.to_host(), reference.running_mean(), test::elementary.of<T>());

  // The second pass has an extra gradient; the third does not come back.
  if (!batch) passes[1].extra = extras.emplace_back(context, reference.extras[1]).view();
  passes.pop_back();
  const DeviceMatrix<T> grad(context, reference.all([&](std::size_t p) { return reference.cotangents[p]; }));
  const std::vector<double> zeros(static_cast<std::size_t>(cols)), none;
  const DeviceArray<T> grad_bias(context, zeros), grad_weight(context, normalized ? zeros : none),
      grad_offset(context, normalized ? zeros : none);
  layer_backward<T>(context, layer.form, parameters, passes, linear, grad, grad,
                    {grad_bias, grad_weight, grad_offset});
  std::vector<double> by_bias = zeros, by_weight = zeros, by_offset = zeros;
  const Matrix<double> expected = reference.all([&](std::size_t p) {
    if (p == 2) return reference.cotangents[p];
    auto gradients = reference.of[p].gradients(reference.cotangents[p]);
    for (std::int64_t c = 0; c < cols; ++c) {
      by_bias[c] += gradients.bias[c];
      if (normalized) by_weight[c] += gradients.weight[c], by_offset[c] += gradients.offset[c];
      for (std::int64_t r = 0; p == 1 && !batch && r < Passes::counts[p]; ++r) {
        gradients.linear(r, c) += reference.of[p].scale * reference.extras[p](r, c);
        by_bias[c] += reference.extras[p](r, c);
      }
    }
    return gradients.linear;
  });
  const double difference = test::central_difference.of<T>();
  test::expect_near(grad.to_host(), expected, difference, test::scale_of(expected.values));
  test::expect_near(grad_bias.to_host(), by_bias, difference, test::scale_of(by_bias));
  if (!normalized) return;
  test::expect_near(grad_weight.to_host(), by_weight, difference, test::scale_of(by_weight));
  test::expect_near(grad_offset.to_host(), by_offset, difference, test::scale_of(by_offset));
}

TYPED_TEST(LayerPasses, AreWhatTheyAreOneByOne) {
  for (std::int64_t cols : {1, 33, 64}) {
    for (NormalizationLayer normalization :
         {NormalizationLayer::none, NormalizationLayer::batch, NormalizationLayer::layer}) {
      check<TypeParam>(normalization, cols);
    }
  }
}

TYPED_TEST(LayerPasses, EvaluationLeavesOtherRowsAlone) {
  using T = TypeParam;
  LayerForm form;
  form.normalization = NormalizationLayer::batch;
  form.training = false;
  const LayerReference reference(form, 1, 4, 33);
  test::DeviceLayer<T> layer(1, reference);
  const Matrix<double> before(9, 33, untouched);
  const DeviceMatrix<T> linear(layer.context, before), out(layer.context, before);
  std::vector<LayerPass<T>> passes(2, layer.pass());
  passes[0].first = 5, passes[1].rows = 0;
  layer_forward<T>(layer.context, form, layer.parameters(), {layer.running_mean, layer.running_variance},
                   passes, linear, out);
  const Matrix<T> got = out.to_host();
  for (std::int64_t r : {0, 4}) EXPECT_EQ(got(r, 32), T(untouched));
  for (std::int64_t r : {5, 8}) EXPECT_NE(got(r, 32), T(untouched));
}

}  // namespace
}  // namespace sparcell

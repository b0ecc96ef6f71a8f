// Forward and backward passes of a layer against its formulas; the tangent pass is in layer_tangent_test.cpp.
#include "sparcell/ops/layer.h"

#include "ops/layer_device.h"

namespace sparcell {
namespace {

using test::DeviceArray;
using test::DeviceLayer;
using test::DeviceMatrix;
using test::LayerReference;

template <class T>
struct Layer : test::OpTest<T> {};
TYPED_TEST_SUITE(Layer, test::Scalars);

constexpr NormalizationLayer normalizations[] = {NormalizationLayer::none, NormalizationLayer::batch,
                                                 NormalizationLayer::layer};

/// Batch statistics of two nearly equal rows divide by what rounding has left of their difference.
template <class T>
constexpr double forward_tolerance = std::is_same_v<T, float> ? 2e-5 : 4e-14;

template <class T>
void check_forward(const LayerReference& reference) {
  DeviceLayer<T> layer(2, reference), alone(1, reference);
  layer.forward();
  alone.forward();
  const Matrix<T> out = layer.out.to_host();
  test::expect_near(out, reference.forward(), forward_tolerance<T>);
  ASSERT_EQ(out.values, alone.out.to_host().values) << "one and two threads differ";

  Matrix<double> a(reference.linear.rows, reference.linear.cols);
  for (std::int64_t r = 0; r < a.rows; ++r) {
    for (std::int64_t c = 0; c < a.cols; ++c) a(r, c) = reference.a(r, c);
  }
  test::expect_near(layer.linear.to_host(), a, test::few_roundings.of<T>());
}

template <class T>
void check_backward(LayerReference reference) {
  const std::int64_t rows = reference.linear.rows, cols = reference.linear.cols;
  const auto cotangent = test::random_matrix(rows, cols, 7);
  DeviceLayer<T> layer(2, reference);
  layer.forward();

  const auto bias = test::random_values(cols, 8), weight = test::random_values(cols, 9),
             offset = test::random_values(cols, 10);
  const bool normalized = reference.form.normalization != NormalizationLayer::none;
  const std::vector<double> none;
  const DeviceMatrix<T> grad_out(layer.context, cotangent), grad_linear(layer.context, rows, cols);
  const DeviceArray<T> grad_bias(layer.context, bias), grad_weight(layer.context, normalized ? weight : none),
      grad_offset(layer.context, normalized ? offset : none);
  layer.backward(grad_out, grad_linear, {grad_bias, grad_weight, grad_offset});

  auto expected = reference.gradients(cotangent);
  const double tolerance = test::central_difference.of<T>();
  test::expect_near(grad_linear.to_host(), expected.linear, tolerance,
                    test::scale_of(expected.linear.values));
  // Parameter gradients accumulate: what was there before comes on top.
  const auto compare = [&](const DeviceArray<T>& got, std::vector<double> gradient,
                           const std::vector<double>& before) {
    for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] += before[i];
    test::expect_near(got.to_host(), gradient, tolerance, test::scale_of(gradient));
  };
  compare(grad_bias, expected.bias, bias);
  compare(grad_weight, expected.weight, weight);
  compare(grad_offset, expected.offset, offset);
}

TYPED_TEST(Layer, ForwardIsTheFormula) {
  for (NormalizationLayer normalization : normalizations) {
    test::for_each_layer(normalization, check_forward<TypeParam>);
  }
}

TYPED_TEST(Layer, BackwardWithoutNormalizationIsTheDifferenceOfForward) {
  test::for_each_layer(NormalizationLayer::none, check_backward<TypeParam>);
}

TYPED_TEST(Layer, BackwardOfBatchNormalizationIsTheDifferenceOfForward) {
  test::for_each_layer(NormalizationLayer::batch, check_backward<TypeParam>);
}

TYPED_TEST(Layer, BackwardOfLayerNormalizationIsTheDifferenceOfForward) {
  test::for_each_layer(NormalizationLayer::layer, check_backward<TypeParam>);
}

LayerForm form_of(NormalizationLayer normalization, double dropout = 0) {
  LayerForm form;
  form.normalization = normalization;
  form.activation = Activation::silu;
  form.dropout = dropout;
  return form;
}

TYPED_TEST(Layer, OfMoreRowsOrColumnsThanSharedMemoryHolds) {
  check_forward<TypeParam>(LayerReference(form_of(NormalizationLayer::batch, 0.3), 0.625, 1009, 5));
  check_backward<TypeParam>(LayerReference(form_of(NormalizationLayer::batch, 0.3), 0.625, 1009, 5));
  check_forward<TypeParam>(LayerReference(form_of(NormalizationLayer::layer, 0.3), 0.625, 3, 3001));
}

TYPED_TEST(Layer, EvaluationTakesRememberedStatisticsAndDropsNothing) {
  for (NormalizationLayer normalization : normalizations) {
    LayerForm form = form_of(normalization, 0.5);
    form.training = false;
    for (const test::Shape& shape : {test::Shape{1, 65}, test::Shape{9, 64}}) {
      check_forward<TypeParam>(LayerReference(form, 1, shape.rows, shape.cols));
      check_backward<TypeParam>(LayerReference(form, 0.625, shape.rows, shape.cols));
    }
  }
}

TYPED_TEST(Layer, BatchNormalizationRemembersAsPyTorchDoes) {
  for (bool training : {true, false}) {
    LayerForm form = form_of(NormalizationLayer::batch);
    form.training = training;
    const LayerReference reference(form, 1, 33, 65);
    DeviceLayer<TypeParam> layer(1, reference);
    layer.forward();
    std::vector<double> mean = reference.running_mean, variance = reference.running_variance, inverse;
    for (std::int64_t c = 0; c < 65; ++c) {
      const auto s = reference.column_statistics(c);
      if (training) {
        mean[c] = 0.9 * mean[c] + 0.1 * s.mean;
        variance[c] = 0.9 * variance[c] + 0.1 * s.variance * 33 / 32;  // unbiased
      }
      inverse.push_back(reference.batch_statistics(c).inverse_deviation());
    }
    const double tolerance = test::elementary.of<TypeParam>();
    test::expect_near(layer.running_mean.to_host(), mean, tolerance);
    test::expect_near(layer.running_variance.to_host(), variance, tolerance);
    test::expect_near(layer.inverse_deviation.to_host(), inverse, tolerance);
  }
}

TYPED_TEST(Layer, ExtraIsAddedToTheGradientAtA) {
  using T = TypeParam;
  const LayerReference reference(form_of(NormalizationLayer::none, 0.3), 0.625, 33, 65);
  const auto cotangent = test::random_matrix(33, 65, 7), more = test::random_matrix(33, 65, 8);
  DeviceLayer<T> layer(2, reference);
  layer.forward();
  const DeviceMatrix<T> grad_out(layer.context, cotangent), extra(layer.context, more),
      grad(layer.context, 33, 65);
  const DeviceArray<T> bias(layer.context, std::vector<double>(65));
  layer.backward(grad_out, grad, {bias, {}, {}}, extra);
  auto expected = LayerReference(reference).gradients(cotangent);
  for (std::int64_t r = 0; r < 33; ++r) {
    for (std::int64_t c = 0; c < 65; ++c) {
      expected.linear(r, c) += 0.625 * more(r, c);
      expected.bias[c] += more(r, c);
    }
  }
  test::expect_near(grad.to_host(), expected.linear, test::central_difference.of<T>());
  test::expect_near(bias.to_host(), expected.bias, test::central_difference.of<T>(),
                    test::scale_of(expected.bias));
}

TYPED_TEST(Layer, GradientMayOverwriteWhereItCameFrom) {
  using T = TypeParam;
  for (NormalizationLayer normalization : normalizations) {
    DeviceLayer<T> layer(2, LayerReference(form_of(normalization, 0.3), 0.625, 33, 65));
    layer.forward();
    const DeviceMatrix<T> apart(layer.context, 33, 65), before(layer.context, test::random_matrix(33, 65, 7)),
        same(layer.context, test::random_matrix(33, 65, 7));
    layer.backward(before, apart, {});
    layer.backward(same, same, {});
    EXPECT_EQ(apart.to_host().values, same.to_host().values);
  }
}

TYPED_TEST(Layer, EmptyParameterGradientsAreLeftOut) {
  using T = TypeParam;
  for (NormalizationLayer normalization : {NormalizationLayer::batch, NormalizationLayer::layer}) {
    DeviceLayer<T> layer(2, LayerReference(form_of(normalization), 1, 33, 65));
    layer.forward();
    const DeviceMatrix<T> grad_out(layer.context, test::random_matrix(33, 65, 7)),
        grad(layer.context, 33, 65);
    const std::vector<double> zeros(65);
    const DeviceArray<T> bias(layer.context, zeros), weight(layer.context, zeros),
        offset(layer.context, zeros);
    const DeviceArray<T> lone_bias(layer.context, zeros), lone_weight(layer.context, zeros),
        lone_offset(layer.context, zeros);
    for (const LayerGradients<T>& gradients :
         {LayerGradients<T>{bias, weight, offset}, LayerGradients<T>{lone_bias, {}, {}},
          LayerGradients<T>{{}, lone_weight, {}}, LayerGradients<T>{{}, {}, lone_offset}}) {
      layer.backward(grad_out, grad, gradients);
    }
    EXPECT_EQ(bias.to_host(), lone_bias.to_host());
    EXPECT_EQ(weight.to_host(), lone_weight.to_host());
    EXPECT_EQ(offset.to_host(), lone_offset.to_host());
  }
}

TYPED_TEST(Layer, AnIdentityMayWorkInPlace) {
  using T = TypeParam;
  LayerForm form;
  const LayerReference reference(form, 0.625, 9, 65);
  DeviceLayer<T> layer(1, reference);
  layer.forward_to(layer.linear);
  test::expect_near(layer.linear.to_host(), reference.forward(), test::few_roundings.of<T>());
}

TYPED_TEST(Layer, WithoutParametersLeavesTheInputAsItIs) {
  using T = TypeParam;
  Context context = test::test_context();
  const auto x = test::random_matrix(3, 65, 1);
  const DeviceMatrix<T> linear(context, x), out(context, 3, 65);
  const LayerPass<T> all{.first = 0, .rows = 3};
  layer_forward<T>(context, LayerForm{}, LayerParameters<T>{}, {}, {&all, 1}, linear, out);
  test::expect_near(out.to_host(), x, 0);
  test::expect_near(linear.to_host(), x, 0);
}

TYPED_TEST(Layer, DropoutDrawsNewMasksFromStepToStep) {
  using T = TypeParam;
  Context context = test::test_context();
  const Matrix<double> ones(33, 65, 1.0);
  const DeviceArray<std::int64_t> step(context, std::vector<std::int64_t>{5});
  LayerForm form;
  form.dropout = 0.3;
  const auto mask = [&](RandomStream stream) {
    const LayerPass<T> all{.first = 0, .rows = 33, .dropout = stream};
    const DeviceMatrix<T> linear(context, ones), out(context, 33, 65);
    layer_forward<T>(context, form, LayerParameters<T>{}, {}, {&all, 1}, linear, out);
    return out.to_host().values;
  };
  const auto at_five = mask(RandomStream(1, Purpose::dropout, 0, step.data()));
  EXPECT_EQ(at_five, mask(RandomStream(1, Purpose::dropout, 0, nullptr, 5)));
  EXPECT_NE(at_five, mask(RandomStream(1, Purpose::dropout, 0, nullptr, 6)));
  const double kept =
      static_cast<double>(std::count_if(at_five.begin(), at_five.end(), [](T v) { return v > 0; }));
  EXPECT_NEAR(kept / 2145, 0.7, 4 * std::sqrt(0.21 / 2145));  // four standard errors
}

TYPED_TEST(Layer, OfNoRowsOrColumnsIsNothing) {
  for (NormalizationLayer normalization : {NormalizationLayer::none, NormalizationLayer::layer}) {
    check_forward<TypeParam>(LayerReference(form_of(normalization), 0.625, 0, 3));
    check_backward<TypeParam>(LayerReference(form_of(normalization), 0.625, 0, 3));
    check_forward<TypeParam>(LayerReference(form_of(normalization), 0.625, 3, 0));
    check_backward<TypeParam>(LayerReference(form_of(normalization), 0.625, 3, 0));
  }
}

}  // namespace
}  // namespace sparcell

// A layer on the device, with the numbers of its reference.
#pragma once

#include "ops/layer_reference.h"

namespace sparcell::test {

template <class T>
struct DeviceLayer {
  Context context;
  LayerForm form;
  bool scaled;
  DeviceArray<T> scale, bias, weight, offset, running_mean, running_variance;
  DeviceArray<T> mean, inverse_deviation;  // statistics, poisoned
  DeviceMatrix<T> linear, out;

  DeviceLayer(int threads, const LayerReference& reference)
      : context(test_context(threads)),
        form(reference.form),
        scaled(reference.scale != 1),
        scale(context, std::vector<double>{reference.scale}),
        bias(context, reference.bias),
        weight(context, reference.weight),
        offset(context, reference.offset),
        running_mean(context, reference.running_mean),
        running_variance(context, reference.running_variance),
        mean(context, statistics_size(reference)),
        inverse_deviation(context, statistics_size(reference)),
        linear(context, reference.linear),
        out(context, reference.linear.rows, reference.linear.cols) {}

  LayerParameters<T> parameters() const { return {scaled ? scale.data() : nullptr, bias, weight, offset}; }
  PassStatistics<T> statistics() const { return {mean, inverse_deviation}; }

  void forward() {
    layer_forward<T>(context, form, parameters(), {running_mean, running_variance}, statistics(), linear,
                     out);
  }

 private:
  static std::int64_t statistics_size(const LayerReference& reference) {
    switch (reference.form.normalization) {
      case NormalizationLayer::batch:
        return reference.linear.cols;
      case NormalizationLayer::layer:
        return reference.linear.rows;
      default:
        return 0;
    }
  }
};

/// Every combination of a layer's parts, on shapes around the edges of slabs.
struct Shape {
  std::int64_t rows, cols;
};
inline constexpr Shape layer_shapes[] = {{2, 1}, {33, 31}, {8, 63}, {9, 64}, {8, 65}, {3, 257}, {257, 3}};

template <class Use>
void for_each_layer(NormalizationLayer normalization, Use&& use) {
  for (Activation activation : {Activation::identity, Activation::relu, Activation::leaky_relu,
                                Activation::silu, Activation::elu, Activation::tanh, Activation::softplus}) {
    for (double dropout : {0.0, 0.3}) {
      for (double scale : {1.0, 0.625}) {
        for (const Shape& shape : layer_shapes) {
          SCOPED_TRACE(fmt::format("normalization {}, activation {}, dropout {}, scale {}, {} x {}",
                                   static_cast<int>(normalization), static_cast<int>(activation), dropout,
                                   scale, shape.rows, shape.cols));
          LayerForm form;
          form.normalization = normalization;
          form.activation = activation;
          form.dropout = dropout;
          form.stream = RandomStream(11, Purpose::dropout, 3);
          use(LayerReference(form, scale, shape.rows, shape.cols));
          if (testing::Test::HasFatalFailure()) return;
        }
      }
    }
  }
}

}  // namespace sparcell::test

// A layer on the device, with the numbers of its reference.
#pragma once

#include "ops/layer_reference.h"

namespace sparcell::test {

template <class T>
struct DeviceLayer {
  Context context;
  LayerForm form;
  RandomStream stream;
  bool scaled;
  DeviceArray<T> scale, bias, weight, offset, running_mean, running_variance;
  DeviceArray<T> mean, inverse_deviation;  // statistics, poisoned
  DeviceMatrix<T> linear, out;

  DeviceLayer(int threads, const LayerReference& reference)
      : context(test_context(threads)),
        form(reference.form),
        stream(reference.stream),
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

  LayerParameters<T> parameters() const { return {bias, weight, offset}; }
  /// All rows as one pass.
  LayerPass<T> pass(MatrixView<const T> extra = {}) const {
    return {.first = 0,
            .rows = linear.view().rows,
            .dropout = stream,
            .scale = scaled ? scale.data() : nullptr,
            .statistics = {mean, inverse_deviation},
            .extra = extra};
  }

  void forward() { forward_to(out); }
  void forward_to(const DeviceMatrix<T>& to) {
    const LayerPass<T> all = pass();
    layer_forward<T>(context, form, parameters(), {running_mean, running_variance}, {&all, 1}, linear, to);
  }
  void backward(const DeviceMatrix<T>& grad_out, const DeviceMatrix<T>& grad_linear,
                LayerGradients<T> gradients, MatrixView<const T> extra = {}) {
    const LayerPass<T> all = pass(extra);
    layer_backward<T>(context, form, parameters(), {&all, 1}, linear, grad_out, grad_linear, gradients);
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
          use(LayerReference(form, scale, shape.rows, shape.cols));
          if (testing::Test::HasFatalFailure()) return;
        }
      }
    }
  }
}

}  // namespace sparcell::test

#include "sparcell/ops/layer.h"

#include "ops/dispatch.h"

namespace sparcell {
namespace {

template <class T>
bool same_shape(MatrixView<const T> a, MatrixView<const T> b) {
  return a.rows == b.rows && a.cols == b.cols;
}

template <class T>
void check_parameters(const char* op, const LayerForm& form, const LayerParameters<T>& parameters,
                      PassStatistics<T> statistics, std::int64_t rows, std::int64_t cols) {
  const auto fits = [](auto span, std::int64_t size) {
    return static_cast<std::int64_t>(span.size()) == size;
  };
  require(parameters.bias.empty() || fits(parameters.bias, cols), "{}: {} biases for {} features", op,
          parameters.bias.size(), cols);
  if (form.normalization == NormalizationLayer::none) return;
  require(fits(parameters.weight, cols) && fits(parameters.offset, cols),
          "{}: {} weights and {} offsets for {} features", op, parameters.weight.size(),
          parameters.offset.size(), cols);
  const std::int64_t expected = form.normalization == NormalizationLayer::batch ? cols : rows;
  require(static_cast<std::int64_t>(statistics.mean.size()) >= expected &&
              static_cast<std::int64_t>(statistics.inverse_deviation.size()) >= expected,
          "{}: room for {} statistics, expected {}", op, statistics.mean.size(), expected);
}

template <class T>
void check_gradients(const char* op, const LayerForm& form, LayerGradients<T> gradients, std::int64_t cols) {
  const auto fits = [](std::span<T> span, std::int64_t size) {
    return span.empty() || static_cast<std::int64_t>(span.size()) == size;
  };
  const std::int64_t normalized = form.normalization == NormalizationLayer::none ? 0 : cols;
  require(
      fits(gradients.bias, cols) && fits(gradients.weight, normalized) && fits(gradients.offset, normalized),
      "{}: gradients of {} biases, {} weights and {} offsets for {} features", op, gradients.bias.size(),
      gradients.weight.size(), gradients.offset.size(), cols);
}

}  // namespace

template <class T>
void layer_forward(Context& context, const LayerForm& form, const LayerParameters<T>& parameters,
                   RunningStatistics<T> running, PassStatistics<T> statistics, MatrixView<T> linear,
                   MatrixView<T> out) {
  require(same_shape<T>(linear, out), "layer_forward: {} x {} goes to {} x {}", linear.rows, linear.cols,
          out.rows, out.cols);
  check_parameters("layer_forward", form, parameters, statistics, linear.rows, linear.cols);
  if (form.normalization == NormalizationLayer::batch) {
    require(static_cast<std::int64_t>(running.mean.size()) == linear.cols &&
                static_cast<std::int64_t>(running.variance.size()) == linear.cols,
            "layer_forward: {} running means and {} variances for {} features", running.mean.size(),
            running.variance.size(), linear.cols);
    require(!form.training || linear.rows >= 2, "layer_forward: batch normalization needs 2 rows, not {}",
            linear.rows);
  }
  if (linear.size() == 0) return;
  SPARCELL_DISPATCH(layer_forward, context, form, parameters, running, statistics, linear, out);
}
SPARCELL_INSTANTIATE(layer_forward);

template <class T>
void layer_backward(Context& context, const LayerForm& form, const LayerParameters<T>& parameters,
                    PassStatistics<T> statistics, MatrixView<const T> a, MatrixView<const T> grad_out,
                    MatrixView<const T> extra, MatrixView<T> grad_linear, LayerGradients<T> gradients) {
  require(same_shape<T>(a, grad_out) && same_shape<T>(a, grad_linear) &&
              (extra.data == nullptr || same_shape<T>(a, extra)),
          "layer_backward: a is {} x {}, grad_out {} x {}, grad_linear {} x {}", a.rows, a.cols,
          grad_out.rows, grad_out.cols, grad_linear.rows, grad_linear.cols);
  check_parameters("layer_backward", form, parameters, statistics, a.rows, a.cols);
  check_gradients("layer_backward", form, gradients, a.cols);
  require(extra.data == nullptr || form.normalization != NormalizationLayer::batch,
          "layer_backward: an extra gradient needs a layer without batch normalization");
  if (a.size() == 0) return;
  SPARCELL_DISPATCH(layer_backward, context, form, parameters, statistics, a, grad_out, extra, grad_linear,
                    gradients);
}
SPARCELL_INSTANTIATE(layer_backward);

template <class T>
void layer_tangent(Context& context, const LayerForm& form, const LayerParameters<T>& parameters,
                   PassStatistics<T> statistics, MatrixView<const T> a, MatrixView<const T> signal,
                   MatrixView<T> tangent_linear, MatrixView<T> tangent, MatrixView<T> extra,
                   LayerGradients<T> gradients) {
  require(form.normalization != NormalizationLayer::batch,
          "layer_tangent: the layer has batch normalization");
  require(same_shape<T>(a, signal) && same_shape<T>(a, tangent_linear) && same_shape<T>(a, tangent) &&
              (extra.data == nullptr || same_shape<T>(a, extra)),
          "layer_tangent: a is {} x {}, signal {} x {}, tangent {} x {}", a.rows, a.cols, signal.rows,
          signal.cols, tangent.rows, tangent.cols);
  check_parameters("layer_tangent", form, parameters, statistics, a.rows, a.cols);
  check_gradients("layer_tangent", form, gradients, a.cols);
  require(extra.data != nullptr || form.normalization == NormalizationLayer::none,
          "layer_tangent: layer normalization sends a gradient back to a, and `extra` is empty");
  if (a.size() == 0) return;
  SPARCELL_DISPATCH(layer_tangent, context, form, parameters, statistics, a, signal, tangent_linear, tangent,
                    extra, gradients);
}
SPARCELL_INSTANTIATE(layer_tangent);

}  // namespace sparcell

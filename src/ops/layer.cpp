#include "sparcell/ops/layer.h"

namespace sparcell {
namespace {

template <class T>
bool same_shape(MatrixView<const T> a, MatrixView<const T> b) {
  return a.rows == b.rows && a.cols == b.cols;
}

template <class T>
void check_parameters(const char* op, const LayerForm& form, const LayerParameters<T>& parameters,
                      std::int64_t cols) {
  const auto fits = [&](std::span<const T> span) { return static_cast<std::int64_t>(span.size()) == cols; };
  require(parameters.bias.empty() || fits(parameters.bias), "{}: {} biases for {} features", op,
          parameters.bias.size(), cols);
  if (form.normalization == NormalizationLayer::none) return;
  require(fits(parameters.weight) && fits(parameters.offset), "{}: {} weights and {} offsets for {} features",
          op, parameters.weight.size(), parameters.offset.size(), cols);
}

template <class T>
void check_passes(const char* op, const LayerForm& form, std::span<const LayerPass<T>> passes,
                  std::int64_t rows, std::int64_t cols) {
  require(passes.size() <= most_layer_passes, "{}: {} passes at once, at most {}", op, passes.size(),
          most_layer_passes);
  for (const LayerPass<T>& pass : passes) {
    require(pass.first >= 0 && pass.rows >= 0 && pass.first + pass.rows <= rows,
            "{}: a pass of {} rows from {} on, of {} rows", op, pass.rows, pass.first, rows);
    require(pass.extra.data == nullptr || (pass.extra.rows == pass.rows && pass.extra.cols == cols),
            "{}: an extra gradient of {} x {} for {} x {}", op, pass.extra.rows, pass.extra.cols, pass.rows,
            cols);
    if (form.normalization == NormalizationLayer::none) continue;
    const std::int64_t expected = form.normalization == NormalizationLayer::batch ? cols : pass.rows;
    require(static_cast<std::int64_t>(pass.statistics.mean.size()) >= expected &&
                static_cast<std::int64_t>(pass.statistics.inverse_deviation.size()) >= expected,
            "{}: room for {} statistics, expected {}", op, pass.statistics.mean.size(), expected);
  }
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
                   RunningStatistics<T> running, std::span<const LayerPass<T>> passes, MatrixView<T> linear,
                   MatrixView<T> out) {
  require(same_shape<T>(linear, out), "layer_forward: {} x {} goes to {} x {}", linear.rows, linear.cols,
          out.rows, out.cols);
  check_parameters("layer_forward", form, parameters, linear.cols);
  check_passes("layer_forward", form, passes, linear.rows, linear.cols);
  if (form.normalization == NormalizationLayer::batch) {
    require(static_cast<std::int64_t>(running.mean.size()) == linear.cols &&
                static_cast<std::int64_t>(running.variance.size()) == linear.cols,
            "layer_forward: {} running means and {} variances for {} features", running.mean.size(),
            running.variance.size(), linear.cols);
    for (const LayerPass<T>& pass : passes) {
      require(!form.training || pass.rows >= 2, "layer_forward: batch normalization needs 2 rows, not {}",
              pass.rows);
    }
  }
  if (linear.size() == 0) return;
  SPARCELL_DISPATCH(layer_forward, context, form, parameters, running, passes, linear, out);
}
SPARCELL_INSTANTIATE(layer_forward);

template <class T>
void layer_backward(Context& context, const LayerForm& form, const LayerParameters<T>& parameters,
                    std::span<const LayerPass<T>> passes, MatrixView<const T> a, MatrixView<const T> grad_out,
                    MatrixView<T> grad_linear, LayerGradients<T> gradients) {
  require(same_shape<T>(a, grad_out) && same_shape<T>(a, grad_linear),
          "layer_backward: a is {} x {}, grad_out {} x {}, grad_linear {} x {}", a.rows, a.cols,
          grad_out.rows, grad_out.cols, grad_linear.rows, grad_linear.cols);
  check_parameters("layer_backward", form, parameters, a.cols);
  check_passes("layer_backward", form, passes, a.rows, a.cols);
  check_gradients("layer_backward", form, gradients, a.cols);
  for (const LayerPass<T>& pass : passes) {
    require(pass.extra.data == nullptr || form.normalization != NormalizationLayer::batch,
            "layer_backward: an extra gradient needs a layer without batch normalization");
  }
  if (a.size() == 0) return;
  SPARCELL_DISPATCH(layer_backward, context, form, parameters, passes, a, grad_out, grad_linear, gradients);
}
SPARCELL_INSTANTIATE(layer_backward);

template <class T>
void layer_tangent(Context& context, const LayerForm& form, const LayerParameters<T>& parameters,
                   const LayerPass<T>& pass, MatrixView<const T> a, MatrixView<const T> signal,
                   MatrixView<T> tangent_linear, MatrixView<T> tangent, MatrixView<T> extra,
                   LayerGradients<T> gradients) {
  require(form.normalization != NormalizationLayer::batch,
          "layer_tangent: the layer has batch normalization");
  require(same_shape<T>(a, signal) && same_shape<T>(a, tangent_linear) && same_shape<T>(a, tangent) &&
              (extra.data == nullptr || same_shape<T>(a, extra)),
          "layer_tangent: a is {} x {}, signal {} x {}, tangent {} x {}", a.rows, a.cols, signal.rows,
          signal.cols, tangent.rows, tangent.cols);
  require(pass.first == 0 && pass.rows == a.rows, "layer_tangent: a pass of {} rows from {} on, a has {}",
          pass.rows, pass.first, a.rows);
  check_parameters("layer_tangent", form, parameters, a.cols);
  check_passes<T>("layer_tangent", form, {&pass, 1}, a.rows, a.cols);
  check_gradients("layer_tangent", form, gradients, a.cols);
  require(extra.data != nullptr || form.normalization == NormalizationLayer::none,
          "layer_tangent: layer normalization sends a gradient back to a, and `extra` is empty");
  if (a.size() == 0) return;
  SPARCELL_DISPATCH(layer_tangent, context, form, parameters, pass, a, signal, tangent_linear, tangent, extra,
                    gradients);
}
SPARCELL_INSTANTIATE(layer_tangent);

}  // namespace sparcell

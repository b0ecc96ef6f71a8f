// What ops of layers ask of their arguments. `op` names the one that asks.
#pragma once

#include "sparcell/core/errors.h"
#include "sparcell/ops/layer.h"

namespace sparcell {

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

template <class T>
void check_layer_forward(const char* op, const LayerForm& form, const LayerParameters<T>& parameters,
                         RunningStatistics<T> running, std::span<const LayerPass<T>> passes,
                         MatrixView<const T> linear, MatrixView<const T> out) {
  require(same_shape<T>(linear, out), "{}: {} x {} goes to {} x {}", op, linear.rows, linear.cols, out.rows,
          out.cols);
  const bool changes = form.normalization != NormalizationLayer::none ||
                       form.activation != Activation::identity || (form.training && form.dropout > 0);
  require(linear.data != out.data || linear.data == nullptr || !changes,
          "{}: pre-activations and what is made of them share their memory", op);
  check_parameters(op, form, parameters, linear.cols);
  check_passes(op, form, passes, linear.rows, linear.cols);
  if (form.normalization == NormalizationLayer::batch) {
    require(static_cast<std::int64_t>(running.mean.size()) == linear.cols &&
                static_cast<std::int64_t>(running.variance.size()) == linear.cols,
            "{}: {} running means and {} variances for {} features", op, running.mean.size(),
            running.variance.size(), linear.cols);
    for (const LayerPass<T>& pass : passes) {
      require(!form.training || pass.rows >= 2, "{}: batch normalization needs 2 rows, not {}", op,
              pass.rows);
    }
  }
}

template <class T>
void check_layer_backward(const char* op, const LayerForm& form, const LayerParameters<T>& parameters,
                          std::span<const LayerPass<T>> passes, MatrixView<const T> a,
                          MatrixView<const T> grad_out, MatrixView<const T> grad_linear,
                          LayerGradients<T> gradients) {
  require(same_shape<T>(a, grad_out) && same_shape<T>(a, grad_linear),
          "{}: a is {} x {}, grad_out {} x {}, grad_linear {} x {}", op, a.rows, a.cols, grad_out.rows,
          grad_out.cols, grad_linear.rows, grad_linear.cols);
  check_parameters(op, form, parameters, a.cols);
  check_passes(op, form, passes, a.rows, a.cols);
  check_gradients(op, form, gradients, a.cols);
  for (const LayerPass<T>& pass : passes) {
    require(pass.extra.data == nullptr || form.normalization != NormalizationLayer::batch,
            "{}: an extra gradient needs a layer without batch normalization", op);
  }
}

}  // namespace sparcell

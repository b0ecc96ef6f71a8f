#include "sparcell/ops/layer.h"

#include "ops/dispatch.h"
#include "ops/layer_checks.h"

namespace sparcell {

template <class T>
void layer_forward(Context& context, const LayerForm& form, const LayerParameters<T>& parameters,
                   RunningStatistics<T> running, std::span<const LayerPass<T>> passes, MatrixView<T> linear,
                   MatrixView<T> out) {
  check_layer_forward<T>("layer_forward", form, parameters, running, passes, linear, out);
  if (linear.size() == 0) return;
  SPARCELL_DISPATCH(layer_forward, context, form, parameters, running, passes, linear, out);
}
SPARCELL_INSTANTIATE(layer_forward);

template <class T>
void layer_backward(Context& context, const LayerForm& form, const LayerParameters<T>& parameters,
                    std::span<const LayerPass<T>> passes, MatrixView<const T> a, MatrixView<const T> grad_out,
                    MatrixView<T> grad_linear, LayerGradients<T> gradients) {
  check_layer_backward<T>("layer_backward", form, parameters, passes, a, grad_out, grad_linear, gradients);
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

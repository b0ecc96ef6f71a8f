#include "sparcell/ops/loaded_batch.h"

#include "ops/dispatch.h"
#include "ops/layer_checks.h"
#include "ops/mix_checks.h"
#include "ops/standardization_checks.h"

namespace sparcell {
namespace {

template <class T>
void check_batch(const char* op, const LoadedBatch<T>& batch) {
  check_standardization(op, batch.standardization, batch.values.cols);
  require(batch.room != nullptr || batch.values.size() == 0, "{}: a batch without room", op);
}

template <class T>
void check_product(const char* op, const LoadedBatch<T>& batch, MatrixView<const T> weight,
                   MatrixView<T> out) {
  check_batch(op, batch);
  const MatrixView<T>& x = batch.values;
  require(weight.rows == x.cols && out.rows == x.rows && out.cols == weight.cols,
          "{}: {} x {} times {} x {} does not give {} x {}", op, x.rows, x.cols, weight.rows, weight.cols,
          out.rows, out.cols);
}

}  // namespace

template <class T>
void load_batch(Context& context, CsrView<const T> x, BatchRows rows, Mixing<T> mixing, LoadedBatch<T> out) {
  check_mixing<T>("load_batch", x, rows, mixing, out.values);
  check_batch("load_batch", out);
  if (out.values.size() == 0) return;
  SPARCELL_DISPATCH(load_batch, context, x, rows, mixing, out);
}
SPARCELL_INSTANTIATE(load_batch);

template <class T>
void loaded_linear(Context& context, LoadedBatch<T> batch, MatrixView<const T> weight, bool accumulate,
                   MatrixView<T> out) {
  check_product<T>("loaded_linear", batch, weight, out);
  require(batch.values.cols > 0 || out.size() == 0, "loaded_linear: a layer without inputs");
  if (out.size() == 0) return;
  SPARCELL_DISPATCH(loaded_linear, context, batch, weight, accumulate, out);
}
SPARCELL_INSTANTIATE(loaded_linear);

template <class T>
void loaded_linear_forward(Context& context, const LayerForm& form, const LayerParameters<T>& parameters,
                           RunningStatistics<T> running, std::span<const LayerPass<T>> passes,
                           LoadedBatch<T> batch, MatrixView<const T> weight, MatrixView<T> linear,
                           MatrixView<T> out) {
  check_product<T>("loaded_linear_forward", batch, weight, linear);
  require(batch.values.cols > 0 || linear.size() == 0, "loaded_linear_forward: a layer without inputs");
  check_layer_forward<T>("loaded_linear_forward", form, parameters, running, passes, linear, out);
  if (linear.size() == 0) return;
  SPARCELL_DISPATCH(loaded_linear_forward, context, form, parameters, running, passes, batch, weight, linear,
                    out);
}
SPARCELL_INSTANTIATE(loaded_linear_forward);

template <class T>
void loaded_linear_weight_gradient(Context& context, LoadedBatch<T> batch, MatrixView<const T> grad_out,
                                   MatrixView<T> grad_weight) {
  check_batch("loaded_linear_weight_gradient", batch);
  const MatrixView<T>& x = batch.values;
  require(grad_weight.rows == x.cols && grad_out.rows == x.rows && grad_out.cols == grad_weight.cols,
          "loaded_linear_weight_gradient: ({} x {})^T times {} x {} does not give {} x {}", x.rows, x.cols,
          grad_out.rows, grad_out.cols, grad_weight.rows, grad_weight.cols);
  if (grad_out.size() == 0 || grad_weight.size() == 0) return;
  SPARCELL_DISPATCH(loaded_linear_weight_gradient, context, batch, grad_out, grad_weight);
}
SPARCELL_INSTANTIATE(loaded_linear_weight_gradient);

}  // namespace sparcell

// A batch with its zeros: the kernels of kernels/cuda/mix make its values and, in its room, the standardized
// ones; products are those of dense batches.
#include "sparcell/ops/loaded_batch.h"

#include "cuda/input_major.h"
#include "sparcell/ops/gather.h"
#include "sparcell/ops/matmul.h"

namespace sparcell {
namespace {

/// What the first layer sees.
MatrixView<float> seen(const LoadedBatch<float>& batch) {
  if (batch.standardization.empty()) return batch.values;
  return {reinterpret_cast<float*>(batch.room), batch.values.rows, batch.values.cols};
}

}  // namespace

template <class T>
void cuda::load_batch(Context& context, CsrView<const T> x, BatchRows rows, Mixing<T> mixing,
                      LoadedBatch<T> out) {
  const bool standardizes = !out.standardization.empty();
  if (mixing.probability == 0 && !standardizes) return cuda::gather_dense<T>(context, x, rows, {}, out.values);
  cuda::gather_mixed<T>(context, x, rows, mixing, out.values, out.standardization,
                        standardizes ? seen(out) : MatrixView<T>());
}
SPARCELL_INSTANTIATE_CUDA(cuda::load_batch);

template <class T>
void cuda::loaded_linear(Context& context, LoadedBatch<T> batch, MatrixView<const T> weight, bool accumulate,
                         MatrixView<T> out) {
  cuda::matmul<T>(context, Transpose::no, Transpose::no, seen(batch), weight, accumulate ? T(1) : T(0), out);
}
SPARCELL_INSTANTIATE_CUDA(cuda::loaded_linear);

template <class T>
void cuda::loaded_linear_forward(Context& context, const LayerForm& form,
                                 const LayerParameters<T>& parameters, RunningStatistics<T> running,
                                 std::span<const LayerPass<T>> passes, LoadedBatch<T> batch,
                                 MatrixView<const T> weight, MatrixView<T> linear, MatrixView<T> out) {
  cuda::input_major_forward(context, form, parameters, running, passes, seen(batch), weight, linear, out);
}
SPARCELL_INSTANTIATE_CUDA(cuda::loaded_linear_forward);

template <class T>
void cuda::loaded_linear_weight_gradient(Context& context, LoadedBatch<T> batch, MatrixView<const T> grad_out,
                                         MatrixView<T> grad_weight) {
  cuda::matmul<T>(context, Transpose::yes, Transpose::no, seen(batch), grad_out, T(1), grad_weight);
}
SPARCELL_INSTANTIATE_CUDA(cuda::loaded_linear_weight_gradient);

}  // namespace sparcell

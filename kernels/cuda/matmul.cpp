#include "sparcell/ops/matmul.h"

#include "cuda/products.h"

namespace sparcell {

template <class T>
void cuda::matmul(Context& context, Transpose transpose_a, Transpose transpose_b, MatrixView<const T> a,
                  MatrixView<const T> b, T beta, MatrixView<T> out) {
  multiply(context, {.transpose_a = transpose_a == Transpose::yes,
                     .transpose_b = transpose_b == Transpose::yes,
                     .m = out.rows,
                     .n = out.cols,
                     .k = transpose_a == Transpose::yes ? a.rows : a.cols,
                     .a = a.data,
                     .a_stride = a.stride,
                     .b = b.data,
                     .b_stride = b.stride,
                     .beta = beta,
                     .out = out.data,
                     .out_stride = out.stride});
}
SPARCELL_INSTANTIATE_CUDA(cuda::matmul);

}  // namespace sparcell

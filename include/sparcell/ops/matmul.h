// Dense matrix products: the libraries' business (oneDNN for f32 and bf16, OpenBLAS for f64 on the CPU; cuBLASLt
// on a GPU). In training steps their operands are rounded where the experiment says so (core/products.h).
#pragma once

#include "sparcell/ops/op.h"

namespace sparcell {

enum class Transpose { no, yes };

/// out = op(a) op(b) + beta * out, with op the identity or the transposed.
/// Requires: op(a) is m x k, op(b) k x n, out m x n, k > 0 unless out is empty; unit stride within rows;
/// beta is 0 (out is not read) or 1.
SPARCELL_OP(matmul, (Context & context, Transpose transpose_a, Transpose transpose_b, MatrixView<const T> a,
                     MatrixView<const T> b, T beta, MatrixView<T> out))

}  // namespace sparcell

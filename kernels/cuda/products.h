// Matrix products of a GPU as kernels/cuda/matmul asks for them: by cuBLASLt (libraries/cublaslt.cpp), or by
// their definition where kernels run without a GPU (tests/cuda_on_host).
#pragma once

#include <cstdint>

#include "sparcell/core/context.h"

namespace sparcell::cuda {

/// out = op(a) op(b) + beta * out, row-major: op(a) is m x k, op(b) k x n, out m x n; `*_stride` is the
/// distance of rows of what lies in memory. None of m, n, k is 0. All pointers are device memory.
struct Product {
  bool transpose_a = false, transpose_b = false;
  std::int64_t m = 0, n = 0, k = 0;
  const float* a = nullptr;
  std::int64_t a_stride = 0;
  const float* b = nullptr;
  std::int64_t b_stride = 0;
  float beta = 0;
  float* out = nullptr;
  std::int64_t out_stride = 0;
};

/// Queues the product on the context's stream. Equal products give equal bits.
void multiply(Context& context, const Product& product);

}  // namespace sparcell::cuda

// Matrix products of a GPU as kernels/cuda/matmul asks for them, by cuBLASLt (libraries/).
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "sparcell/core/context.h"
#include "sparcell/core/products.h"

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

/// What the choice of an algorithm depends on, beside device, library and precision.
struct ProductShape {
  bool transpose_a = false, transpose_b = false;
  std::int64_t m = 0, n = 0, k = 0;
  std::int64_t a_stride = 0, b_stride = 0, out_stride = 0;
  /// The largest powers of two, up to 16 bytes, that the addresses are multiples of.
  std::int64_t a_alignment = 16, b_alignment = 16, out_alignment = 16;

  auto operator<=>(const ProductShape&) const = default;
};

ProductShape shape_of(const Product& product);

/// "128 x 1000 times 1000 x 256", with what lies transposed in memory.
std::string text_of(const ProductShape& shape);

/// Queues the product on the context's stream. Equal products give equal bits. Throws UsageError for a
/// product of a training step that the plan lacks.
void multiply(Context& context, const Product& product);

// Of sparcell/core/products.h, on a GPU.
void set_training_products(Context& context, const ProductOptions& options);
void begin_training_step(Context& context);
void end_training_step(Context& context);
std::string device_model(int index);
std::string product_library();
std::string measured_plan(Context& context, Log& log);

}  // namespace sparcell::cuda

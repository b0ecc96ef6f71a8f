// Products of operands that are rounded to bfloat16, by oneDNN.
#pragma once

#include <compare>
#include <cstdint>
#include <dnnl.hpp>
#include <map>

#include "sparcell/core/context.h"
#include "sparcell/ops/matmul.h"

namespace sparcell::cpu {

/// Whether this processor multiplies bfloat16 itself (AVX512_BF16, AMX). Others take longer for it than for
/// f32.
bool multiplies_bf16();

/// Keeps what oneDNN prepares for each shape. Not shared between threads.
class Bf16Products {
 public:
  explicit Bf16Products(Context& context) : context_(context) {}

  /// out = op(a) op(b) + beta * out, terms summed in f32; none of the sizes is 0. Prepared and run with the
  /// number of threads that OpenMP has.
  void multiply(Transpose transpose_a, Transpose transpose_b, MatrixView<const float> a,
                MatrixView<const float> b, float beta, MatrixView<float> out);

 private:
  /// A matrix by its element [row, column]: strides say how it lies.
  struct Operand {
    std::int64_t rows = 0, cols = 0, row_stride = 0, col_stride = 0;
    auto operator<=>(const Operand&) const = default;
  };
  struct Shape {
    Operand a, b, out;
    bool adds = false;
    auto operator<=>(const Shape&) const = default;
  };
  struct Rounding {
    dnnl::memory from, to;
    dnnl::reorder reorder;
  };
  struct Prepared {
    Rounding a, b;
    dnnl::memory out;
    dnnl::matmul product;
  };

  static Operand operand(Transpose transpose, MatrixView<const float> x);
  Rounding rounding_of(const Operand& operand) const;
  Prepared prepare(const Shape& shape) const;
  void round(Rounding& rounding, const float* from, Buffer<std::uint16_t>& to);

  Context& context_;
  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  std::map<Shape, Prepared> prepared_;
  Buffer<std::uint16_t> a_, b_;  ///< the rounded operands of the product at hand
};

}  // namespace sparcell::cpu

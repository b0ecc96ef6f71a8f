// A dense batch by the entries that are not 0, gene by gene: how the CPU reads batches that are mixed or
// standardized, where most entries are 0 before they are standardized. A GPU multiplies all zeros sooner than
// it finds what is none (model/encoder_input.h); these ops are the CPU's alone.
#pragma once

#include "sparcell/ops/op.h"

namespace sparcell {

/// Gene g has values[k] in the cells cell[k] of the batch, begin[g] <= k < end[g]; cells ascend.
template <class T>
struct BatchColumns {
  std::int64_t rows = 0, cols = 0;
  std::int64_t *begin = nullptr, *end = nullptr;  ///< of `cols` genes
  std::int32_t* cell = nullptr;
  T* values = nullptr;
};

/// The entries of x that are not 0. Requires: x is out.rows x out.cols; out.cell and out.values have room for
/// all its entries.
SPARCELL_CPU_OP(find_columns, (Context & context, MatrixView<const T> x, BatchColumns<T> out))

/// What follows reads s(i, g) = (x(i, g) - mean[g]) * inverse_scale[g], or x where these are empty, without
/// making it: a gene's mean adds the same to every row. Weights are stored input-major, as sparse_linear's.
///
/// out = s weight, or += where `accumulate`.
/// Requires: weight is x.cols x H, out x.rows x H; mean and inverse_scale have x.cols elements or none.
SPARCELL_CPU_OP(columns_linear, (Context & context, BatchColumns<T> x, std::span<const T> mean,
                                 std::span<const T> inverse_scale, MatrixView<const T> weight,
                                 bool accumulate, MatrixView<T> out))

/// grad_weight += s^T grad_out. The order of sums is that of the rows, the mean's part comes last.
SPARCELL_CPU_OP(columns_linear_weight_gradient,
                (Context & context, BatchColumns<T> x, std::span<const T> mean,
                 std::span<const T> inverse_scale, MatrixView<const T> grad_out, MatrixView<T> grad_weight))

}  // namespace sparcell

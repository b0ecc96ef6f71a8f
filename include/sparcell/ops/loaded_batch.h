// The first layer on a batch that was made anew - mixed, standardized, beside conditions - from cells whose
// values are mostly 0. In which form a device keeps such a batch between the ops is its own business: a CPU
// finds the entries that are not 0, once, and every product touches those alone; a GPU multiplies all zeros
// sooner than it finds what is none, and keeps the standardized values.
#pragma once

#include <cstddef>

#include "sparcell/ops/batch.h"
#include "sparcell/ops/layer.h"
#include "sparcell/ops/mix.h"

namespace sparcell {

/// The bytes of `room` that a batch takes.
template <class T>
constexpr std::int64_t loaded_room(std::int64_t rows, std::int64_t cols) {
  return static_cast<std::int64_t>(2 * sizeof(std::int64_t)) * cols +
         static_cast<std::int64_t>(sizeof(T) + sizeof(std::int32_t)) * rows * cols;
}

/// A batch as first layers see it: s is the values, standardized.
template <class T>
struct LoadedBatch {
  MatrixView<T> values{};
  Standardization<T> standardization{};
  std::byte* room = nullptr;  ///< where the device keeps its form; aligned as int64

  /// The same cells, not standardized.
  LoadedBatch as_is() const { return {values, {}, room}; }
};

/// Makes the cells' values, mixed as gather_mixed says, and what follows makes products with.
/// Requires: as gather_mixed; loaded_room bytes of room.
SPARCELL_OP(load_batch,
            (Context & context, CsrView<const T> x, BatchRows rows, Mixing<T> mixing, LoadedBatch<T> out))

/// What follows reads a batch that load_batch made, or that batch as_is(). Weights are stored input-major, as
/// sparse_linear's.
///
/// out = s weight, or += where `accumulate`.
/// Requires: weight is genes x H, out rows x H; s is finite.
SPARCELL_OP(loaded_linear, (Context & context, LoadedBatch<T> batch, MatrixView<const T> weight,
                            bool accumulate, MatrixView<T> out))

/// linear = s weight, then layer_forward of `linear` and `out`: linear_forward (ops/linear.h) of such a
/// batch.
SPARCELL_OP(loaded_linear_forward,
            (Context & context, const LayerForm& form, const LayerParameters<T>& parameters,
             RunningStatistics<T> running, std::span<const LayerPass<T>> passes, LoadedBatch<T> batch,
             MatrixView<const T> weight, MatrixView<T> linear, MatrixView<T> out))

/// grad_weight += s^T grad_out.
SPARCELL_OP(loaded_linear_weight_gradient, (Context & context, LoadedBatch<T> batch,
                                            MatrixView<const T> grad_out, MatrixView<T> grad_weight))

}  // namespace sparcell

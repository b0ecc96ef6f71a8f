// What a forward pass through a network leaves for the way back, and how its rows are cut into passes.
#pragma once

#include "sparcell/core/context.h"
#include "sparcell/core/random.h"

namespace sparcell {

/// Rows [first, first + rows) of a batch that pass through a network as one PyTorch forward call would: with
/// their own batch statistics, dropout stream and spectral norm.
struct Segment {
  std::int64_t first = 0;
  std::int64_t rows = 0;
  std::uint32_t pass = 0;  ///< of the dropout streams: index pass * 16 + layer
  Counter step{};          ///< of the dropout streams
  int slot = 0;            ///< which of the tape's spectral norms
};

/// Of one layer. Memory for at most as many rows as the tape was made for, allocated once.
template <class T>
struct LayerTape {
  Buffer<T> a;                           ///< pre-activations
  Buffer<T> h;                           ///< outputs; empty for a bare Linear, whose output is a
  Buffer<T> grad;                        ///< gradients at h, then at the matrix product
  Buffer<T> mean, inverse_deviation;     ///< a row per slot
  Buffer<T> inverse_sigma, inner, u, v;  ///< spectral norm: an element or a row per slot
  Buffer<T> deviation, grad_deviation;   ///< of a layer that sees one: a number per row, gradients at them
};

}  // namespace sparcell

// Library sizes of training cells, from which those of generated cells are drawn: quantiles of their
// logarithms, in units of their deviation, beside those units.
#pragma once

#include "model/arena.h"
#include "sparcell/core/random.h"

namespace sparcell {

template <class T>
class LibrarySizes {
 public:
  explicit LibrarySizes(Context& context);

  /// Takes those of training cells that have counts: a cell without any is one whose gates are all shut.
  /// `genes` is genes x cells, log1p of counts. Throws DataError for less than two such cells and for values
  /// that are no logarithms of counts.
  void take(const Csr<float>& genes);

  /// Into a column on the device; and those of cells [first, first + count) of a sample, to the host.
  void draw(const RandomStream& stream, MatrixView<T> out);
  std::vector<T> draw_on_host(const RandomStream& stream, std::int64_t first, std::int64_t count) const;
  /// Mean and deviation of the logarithms (ops/library.h), on the device.
  std::span<const T> scale() { return tensors_.vector(scale_); }

  /// What a checkpoint holds of them.
  Arena<T>& tensors() { return tensors_; }

 private:
  Context& context_;
  Arena<T> tensors_;
  const int quantiles_, scale_;
};

}  // namespace sparcell

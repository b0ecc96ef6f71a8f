// Pieces of CSR rows.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "device/access.h"
#include "sparcell/core/matrix.h"

namespace sparcell::device {

/// Entries [first, end) of a sparse matrix.
struct Entries {
  std::int64_t first, end;

  __device__ __forceinline__ std::int64_t count() const { return end - first; }
};

/// The first of the entries whose column is not below `column`.
__device__ __forceinline__ std::int64_t first_entry_from(const std::int32_t* indices, Entries entries,
                                                         std::int64_t column) {
  while (entries.first < entries.end) {
    const std::int64_t middle = entries.first + entries.count() / 2;
    if (load(indices + middle) < column) {
      entries.first = middle + 1;
    } else {
      entries.end = middle;
    }
  }
  return entries.first;
}

/// The entries of row `row` in columns [first_column, end_column). Where that is all columns nothing is
/// searched.
template <class T>
__device__ __forceinline__ Entries entries_of(const CsrView<T>& x, std::int64_t row,
                                              std::int64_t first_column, std::int64_t end_column) {
  Entries entries{load(x.offsets + row), load(x.offsets + row + 1)};
  if (first_column > 0) entries.first = first_entry_from(x.indices, entries, first_column);
  if (end_column < x.cols) entries.end = first_entry_from(x.indices, entries, end_column);
  return entries;
}

}  // namespace sparcell::device

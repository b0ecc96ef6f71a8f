// What a training step computes, shown to whoever looks for the first value that is not finite.
#pragma once

#include <functional>
#include <string>

#include "sparcell/core/matrix.h"

namespace sparcell {

/// A tensor in device memory. Row `first_cell` + i belongs to cell number i of the batch where that is not
/// negative.
template <class T>
struct WatchedTensor {
  std::string name;
  MatrixView<const T> values;
  std::int64_t first_cell = -1;
};

template <class T>
using Watch = std::function<void(const WatchedTensor<T>&)>;

}  // namespace sparcell

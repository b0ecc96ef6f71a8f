// Large numeric data sets, read in parts.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "hdf5/file.h"

namespace sparcell::hdf5 {

/// Calls body(first, values) for consecutive parts of the first dimension: `first` is the number of the
/// part's first row, values its elements converted to T. Parts are whole stored chunks of at least
/// `least_elements`, decoded by up to `threads`.
template <Number T, class Body>
void for_each_part(const Dataset& dataset, Body&& body, int threads = 1,
                   std::int64_t least_elements = std::int64_t{1} << 20) {
  if (dataset.plausible_size() == 0) return;
  const std::int64_t rows = dataset.shape().empty() ? 1 : dataset.shape()[0];
  const std::int64_t row = dataset.size() / rows;
  const std::int64_t chunk = std::max<std::int64_t>(dataset.chunk_rows(), 1);
  const std::int64_t wanted = std::max<std::int64_t>(least_elements / row, 1);
  const std::int64_t part = std::min((wanted + chunk - 1) / chunk * chunk, rows);
  std::vector<T> values(static_cast<std::size_t>(part * row));
  for (std::int64_t first = 0; first < rows; first += part) {
    const std::int64_t count = std::min(part, rows - first);
    dataset.read_rows(first, count, values.data(), threads);
    body(first, std::span<const T>(values.data(), static_cast<std::size_t>(count * row)));
  }
}

}  // namespace sparcell::hdf5

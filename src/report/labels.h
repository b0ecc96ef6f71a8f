// Which cells a figure shows, and what they are called.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sparcell/core/table.h"

namespace sparcell {

/// A column of obs as codes into its values: splits in the order in which they are used, others by name.
struct Labels {
  std::vector<std::string> names;
  std::vector<std::int64_t> codes;  ///< -1 where the cell has no label

  Labels(const Table& obs, const std::string& column);
  /// The cells of that label.
  std::vector<std::int64_t> cells(const std::string& name) const;
};

/// 0, 1, ... rows - 1.
std::vector<std::int64_t> counted(std::int64_t rows);

/// At most `wanted` of the rows, in their order; the same ones in every report of the same run.
std::vector<std::int64_t> drawn(const std::vector<std::int64_t>& rows, std::int64_t wanted);

template <class T>
std::vector<T> taken(const std::vector<T>& values, const std::vector<std::int64_t>& rows) {
  std::vector<T> some;
  some.reserve(rows.size());
  for (const std::int64_t row : rows) some.push_back(values[row]);
  return some;
}

}  // namespace sparcell

// What sums over pairs of groups of points require.
#pragma once

#include <algorithm>

#include "sparcell/ops/op.h"

namespace sparcell {

inline void check_groups(const char* op, const char* which, std::span<const std::int64_t> groups,
                         std::int64_t rows) {
  require(!groups.empty() && groups.front() == 0 && groups.back() == rows &&
              std::is_sorted(groups.begin(), groups.end()),
          "{}: the groups of {} are not ascending offsets from 0 to {}", op, which, rows);
}

template <class T>
void check_sums(const char* op, MatrixView<const T> x, MatrixView<const T> y,
                std::span<const std::int64_t> x_groups, std::span<const std::int64_t> y_groups,
                MatrixView<double> sums) {
  require(x.cols == y.cols, "{}: points of {} and of {} coordinates", op, x.cols, y.cols);
  check_groups(op, "x", x_groups, x.rows);
  check_groups(op, "y", y_groups, y.rows);
  const auto rows = static_cast<std::int64_t>(x_groups.size()) - 1,
             cols = static_cast<std::int64_t>(y_groups.size()) - 1;
  require(sums.rows == rows && sums.cols == cols, "{}: sums is {} x {}, expected {} x {}", op, sums.rows,
          sums.cols, rows, cols);
}

}  // namespace sparcell

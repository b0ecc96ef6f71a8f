// The test cells in random groups, which intervals are made from: without each group in turn.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sparcell/core/matrix.h"

namespace sparcell {

struct TestCells {
  /// Test cells that an interval from groups needs: without one of them, both halves still have the two cells
  /// that a distance needs.
  static constexpr std::int64_t for_interval = 8;

  std::vector<std::int32_t> cells;   ///< rows of the data in random order, group by group
  std::vector<std::int64_t> groups;  ///< offsets of groups of nearly equal size, an even number of groups
  std::vector<double> means;         ///< of every gene over these cells

  std::int64_t count() const { return static_cast<std::int64_t>(cells.size()); }
  std::int64_t group_count() const { return static_cast<std::int64_t>(groups.size()) - 1; }
  std::span<const std::int32_t> range(std::int64_t first, std::int64_t size) const {
    return std::span(cells).subspan(first, size);
  }
};

TestCells group_test_cells(const Csr<float>& x, std::span<const std::int32_t> cells, std::uint64_t seed);

/// Of every gene the mean of e^x - 1 over the test cells.
std::vector<double> count_means(const Csr<float>& x, const TestCells& test);

/// Offsets of `groups` groups of nearly equal size.
std::vector<std::int64_t> equal_groups(std::int64_t cells, std::int64_t groups);

}  // namespace sparcell

#include "evaluate/test_cells.h"

#include <algorithm>
#include <cmath>

#include "evaluate/blocks.h"
#include "evaluate/verdict.h"

namespace sparcell {
namespace {

constexpr std::int64_t most_groups = 40;  // 39 degrees of freedom; even, so that halvings are halves

/// Of what `value` makes of the entries; zeros stay.
template <class Value>
std::vector<double> gene_means(const Csr<float>& x, std::span<const std::int32_t> cells, Value&& value) {
  std::vector<double> means(static_cast<std::size_t>(x.cols));
  for (std::int32_t cell : cells) {
    for (std::int64_t p = x.offsets[cell]; p < x.offsets[cell + 1]; ++p)
      means[x.indices[p]] += value(static_cast<double>(x.values[p]));
  }
  for (double& mean : means) mean /= static_cast<double>(cells.size());
  return means;
}

}  // namespace

std::vector<std::int64_t> equal_groups(std::int64_t cells, std::int64_t groups) {
  std::vector<std::int64_t> offsets;
  for (std::int64_t g = 0; g <= groups; ++g) offsets.push_back(cells * g / groups);
  return offsets;
}

TestCells group_test_cells(const Csr<float>& x, std::span<const std::int32_t> cells, std::uint64_t seed) {
  const auto count = static_cast<std::int64_t>(cells.size());
  TestCells test;
  for (std::int32_t i : random_order(count, RandomStream(seed, Purpose::evaluation, evaluation_groups))) {
    test.cells.push_back(cells[i]);
  }
  test.groups = equal_groups(count, std::max<std::int64_t>(1, std::min(most_groups, count / 2 * 2)));
  test.means = gene_means(x, test.cells, [](double value) { return value; });
  return test;
}

std::vector<double> count_means(const Csr<float>& x, const TestCells& test) {
  return gene_means(x, test.cells, [](double value) { return std::expm1(std::max(value, 0.0)); });
}

}  // namespace sparcell

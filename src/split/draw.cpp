#include "split/draw.h"

#include <cmath>

#include "core/columns.h"
#include "split/permutation.h"

namespace sparcell {
namespace {

constexpr double slack =
    1e-9;  // what the sum of three decimal fractions, or their product with n, may be off by

double sum(const Shares& shares) { return shares[0] + shares[1] + shares[2]; }
std::int64_t floor_of(double share, std::int64_t n) {
  return static_cast<std::int64_t>(std::floor(share * static_cast<double>(n) + slack));
}

std::vector<std::int32_t>& part_of(Split& split, int part) {
  return part == 0 ? split.train : part == 1 ? split.validation : split.test;
}

/// Gives the first cells of `order` to the parts.
void deal(std::span<const std::int32_t> order, const Counts& counts, Split& split) {
  std::size_t next = 0;
  for (int p = 0; p < part_count; ++p) {
    for (std::int64_t i = 0; i < counts[p]; ++i) part_of(split, p).push_back(order[next++]);
  }
}

void sort_parts(Split& split) {
  for (int p = 0; p < part_count; ++p) std::sort(part_of(split, p).begin(), part_of(split, p).end());
}

/// Cells by label, in the order of the permutation; the last group has the cells without a label.
std::vector<std::vector<std::int32_t>> permuted_groups(const Dataset& data, std::uint64_t seed) {
  std::vector<std::vector<std::int32_t>> groups(data.perturbations.names.size() + 1);
  for (std::int32_t cell : permutation(data.cell_count(), seed, Permuted::cells)) {
    const std::int32_t label = data.perturbations.of_cell[cell];
    groups[label < 0 ? groups.size() - 1 : static_cast<std::size_t>(label)].push_back(cell);
  }
  return groups;
}

/// Cells of one group for each part: the floor of its share, at least one where it has a share and the cells
/// suffice, and what is left over to the parts that all groups so far have given the least of what is due to
/// them (`owed`).
Counts stratified_counts(const Shares& shares, std::int64_t n, Shares& owed) {
  const auto parts = std::count_if(shares.begin(), shares.end(), [](double share) { return share > 0; });
  const std::int64_t dealt =
      sum(shares) < 1 - slack ? std::max(floor_of(sum(shares), n), std::min(n, parts)) : n;
  Counts counts{};
  std::int64_t left = dealt;
  for (int p = 0; p < part_count; ++p) {
    counts[p] = shares[p] > 0 ? std::max<std::int64_t>(floor_of(shares[p], n), 1) : 0;
    owed[p] += shares[p] / sum(shares) * static_cast<double>(dealt) - static_cast<double>(counts[p]);
    left -= counts[p];
  }
  const auto change = [&](int part, int by) {
    counts[part] += by;
    owed[part] -= by;
    left -= by;
  };
  while (left < 0)
    change(static_cast<int>(std::max_element(counts.begin(), counts.end()) - counts.begin()), -1);
  while (left > 0) {
    int most = -1;
    for (int p = 0; p < part_count; ++p) {
      if (shares[p] > 0 && (most < 0 || owed[p] > owed[most] + slack)) most = p;
    }
    change(most, 1);
  }
  return counts;
}

}  // namespace

Shares shares_of(const SplitOptions& options) { return {options.train, options.validation, options.test}; }

Counts floors(const Shares& shares, std::int64_t n) {
  Counts counts;
  for (int p = 0; p < part_count; ++p) counts[p] = floor_of(shares[p], n);
  if (sum(shares) < 1 - slack) return counts;
  int last = part_count - 1;
  while (last > 0 && shares[last] == 0) --last;
  counts[last] = n;
  for (int p = 0; p < last; ++p) counts[last] -= counts[p];
  return counts;
}

Split draw_cells(const Dataset& data, const SplitOptions& options, std::uint64_t seed) {
  Split split;
  const std::int64_t n = data.cell_count();
  deal(permutation(n, seed, Permuted::cells), floors(shares_of(options), n), split);
  sort_parts(split);
  return split;
}

Split draw_cells_of_each_perturbation(const Dataset& data, const SplitOptions& options, std::uint64_t seed) {
  need_labels(data, "split.stratify");
  const Shares shares = shares_of(options);
  const auto parts = std::count_if(shares.begin(), shares.end(), [](double share) { return share > 0; });
  const auto groups = permuted_groups(data, seed);
  Split split;
  Shares owed{};
  for (std::size_t g = 0; g < groups.size(); ++g) {
    if (groups[g].empty()) continue;
    const auto n = static_cast<std::int64_t>(groups[g].size());
    const bool labelled = g + 1 < groups.size();
    if (labelled && n < parts) {
      throw DataError(
          "split.stratify: perturbation {} has {} cells, too few for a cell in each of {} parts; "
          "leave such perturbations out with filter.min_cells_per_perturbation",
          data.perturbations.names[g], n, parts);
    }
    deal(groups[g], stratified_counts(shares, n, owed), split);
  }
  sort_parts(split);
  return split;
}

Split draw_perturbations(const Dataset& data, const SplitOptions& options, std::uint64_t seed) {
  need_labels(data, "split.by perturbation");
  const Shares shares = shares_of(options);
  const auto groups = permuted_groups(data, seed);
  std::vector<std::size_t> perturbations;  // that have cells, without the control
  for (std::size_t g = 1; g + 1 < groups.size(); ++g) {
    if (!groups[g].empty()) perturbations.push_back(g);
  }
  const std::vector<int> parts = parts_of_perturbations(data, perturbations, options, seed);
  Split split;
  for (std::size_t p = 0; p < parts.size(); ++p) {
    if (parts[p] < 0) continue;
    const std::vector<std::int32_t>& cells = groups[perturbations[p]];
    part_of(split, parts[p]).insert(part_of(split, parts[p]).end(), cells.begin(), cells.end());
  }
  deal(groups[0], floors(shares, static_cast<std::int64_t>(groups[0].size())), split);
  sort_parts(split);
  return split;
}

}  // namespace sparcell

// Energy distances and discrepancies of kernel means between groups of cells, from sums over pairs of groups.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "evaluate/verdict.h"
#include "sparcell/core/context.h"
#include "sparcell/core/matrix.h"

namespace sparcell {

/// Groups of cells, and sums of a distance over the pairs of cells of all pairs of groups; no cell is a pair
/// with itself. With the negative of a kernel as distance, everything below is about the kernel's MMD^2.
struct GroupDistances {
  std::vector<std::int64_t> groups;  ///< offsets of the real cells
  Matrix<double> real;               ///< real cells against real cells
  Matrix<double> generated;          ///< empty: no generated cells
  Matrix<double> between;            ///< generated (rows) against real (columns)
  std::int64_t per_cell = 1;         ///< generated cells for each real one, in generated_groups

  std::int64_t count() const { return static_cast<std::int64_t>(groups.size()) - 1; }
};

/// Offsets of groups for `per_cell` times as many generated cells: `per_cell` groups of the size of the first
/// real group, then of the second, and so on. Groups of one size can be exchanged.
std::vector<std::int64_t> generated_groups(std::span<const std::int64_t> groups, std::int64_t per_cell);

/// Which groups take part.
using Chosen = std::vector<bool>;

/// `count` halvings: each marks half of the groups.
std::vector<Chosen> halvings(std::int64_t groups, std::int64_t count, std::uint64_t seed);

/// Generated against real cells: the unbiased energy distance 2E|X-Y| - E|X-X'| - E|Y-Y'| (Szekely and Rizzo
/// 2013, with U-statistics: a cell's distance to itself is no pair). NaN for fewer than two cells.
double generated_distance(const GroupDistances& distances);

/// Real half against real half, mean over the halvings.
double split_half_distance(const GroupDistances& distances, const std::vector<Chosen>& halvings);

/// The difference of the two with its 95 % interval by the delete-a-group jackknife.
Interval distance_interval(const GroupDistances& distances, const std::vector<Chosen>& halvings);

/// The distance of one sample to the real cells minus that of another, paired: a replicate leaves out a group
/// of the real cells and the groups of its size that both samples have for it.
Interval distance_interval(const GroupDistances& model, const GroupDistances& baseline);

/// The p-value of "generated and real cells are drawn from one distribution" against a larger distance, by
/// `count` permutations of all groups of both samples; (1 + as large ones) / (1 + count) (Phipson and Smyth
/// 2010, "Permutation p-values should never be zero").
double permutation_p_value(const GroupDistances& distances, std::int64_t count, std::uint64_t seed);

}  // namespace sparcell

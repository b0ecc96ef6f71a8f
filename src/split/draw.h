// Splits that are drawn: by cell, within each perturbation, by perturbation.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "sparcell/split.h"

namespace sparcell {

Split draw_cells(const Dataset& data, const SplitOptions& options, std::uint64_t seed);
Split draw_cells_of_each_perturbation(const Dataset& data, const SplitOptions& options, std::uint64_t seed);
Split draw_perturbations(const Dataset& data, const SplitOptions& options, std::uint64_t seed);

/// Parts are numbered train 0, validation 1, test 2.
inline constexpr int part_count = 3;
inline constexpr const char* part_names[part_count] = {"train", "validation", "test"};

using Shares = std::array<double, part_count>;
using Counts = std::array<std::int64_t, part_count>;

Shares shares_of(const SplitOptions& options);
/// The floor of each share of n; where the shares sum to 1 the last part that has one takes the rest.
Counts floors(const Shares& shares, std::int64_t n);

/// The part of each of the given perturbations, as `options.hold_out` says; -1 for one that is in none.
/// Throws DataError where a part with a share gets none.
std::vector<int> parts_of_perturbations(const Dataset& data, std::span<const std::size_t> perturbations,
                                        const SplitOptions& options, std::uint64_t seed);

/// Splits that are given.
Split split_of_column(const Dataset& data, const SplitOptions& options);
Split split_of_file(const Dataset& data, const SplitOptions& options);

}  // namespace sparcell

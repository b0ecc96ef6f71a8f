// Negative binomial genes by moments, the library size of every cell known.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sparcell/core/dataset.h"
#include "sparcell/ops/likelihood.h"

namespace sparcell {

/// A count of gene g in a cell of library l has mean l rate[g] and variance mean + mean^2 / dispersion[g].
struct CountMoments {
  std::vector<double> rate, dispersion;
};

/// Of the given cells: rate = sum of counts / sum of libraries; dispersion = sum of mean^2 / sum of
/// ((count - mean)^2 - mean), where that is positive, within the bounds of ops/likelihood.h, else the
/// highest, which is nearly Poisson. Requires: data.raw is known.
CountMoments count_moments(const Dataset& data, std::span<const std::int32_t> cells);

/// Whether the counts are known and whole: corrected ones have moments, but no distribution of counts.
bool has_whole_counts(const Dataset& data);

/// log of the probability of every count of the given cells, summed over genes.
std::vector<double> log_probability(const Dataset& data, std::span<const std::int32_t> cells,
                                    const CountMoments& moments, int threads);

}  // namespace sparcell

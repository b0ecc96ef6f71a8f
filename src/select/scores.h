// What genes are ranked by.
#pragma once

#include <span>
#include <vector>

#include "sparcell/core/placed.h"

namespace sparcell {

/// Of every gene over the given cells; NaN where a gene has none.
std::vector<double> variance_scores(Context& context, const PlacedCsr& normalized,
                                    std::span<const std::int32_t> cells);
std::vector<double> seurat_scores(Context& context, const PlacedCsr& normalized,
                                  std::span<const std::int32_t> cells);
std::vector<double> cell_ranger_scores(Context& context, const PlacedCsr& normalized,
                                       std::span<const std::int32_t> cells);

/// Variance of counts, standardized by the trend of variance over mean and clipped at sqrt(cells) (Stuart et
/// al. 2019), as scanpy's seurat_v3.
std::vector<double> seurat_v3_scores(Context& context, const PlacedCsr& counts,
                                     std::span<const std::int32_t> cells);

}  // namespace sparcell

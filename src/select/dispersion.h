// Normalized dispersions: how much more a gene varies than genes of a similar mean.
#pragma once

#include <span>
#include <vector>

#include "sparcell/select.h"

namespace sparcell {

/// Of every gene, from its mean and unbiased variance over cells; NaN where there is none. Infinities where a
/// bin has no spread. seurat: variance / mean of values before log1p, its logarithm against the mean and
/// standard deviation of 20 equal bins of log1p(mean); a gene alone in its bin has 1 (Satija et al. 2015).
/// cell_ranger: variance / mean against the median and median absolute deviation of bins between the 10th,
/// 15th ... 100th percentile of the mean (Zheng et al. 2017). Both as scanpy.pp.highly_variable_genes
/// computes them.
std::vector<double> seurat_dispersions(std::vector<double> mean, std::span<const double> variance);
std::vector<double> cell_ranger_dispersions(std::vector<double> mean, std::span<const double> variance);

}  // namespace sparcell

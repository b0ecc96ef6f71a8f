// How well test cells are reconstructed, by models and by baselines alike.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "evaluate/blocks.h"
#include "evaluate/pseudobulk.h"
#include "evaluate/test_cells.h"
#include "evaluate/verdict.h"

namespace sparcell {

/// Fills `out` with the reconstruction of `cells`, whose real values are `real`; both on the device.
using Reconstruct = std::function<void(std::span<const std::int32_t> cells, MatrixView<const float> real,
                                       MatrixView<float> out)>;

/// In one space: of the values as they are, or of normalized counts.
struct GeneScores {
  double mse = 0, mae = 0;      ///< over all entries
  double r2 = 0;                ///< mean over genes; a constant gene counts 1 if met exactly, else 0
  double r2_varying = 0;        ///< mean over genes that vary in the test cells; NaN where none does
  double pearson_per_gene = 0;  ///< mean over genes where it is defined; NaN where none is
  std::int64_t varying_genes = 0, pearson_undefined = 0;
  std::vector<double> gene_mse, gene_r2, gene_pearson;  ///< NaN where not defined
};

struct ReconstructionScores : GeneScores {
  std::optional<GeneScores> counts;  ///< of e^x - 1, x below 0 as 0; where that is asked for
  std::vector<double> cell_errors;  ///< mean squared error of every test cell, in the order of TestCells
  std::vector<double> r2_varying_without;  ///< r2_varying of the other cells, for every group
  PseudobulkScores pseudobulk;             ///< empty where means of perturbations are not judged
};

/// Judges the reconstruction of the test cells; where `count_means` has the genes' means of e^x - 1 over them, as
/// normalized counts too. `who` is named in the NumericalError of a value that is not
/// finite, `names` are all cells' names.
ReconstructionScores judge_reconstruction(Context& context, RealBlocks& real, const TestCells& test,
                                          const Reconstruct& reconstruct, const std::string& who,
                                          std::span<const std::string> names,
                                          std::span<const double> count_means = {});

/// Model minus baseline on the same test cells, with 95 % intervals: of the mean squared error by studentized
/// bootstrap over cells, of r2_varying by the delete-a-group jackknife (a ratio of sums over cells for each
/// gene, not a mean). Nothing for fewer than TestCells::for_interval cells, or where r2_varying is not
/// defined without some group.
std::optional<Interval> mse_difference(const ReconstructionScores& model,
                                       const ReconstructionScores& baseline, std::int64_t resamples,
                                       std::uint64_t seed);
std::optional<Interval> r2_difference(const ReconstructionScores& model,
                                      const ReconstructionScores& baseline);

}  // namespace sparcell

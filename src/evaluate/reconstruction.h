// How well test cells are reconstructed, by models and by baselines alike.
#pragma once

#include <functional>
#include <string>

#include "evaluate/blocks.h"

namespace sparcell {

/// Fills `out` with the reconstruction of `cells`, whose real values are `real`; both on the device.
using Reconstruct = std::function<void(std::span<const std::int32_t> cells, MatrixView<const float> real,
                                       MatrixView<float> out)>;

struct ReconstructionScores {
  double mse = 0, mae = 0;      ///< over all entries
  double r2 = 0;                ///< mean over genes; a constant gene counts 1 if met exactly, else 0
  double r2_varying = 0;        ///< mean over genes that vary in the test cells; NaN where none does
  double pearson_per_gene = 0;  ///< mean over genes where it is defined; NaN where none is
  std::int64_t varying_genes = 0, pearson_undefined = 0;
  std::vector<double> gene_mse, gene_r2, gene_pearson;  ///< NaN where not defined
  std::vector<double> cell_errors;                      ///< mean squared error of every test cell
};

/// The mean of every gene over the given cells.
std::vector<double> gene_means(const Csr<float>& x, std::span<const std::int32_t> cells);

/// Judges the reconstruction of `cells` (at least one). `test_means` are theirs; `who` is named in the
/// NumericalError of a value that is not finite, `names` are all cells' names.
ReconstructionScores judge_reconstruction(Context& context, RealBlocks& real,
                                          std::span<const std::int32_t> cells,
                                          std::span<const double> test_means, const Reconstruct& reconstruct,
                                          const std::string& who, std::span<const std::string> names);

}  // namespace sparcell

// The expression of cells in a file of the run, real or generated ones, as the figures need it: totals of
// cells and a few genes of each.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "report/run_folder.h"
#include "sparcell/core/matrix.h"
#include "sparcell/core/table.h"

namespace sparcell {

/// Normalized expression of the selected genes, as latent.h5ad and generated_<model>.h5ad hold it.
class CellFile {
 public:
  /// Nothing where the file is not there or holds no X. Throws DataError where X has other genes than var.
  static std::optional<CellFile> open(const RunFolder& run, const std::string& name);

  std::int64_t cells() const { return cells_; }
  const std::vector<std::string>& genes() const { return genes_; }

  /// All cells in order, in dense blocks of rows; a dense X is never held as a whole.
  using Visit = std::function<void(std::int64_t first, MatrixView<const float> rows)>;
  void visit(const Visit& body) const;

 private:
  std::string path_;
  std::int64_t cells_ = 0;
  std::vector<std::string> genes_;
  std::optional<Csr<float>> sparse_;  ///< empty where X is dense
};

/// Of every cell, as the metrics of totals define them: the sum over genes of exp(x) - 1, of values that are
/// no logarithms of x, x below 0 as 0; and the number of genes with |x| >= 0.05.
struct CellTotals {
  std::vector<float> library_size, detected;
};

/// Totals of all cells and the values of the chosen genes in them, cells x chosen.
struct CellValues {
  CellTotals totals;
  Matrix<float> chosen;
};
CellValues values_of(const CellFile& file, const std::vector<std::int32_t>& chosen, bool logarithms);

/// The genes that vary most over the given cells, the most variable first.
std::vector<std::int32_t> most_variable_genes(const CellFile& file, const std::vector<std::int64_t>& cells,
                                              std::int64_t count);

}  // namespace sparcell

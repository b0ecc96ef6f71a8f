// AnnData (.h5ad) files: writing what current anndata and scanpy open without a warning, and reading parts of
// any generation.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sparcell/core/matrix.h"
#include "sparcell/core/table.h"

namespace sparcell {

/// A value of `uns`.
using AnnDataValue = std::variant<std::string, double, std::int64_t, std::vector<std::string>>;

/// A matrix of cells x genes, borrowed; monostate: none.
using BorrowedMatrix = std::variant<std::monostate, const Csr<float>*, const Matrix<float>*>;

/// What goes into one file. Written as AnnData 0.8+ encodings, without time stamps, so equal contents give
/// equal bytes. Missing strings become missing categories; a `/` in a column's name becomes `_`.
struct AnnDataContent {
  BorrowedMatrix x;
  bool integer_x = false;  ///< remark only; values stay f32
  Table obs;
  Table var;
  std::vector<std::pair<std::string, BorrowedMatrix>> layers;
  std::vector<std::pair<std::string, Matrix<float>>> obsm;
  std::vector<std::pair<std::string, Matrix<float>>> varm;
  std::vector<std::pair<std::string, AnnDataValue>> uns;  ///< a `/` in a key makes nested dictionaries
  int compression = 4;                                    ///< gzip level of matrices, 0 is none
};

/// Writes to a temporary file beside `path`, then renames it: nothing partial is left. Throws DataError where
/// the file cannot be written and InternalError where shapes do not fit each other.
void write_anndata(const std::string& path, const AnnDataContent& content);

/// Annotations of the cells (obs) or genes (var). Columns of encodings that are not known are left out.
Table read_obs(const std::string& path);
Table read_var(const std::string& path);

/// A dense matrix of obsm or varm.
Matrix<float> read_obsm(const std::string& path, const std::string& name);
Matrix<float> read_varm(const std::string& path, const std::string& name);

/// X, raw/X or layers/NAME as compressed rows, however it is stored. Throws DataError naming file and path.
Csr<float> read_matrix(const std::string& path, const std::string& matrix = "X");

}  // namespace sparcell

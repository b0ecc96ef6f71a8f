// Writing AnnData (.h5ad) files that current anndata and scanpy open without a warning.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sparcell/core/matrix.h"
#include "sparcell/core/table.h"

namespace sparcell {

/// What goes into one file. Written as AnnData 0.8+ encodings, without time stamps, so equal contents give equal bytes.
struct AnnDataContent {
  std::variant<std::monostate, const Csr<float>*, const Matrix<float>*> x;  ///< borrowed; monostate: no X
  bool integer_x = false;                                                  ///< remark only; values stay f32
  Table obs;
  Table var;
  std::vector<std::pair<std::string, const Csr<float>*>> layers;
  std::vector<std::pair<std::string, Matrix<float>>> obsm;
  std::vector<std::pair<std::string, Matrix<float>>> varm;
  std::vector<std::pair<std::string, std::variant<std::string, double, std::int64_t, std::vector<std::string>>>> uns;
  int compression = 4;  ///< gzip level of matrices, 0 is none
};

/// Writes to a temporary file beside `path`, then renames it: nothing partial is left. Throws DataError.
void write_anndata(const std::string& path, const AnnDataContent& content);

}  // namespace sparcell

// Matrix Market coordinate files with genes as rows and cells as columns, as 10x writes them.
#pragma once

#include <string>

#include "sparcell/core/matrix.h"

namespace sparcell {

struct MatrixMarketHeader {
  std::int64_t genes = 0;
  std::int64_t cells = 0;
  std::int64_t entries = 0;
  bool integers = false;
};

/// Throws DataError for anything but `matrix coordinate integer|real general` and for sizes that the file
/// cannot hold.
MatrixMarketHeader read_matrix_market_header(const std::string& path);

/// Cells x genes, rows sorted, without zeros. Throws DataError with the line for entries that are no numbers,
/// out of range or twice, and for more or fewer entries than the header says.
Csr<float> read_matrix_market(const std::string& path, int threads);

}  // namespace sparcell

// Matrices as files store them, and reading them as compressed rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "hdf5/file.h"
#include "sparcell/core/matrix.h"

namespace sparcell::anndata {

enum class Layout { csr, csc, dense, dense_by_gene };
std::string name_of(Layout layout);

/// A matrix of cells x genes in a file: where its parts lie and what they hold. `values` is the whole matrix
/// where it is dense, of genes x cells where it is dense_by_gene.
struct StoredMatrix {
  Layout layout = Layout::dense;
  std::int64_t rows = 0;
  std::int64_t cols = 0;
  hdf5::Dataset values;
  std::optional<hdf5::Dataset> indices;
  std::optional<hdf5::Dataset> offsets;
  std::string where;  ///< file and path, for sentences
};

/// Finds the matrix at `path` under `parent` in the encoding of any generation of AnnData.
StoredMatrix open_matrix(const hdf5::Group& parent, const std::string& path);

/// A sparse matrix from the data sets data, indices and indptr of `group`.
StoredMatrix sparse_matrix(const hdf5::Group& group, Layout layout, std::int64_t rows, std::int64_t cols);

/// Rows in ascending order of their columns, without zeros.
struct CompressedRows {
  Csr<float> matrix;
  std::int64_t unsorted_rows = 0;  ///< rows whose indices the file holds in another order
};

/// Reads without a second copy of the matrix at any time. Throws DataError for shapes that do not fit each
/// other, offsets that fall, indices out of range or twice in a row.
CompressedRows read_rows(const StoredMatrix& stored, int threads);

/// Sorts each row, drops zeros, and returns how many rows were not sorted. Throws DataError where a row names
/// a column twice.
std::int64_t tidy_rows(Csr<float>& matrix, const std::string& where, int threads);

}  // namespace sparcell::anndata

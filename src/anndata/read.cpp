#include "anndata/matrix.h"
#include "anndata/table.h"
#include "sparcell/anndata.h"

namespace sparcell {
namespace {

Table read_table_of(const std::string& path, const std::string& name) {
  std::vector<std::string> remarks;
  return anndata::read_table(hdf5::File::open(path), name, remarks);
}

Matrix<float> read_dense(const std::string& path, const std::string& name) {
  const hdf5::File file = hdf5::File::open(path);
  const anndata::StoredMatrix stored = anndata::open_matrix(file, name);
  if (stored.layout != anndata::Layout::dense)
    throw DataError("{}: is sparse, expected a dense matrix", stored.where);
  Matrix<float> matrix;
  matrix.rows = stored.rows;
  matrix.cols = stored.cols;
  matrix.values = stored.values.read<float>();
  return matrix;
}

}  // namespace

Table read_obs(const std::string& path) { return read_table_of(path, "obs"); }

Table read_var(const std::string& path) { return read_table_of(path, "var"); }

Matrix<float> read_obsm(const std::string& path, const std::string& name) {
  return read_dense(path, "obsm/" + name);
}

Matrix<float> read_varm(const std::string& path, const std::string& name) {
  return read_dense(path, "varm/" + name);
}

Csr<float> read_matrix(const std::string& path, const std::string& matrix) {
  const hdf5::File file = hdf5::File::open(path);
  const anndata::StoredMatrix stored = anndata::open_matrix(file, matrix);
  std::vector<std::string> remarks;
  const std::int64_t cells = anndata::read_table(file, "obs", remarks).rows();
  if (stored.rows != cells)
    throw DataError("{}: has {} rows beside {} cells", stored.where, stored.rows, cells);
  return anndata::read_rows(stored, 1).matrix;
}

}  // namespace sparcell

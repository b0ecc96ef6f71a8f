// AnnData files of all generations.
#include <algorithm>

#include "anndata/matrix.h"
#include "anndata/table.h"
#include "hdf5/parts.h"
#include "read/source.h"

namespace sparcell {
namespace {

constexpr std::int64_t sampled_values = 1 << 16;

class H5ad : public Source {
 public:
  explicit H5ad(hdf5::File file) : file_(std::move(file)) {
    // Before 0.7 the raw matrix and its genes lay at top level.
    old_raw_ = file_.exists("raw.X");
    list("X", "X");
    list("layers/counts", "layers/counts");
    list("raw/X", path_of("raw/X"));
    if (!file_.is_group("layers")) return;
    for (const std::string& name : file_.group("layers").children()) {
      if (name != "counts") list("layers/" + name, "layers/" + name);
    }
  }

  std::string format() const override { return "h5ad"; }
  std::vector<std::string> files() const override { return {file_.file()}; }
  const std::vector<MatrixInfo>& matrices() const override { return matrices_; }

  Table cells(Remarks& remarks) override {
    Table cells = anndata::read_table(file_, "obs", remarks);
    cells_ = cells.rows();
    return cells;
  }

  Table genes(const std::string& matrix, Remarks& remarks) override {
    const bool raw = matrix == "raw/X";
    return anndata::read_table(file_, raw ? (old_raw_ ? "raw.var" : "raw/var") : "var", remarks);
  }

  std::vector<float> sample(const std::string& matrix) override {
    const anndata::StoredMatrix stored = open(matrix);
    const auto& shape = stored.values.shape();
    const std::int64_t row = shape[0] == 0 ? 0 : stored.values.size() / shape[0];
    if (row == 0) return {};
    const std::int64_t rows = std::clamp<std::int64_t>(sampled_values / row, 1, shape[0]);
    stored.values.plausible_size();
    std::vector<float> values(static_cast<std::size_t>(rows * row));
    stored.values.read_rows(0, rows, values.data());
    return values;
  }

  Csr<float> read(const std::string& matrix, int threads, Remarks& remarks) override {
    const anndata::StoredMatrix stored = open(matrix);
    // Memory is asked for by row, and a damaged shape of compressed columns may claim any number of them.
    if (cells_ && stored.rows != *cells_) {
      throw DataError("{}: {} is {} x {}, but there are {} cells", file_.file(), matrix, stored.rows,
                      stored.cols, *cells_);
    }
    anndata::CompressedRows rows = anndata::read_rows(stored, threads);
    if (rows.unsorted_rows > 0) {
      remarks.push_back(
          fmt::format("{}: the gene indices of {} cells were not in ascending order and were sorted", matrix,
                      rows.unsorted_rows));
    }
    return std::move(rows.matrix);
  }

 private:
  std::string path_of(const std::string& matrix) const {
    return old_raw_ && matrix == "raw/X" ? "raw.X" : matrix;
  }

  anndata::StoredMatrix open(const std::string& matrix) const {
    return anndata::open_matrix(file_, path_of(matrix));
  }

  void list(const std::string& name, const std::string& path) {
    if (!file_.exists(path)) return;
    try {
      const anndata::StoredMatrix stored = anndata::open_matrix(file_, path);
      matrices_.push_back({name, anndata::name_of(stored.layout), stored.values.type().name()});
    } catch (const DataError& error) {
      matrices_.push_back({name, "", "", error.what()});
    }
  }

  hdf5::File file_;
  std::optional<std::int64_t> cells_;  ///< once they were read
  bool old_raw_ = false;
  std::vector<MatrixInfo> matrices_;
};

}  // namespace

std::unique_ptr<Source> open_h5ad(hdf5::File file) { return std::make_unique<H5ad>(std::move(file)); }

}  // namespace sparcell

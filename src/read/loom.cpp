// Loom files: one dense matrix of genes x cells, layers of its shape, and attributes of genes (row_attrs) and
// of cells (col_attrs), each a data set. Specification: linnarssonlab.org/loompy, "File format specs".
#include <algorithm>

#include "anndata/matrix.h"
#include "anndata/table.h"
#include "read/source.h"

namespace sparcell {
namespace {

constexpr std::int64_t sampled_values = 1 << 16;

class Loom : public Source {
 public:
  explicit Loom(hdf5::File file) : file_(std::move(file)) {
    const anndata::StoredMatrix matrix = open("X");
    cells_ = matrix.rows;
    genes_ = matrix.cols;
    list("X");
    if (!file_.is_group("layers")) return;
    for (const std::string& name : file_.group("layers").children()) list("layers/" + name);
  }

  std::string format() const override { return "loom"; }
  std::vector<std::string> files() const override { return {file_.file()}; }
  const std::vector<MatrixInfo>& matrices() const override { return matrices_; }

  Table cells(Remarks& remarks) override {
    return attributes("col_attrs", cells_, {"CellID", "cell_id", "obs_names", "barcode"}, remarks);
  }
  Table genes(const std::string&, Remarks& remarks) override {
    return attributes("row_attrs", genes_, {"Gene", "gene", "var_names", "Accession"}, remarks);
  }

  std::vector<float> sample(const std::string& matrix) override {
    const hdf5::Dataset values = open(matrix).values;
    if (values.plausible_size() == 0) return {};
    const std::int64_t genes = std::clamp<std::int64_t>(sampled_values / cells_, 1, genes_);
    std::vector<float> some(static_cast<std::size_t>(genes * cells_));
    values.read_rows(0, genes, some.data());
    return some;
  }

  Csr<float> read(const std::string& matrix, int threads, Remarks&) override {
    return anndata::read_rows(open(matrix), threads).matrix;
  }

 private:
  anndata::StoredMatrix open(const std::string& matrix) const {
    anndata::StoredMatrix stored = anndata::open_matrix(file_, matrix == "X" ? "matrix" : matrix);
    if (stored.layout != anndata::Layout::dense)
      throw DataError("{}: is no array, which a matrix of a loom file must be", stored.where);
    stored.layout = anndata::Layout::dense_by_gene;
    std::swap(stored.rows, stored.cols);
    return stored;
  }

  void list(const std::string& name) {
    try {
      const anndata::StoredMatrix stored = open(name);
      if (stored.rows != cells_ || stored.cols != genes_) {
        throw DataError("{}: is of {} genes and {} cells, expected {} and {} as the matrix has", stored.where,
                        stored.cols, stored.rows, genes_, cells_);
      }
      matrices_.push_back({name, anndata::name_of(stored.layout), stored.values.type().name()});
    } catch (const DataError& error) {
      matrices_.push_back({name, "", "", error.what()});
    }
  }

  /// Named by the first attribute of `names` that is there; by their numbers where none is, as anndata does.
  Table attributes(const std::string& path, std::int64_t rows, std::initializer_list<const char*> names,
                   Remarks& remarks) const {
    const hdf5::Group group = file_.group(path);
    const auto* named =
        std::find_if(names.begin(), names.end(), [&](const char* name) { return group.is_dataset(name); });
    Table table;
    if (named == names.end()) {
      for (std::int64_t row = 0; row < rows; ++row) table.names.push_back(fmt::format("{}", row));
      remarks.push_back(
          fmt::format("{}: has no {}; rows are named by their numbers", group.where(), *names.begin()));
    }
    for (const std::string& name : group.children()) {
      std::optional<Column> column;
      if (group.is_dataset(name)) column = anndata::read_array(group.dataset(name), rows);
      if (!column) {
        remarks.push_back(
            fmt::format("{}/{}: is no list of numbers or texts; it is left out", group.where(), name));
      } else if (named != names.end() && name == *named) {
        for (std::int64_t row = 0; row < rows; ++row) table.names.push_back(column->text(row));
      } else {
        column->name = name;
        table.set(std::move(*column));
      }
    }
    return table;
  }

  hdf5::File file_;
  std::int64_t cells_ = 0, genes_ = 0;
  std::vector<MatrixInfo> matrices_;
};

}  // namespace

std::unique_ptr<Source> open_loom(hdf5::File file) { return std::make_unique<Loom>(std::move(file)); }

}  // namespace sparcell

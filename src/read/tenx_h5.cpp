// 10x HDF5: version 2 (one group per genome) and version 3 (matrix/features).
#include <algorithm>

#include "anndata/matrix.h"
#include "read/source.h"
#include "read/tenx_features.h"

namespace sparcell {
namespace {

using hdf5::File;
using hdf5::Group;

std::vector<std::string> genome_groups(const File& file) {
  std::vector<std::string> genomes;
  for (const std::string& name : file.children()) {
    if (file.exists(name + "/barcodes") && file.exists(name + "/genes")) genomes.push_back(name);
  }
  return genomes;
}

std::string choose_group(const File& file, const std::string& genome) {
  if (file.is_group("matrix")) return "matrix";
  const std::vector<std::string> genomes = genome_groups(file);
  if (genomes.empty()) {
    throw DataError("{}: has neither the group matrix nor a genome's group with barcodes and genes",
                    file.file());
  }
  if (genome.empty() && genomes.size() == 1) return genomes[0];
  if (genome.empty()) {
    throw UsageError("{}: holds the genomes {}; name one with read.genome", file.file(), list_of(genomes));
  }
  if (std::find(genomes.begin(), genomes.end(), genome) == genomes.end()) {
    throw DataError("{}: has no genome {}; there are {} (read.genome)", file.file(), genome,
                    list_of(genomes));
  }
  return genome;
}

// One entry for each of the matrix's features.
std::vector<std::string> strings(const Group& group, const std::string& name, std::int64_t rows) {
  const hdf5::Dataset dataset = group.dataset(name);
  if (dataset.size() != rows) {
    throw DataError("{}: has {} entries, expected {} as the shape says", dataset.where(), dataset.size(),
                    rows);
  }
  return dataset.read_strings();
}

class TenxH5 : public Source {
 public:
  TenxH5(File file, const ReadOptions& options)
      : file_(std::move(file)), group_(file_.group(choose_group(file_, options.genome))) {
    const hdf5::Dataset shape = group_.dataset("shape");
    if (shape.size() != 2)
      throw DataError("{}: has {} numbers, expected genes and cells", shape.where(), shape.size());
    const std::vector<std::int64_t> size = shape.read<std::int64_t>();
    genes_ = size[0];
    cells_ = size[1];
    const std::string type = open().values.type().name();
    matrices_.push_back({"matrix", "csr", type});
    read_features();
    const bool version3 = group_.is_group("features");
    chosen_ =
        choose_features(features_, options.feature_type, version3 ? options.genome : "", group_.where());
  }

  std::string format() const override { return "10x_h5"; }
  std::vector<std::string> files() const override { return {file_.file()}; }
  const std::vector<MatrixInfo>& matrices() const override { return matrices_; }

  Table cells(Remarks&) override {
    Table table;
    table.names = strings(group_, "barcodes", cells_);
    return table;
  }
  Table genes(const std::string&, Remarks&) override { return gene_table(features_, chosen_); }

  std::vector<float> sample(const std::string&) override { return {}; }

  Csr<float> read(const std::string&, int threads, Remarks&) override {
    strings(group_, "barcodes", cells_);  // the number of cells is checked before memory is asked for
    // Cell Ranger itself writes falling indices; that is no remark.
    anndata::CompressedRows rows = anndata::read_rows(open(), threads);
    keep_columns(rows.matrix, chosen_);
    return std::move(rows.matrix);
  }

 private:
  // [genes, cells] stored by columns is [cells, genes] stored by rows.
  anndata::StoredMatrix open() const {
    return anndata::sparse_matrix(group_, anndata::Layout::csr, cells_, genes_);
  }

  void read_features() {
    if (!group_.is_group("features")) {
      features_.ids = strings(group_, "genes", genes_);
      features_.names = strings(group_, "gene_names", genes_);
      return;
    }
    const Group features = group_.group("features");
    features_.ids = strings(features, "id", genes_);
    features_.names = strings(features, "name", genes_);
    if (features.exists("feature_type")) features_.types = strings(features, "feature_type", genes_);
    if (features.exists("genome")) features_.genomes = strings(features, "genome", genes_);
  }

  File file_;
  Group group_;
  std::int64_t genes_ = 0;
  std::int64_t cells_ = 0;
  std::vector<MatrixInfo> matrices_;
  Features features_;
  std::vector<bool> chosen_;
};

}  // namespace

std::unique_ptr<Source> open_10x_h5(File file, const ReadOptions& options) {
  return std::make_unique<TenxH5>(std::move(file), options);
}

}  // namespace sparcell

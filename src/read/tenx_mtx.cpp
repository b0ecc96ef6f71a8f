// Matrix Market triples: matrix.mtx, barcodes.tsv and genes.tsv or features.tsv, each plain or gzipped, with
// an optional prefix.
#include <algorithm>
#include <filesystem>

#include "read/matrix_market.h"
#include "read/source.h"
#include "read/tenx_features.h"
#include "read/text_file.h"

namespace sparcell {
namespace {

namespace fs = std::filesystem;

bool is_matrix(const std::string& name) { return name.ends_with(".mtx") || name.ends_with(".mtx.gz"); }

fs::path find_matrix(const fs::path& path) {
  if (!fs::is_directory(path)) return path;
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator(path)) {
    if (is_matrix(entry.path().filename().string())) found.push_back(entry.path().filename().string());
  }
  std::sort(found.begin(), found.end());
  if (found.empty()) {
    throw DataError("{}: is a folder without a matrix.mtx or matrix.mtx.gz; expected a Matrix Market triple",
                    path.string());
  }
  if (found.size() > 1) {
    throw UsageError("{}: holds several matrices ({}); name one file with read.path", path.string(),
                     list_of(found));
  }
  return path / found[0];
}

// What stands before "matrix.mtx" in the file's name, and so before the names of its companions.
std::string prefix_of(const std::string& name) {
  const std::size_t found = name.rfind("matrix.mtx");
  return found == std::string::npos ? "" : name.substr(0, found);
}

std::string find_companion(const fs::path& matrix, const std::vector<std::string>& names) {
  const std::string prefix = prefix_of(matrix.filename().string());
  std::vector<std::string> tried;
  for (const std::string& name : names) {
    for (const char* ending : {".gz", ""}) {
      const fs::path candidate = matrix.parent_path() / (prefix + name + ending);
      if (fs::exists(candidate)) return candidate.string();
      tried.push_back(prefix + name + ending);
    }
  }
  throw DataError("{}: none of {} lies beside it", matrix.string(), list_of(tried));
}

// The columns of a file of tab-separated values without a header.
std::vector<std::vector<std::string>> read_columns(const std::string& path, std::int64_t rows,
                                                   const char* what) {
  TextFile file(path);
  std::vector<std::vector<std::string>> columns;
  std::string_view line;
  std::int64_t count = 0;
  while (file.next(line)) {
    std::vector<std::string> fields = split_text(line, "\t");
    if (columns.empty()) columns.resize(fields.size());
    if (fields.size() != columns.size()) {
      throw DataError("{}: line {} has {} columns, the lines before have {}", path, file.line_number(),
                      fields.size(), columns.size());
    }
    for (std::size_t c = 0; c < fields.size(); ++c) columns[c].push_back(std::move(fields[c]));
    ++count;
  }
  if (count != rows) throw DataError("{}: has {} lines, the matrix has {} {}", path, count, rows, what);
  if (columns.empty()) columns.resize(1);
  return columns;
}

class TenxMtx : public Source {
 public:
  TenxMtx(const std::string& path, const ReadOptions& options) : matrix_(find_matrix(path).string()) {
    const MatrixMarketHeader header = read_matrix_market_header(matrix_);
    matrices_.push_back({"matrix", "csr", header.integers ? "int64" : "float64"});
    barcodes_ = find_companion(matrix_, {"barcodes.tsv"});
    genes_ = find_companion(matrix_, {"features.tsv", "genes.tsv"});
    cell_names_ = std::move(read_columns(barcodes_, header.cells, "cells")[0]);
    auto columns = read_columns(genes_, header.genes, "genes");
    features_.ids = columns[0];
    features_.names = columns.size() > 1 ? columns[1] : columns[0];
    if (columns.size() > 2) features_.types = columns[2];
    chosen_ = choose_features(features_, options.feature_type, "", genes_);
  }

  std::string format() const override { return "10x_mtx"; }
  std::vector<std::string> files() const override { return {barcodes_, genes_, matrix_}; }
  const std::vector<MatrixInfo>& matrices() const override { return matrices_; }

  Table cells(Remarks&) override {
    Table table;
    table.names = cell_names_;
    return table;
  }
  Table genes(const std::string&, Remarks&) override { return gene_table(features_, chosen_); }

  std::vector<float> sample(const std::string&) override { return {}; }

  Csr<float> read(const std::string&, int threads, Remarks&) override {
    Csr<float> matrix = read_matrix_market(matrix_, threads);
    keep_columns(matrix, chosen_);
    return matrix;
  }

 private:
  std::string matrix_;
  std::string barcodes_;
  std::string genes_;
  std::vector<MatrixInfo> matrices_;
  std::vector<std::string> cell_names_;
  Features features_;
  std::vector<bool> chosen_;
};

}  // namespace

std::unique_ptr<Source> open_10x_mtx(const std::string& path, const ReadOptions& options) {
  return std::make_unique<TenxMtx>(path, options);
}

}  // namespace sparcell

// Small files of every format, written by the tests.
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include "hdf5/file.h"
#include "sparcell/anndata.h"
#include "sparcell/read.h"

namespace sparcell {

/// 4 cells x 3 genes; dense: {1 0 2} {0 0 0} {0 3 0} {4 5 6}.
inline Csr<float> small_counts() { return {4, 3, {0, 2, 2, 3, 6}, {0, 2, 1, 0, 1, 2}, {1, 2, 3, 4, 5, 6}}; }

inline Table small_cells(const std::vector<std::string>& labels = {},
                         const std::string& column = "condition") {
  Table cells;
  cells.names = {"c0", "c1", "c2", "c3"};
  if (!labels.empty()) cells.set({column, labels, {}});
  return cells;
}

inline Table small_genes() {
  Table genes;
  genes.names = {"KLF1", "CEBPA", "BAK1"};
  genes.set({"ensembl", std::vector<std::string>{"E1", "E2", "E3"}, {}});
  return genes;
}

inline void write_h5ad(const std::string& path, const Csr<float>& x, const Table& cells,
                       const std::vector<std::pair<std::string, const Csr<float>*>>& layers = {}) {
  AnnDataContent content;
  content.x = &x;
  content.obs = cells;
  content.var = small_genes();
  content.layers.assign(layers.begin(), layers.end());
  write_anndata(path, content);
}

/// An AnnData file without X, to which `add` gives one by hand.
template <class Add>
void write_h5ad_with(const std::string& path, Add&& add) {
  hdf5::NewFile file(path);
  file.set("encoding-type", "anndata");
  for (const char* name : {"obs", "var"}) {
    const hdf5::Group frame = file.create_group(name);
    frame.set("_index", "names");
    frame.set("column-order", std::span<const std::string>());
    const Table table = std::string(name) == "obs" ? small_cells() : small_genes();
    frame.write_strings("names", table.names);
  }
  add(file);
  file.commit();
}

/// The parts of a sparse matrix, any of which a test may spoil.
struct SparseParts {
  std::string encoding = "csr_matrix";
  std::vector<std::int64_t> shape{4, 3};
  std::vector<double> data{1, 2, 3, 4, 5, 6};
  std::vector<std::int64_t> indices{0, 2, 1, 0, 1, 2};
  std::vector<std::int64_t> offsets{0, 2, 2, 3, 6};
};

inline void write_sparse(const hdf5::Group& parent, const std::string& name, const SparseParts& parts) {
  const hdf5::Group group = parent.create_group(name);
  group.set("encoding-type", parts.encoding);
  group.set("encoding-version", "0.1.0");
  group.set("shape", std::span<const std::int64_t>(parts.shape));
  group.write("data", parts.data, {.gzip = 1});
  group.write("indices", parts.indices, {.gzip = 1});
  group.write("indptr", parts.offsets);
}

inline void write_10x_features(const hdf5::Group& matrix, const std::vector<std::string>& types) {
  const hdf5::Group features = matrix.create_group("features");
  features.write_strings("id", std::vector<std::string>{"E1", "E2", "E3"});
  features.write_strings("name", std::vector<std::string>{"KLF1", "CEBPA", "BAK1"});
  features.write_strings("feature_type", types);
  features.write_strings("genome", std::vector<std::string>{"hg38", "hg38", "mm10"});
}

inline void write_10x_group(const hdf5::Group& file, const std::string& name) {
  const hdf5::Group matrix = file.create_group(name);
  const Csr<float> x = small_counts();
  matrix.write("data", std::vector<std::int32_t>(x.values.begin(), x.values.end()), {.gzip = 1});
  matrix.write("indices", std::vector<std::int64_t>(x.indices.begin(), x.indices.end()), {.gzip = 1});
  matrix.write("indptr", x.offsets);
  matrix.write("shape", std::vector<std::int32_t>{3, 4});
  matrix.write_strings("barcodes", std::vector<std::string>{"c0", "c1", "c2", "c3"});
}

inline void write_10x_v3(const std::string& path,
                         const std::vector<std::string>& types = {"Gene Expression", "Gene Expression",
                                                                  "CRISPR Guide Capture"}) {
  hdf5::NewFile file(path);
  write_10x_group(file, "matrix");
  write_10x_features(file.group("matrix"), types);
  file.commit();
}

inline void write_10x_v2(const std::string& path, const std::vector<std::string>& genomes) {
  hdf5::NewFile file(path);
  for (const std::string& genome : genomes) {
    write_10x_group(file, genome);
    file.group(genome).write_strings("genes", std::vector<std::string>{"E1", "E2", "E3"});
    file.group(genome).write_strings("gene_names", std::vector<std::string>{"KLF1", "CEBPA", "BAK1"});
  }
  file.commit();
}

inline void write_text(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

/// A Matrix Market triple (genes x cells) with `prefix` before the names of its files.
inline void write_triple(const std::string& folder, const std::string& prefix = "",
                         const std::string& entries = "1 1 1\n3 1 2\n2 3 3\n1 4 4\n2 4 5\n3 4 6\n") {
  write_text(folder + "/" + prefix + "matrix.mtx",
             "%%MatrixMarket matrix coordinate integer general\n% a comment\n3 4 6\n" + entries);
  write_text(folder + "/" + prefix + "barcodes.tsv", "c0\nc1\nc2\nc3\n");
  write_text(folder + "/" + prefix + "genes.tsv", "E1\tKLF1\nE2\tCEBPA\nE3\tBAK1\n");
}

/// What was logged, line by line.
struct Lines {
  std::vector<std::string> lines;
  Log log{[this](Log::Level level, const std::string& line) {
    lines.push_back((level == Log::Level::warning ? "warning: " : "") + line);
  }};
};

inline Dataset read_quietly(const std::string& path, MatrixNeed need = MatrixNeed::any,
                            ReadOptions options = {}) {
  Lines lines;
  options.path = path;
  return read(options, need, lines.log);
}

}  // namespace sparcell

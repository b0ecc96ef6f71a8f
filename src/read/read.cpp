#include "sparcell/read.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>
#include <new>
#include <unordered_set>

#include "core/columns.h"
#include "read/annotations.h"
#include "read/choose_matrix.h"
#include "read/labels.h"
#include "read/source.h"
#include "read/station.h"
#include "sparcell/core/sha256.h"

namespace sparcell {
namespace {

std::string checksum_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<char> buffer(1 << 20);
  Sha256 sha;
  do {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    sha.update(std::string_view(buffer.data(), static_cast<std::size_t>(file.gcount())));
  } while (file);
  if (!file.eof()) throw DataError("{}: cannot be read", path);
  return sha.hex();
}

// Of one file its sha256; of several that of the lines that `sha256sum` prints for them.
std::string checksum_of(const std::vector<std::string>& files) {
  if (files.size() == 1) return checksum_of(files[0]);
  Sha256 sha;
  for (const std::string& file : files) {
    sha.update(fmt::format("{}  {}\n", checksum_of(file), std::filesystem::path(file).filename().string()));
  }
  return sha.hex();
}

void rename_genes(Table& genes, const std::string& column, const std::string& file) {
  if (column.empty()) return;
  const Column* names = genes.find(column);
  if (names == nullptr) {
    throw DataError("{}: var has no column {} (read.gene_column); there are {}", file, column,
                    columns_instead_of(column, genes));
  }
  for (std::int64_t g = 0; g < genes.rows(); ++g) genes.names[static_cast<std::size_t>(g)] = names->text(g);
}

void check_shape(const Dataset& data) {
  if (data.x.rows != data.cells.rows() || data.x.cols != data.genes.rows()) {
    throw DataError("{}: {} is {} x {}, but there are {} cells and {} genes", data.source, data.matrix,
                    data.x.rows, data.x.cols, data.cells.rows(), data.genes.rows());
  }
  if (data.x.rows == 0 || data.x.cols == 0) {
    throw DataError("{}: {} holds {} cells and {} genes", data.source, data.matrix, data.x.rows, data.x.cols);
  }
}

Dataset read_source(Source& source, const ReadOptions& options, MatrixNeed need, Log& log, int threads) {
  Dataset data;
  data.source = options.path;
  // Beside the reading where there can be a thread more, else after it.
  auto checksum = std::async(std::launch::async | std::launch::deferred,
                             [files = source.files()] { return checksum_of(files); });
  Remarks remarks;
  data.cells = source.cells(remarks);
  if (!options.annotations.empty()) add_annotations(data.cells, options.annotations, remarks);
  ChosenMatrix chosen = choose_matrix(source, options, need, threads, remarks);
  data.x = std::move(chosen.matrix);
  data.matrix = chosen.name;
  const bool may_be_fractions = options.fractional_counts && need == MatrixNeed::counts;
  data.counts = may_be_fractions ? chosen.kind.fractional_counts() : chosen.kind.counts();
  data.genes = source.genes(chosen.name, remarks);
  check_shape(data);
  rename_genes(data.genes, options.gene_column, options.path);
  add_duplicates(data.cells, "cell", remarks);
  add_duplicates(data.genes, "gene", remarks);
  log.info("{} ({}): {} cells x {} genes, {} values; {} holds {}", options.path, source.format(), data.x.rows,
           data.x.cols, data.x.nonzeros(), data.matrix, chosen.kind.description());
  for (const std::string& remark : remarks) log.info("{}", remark);

  const auto convention = find_convention(data.cells, options.perturbation, options.path);
  if (!convention) {
    if (options.perturbation.preset != LabelPreset::none) log.info("no perturbation labels");
  } else {
    FoundPerturbations labelled = label_cells(data.cells, *convention, options.path);
    log.info("perturbations: obs column {}, {} perturbations and {} control cells", convention->column,
             labelled.perturbations.names.size() - 1, labelled.controls);
    if (!convention->guess.empty()) log.warn("{}", convention->guess);
    if (labelled.unlabelled > 0)
      log.warn("{} cells have no label in {}", labelled.unlabelled, convention->column);
    data.perturbations = std::move(labelled.perturbations);
  }
  data.checksum = checksum.get();
  return data;
}

}  // namespace

void add_duplicates(const Table& table, const char* what, Remarks& remarks) {
  const std::unordered_set<std::string> distinct(table.names.begin(), table.names.end());
  const std::size_t duplicates = table.names.size() - distinct.size();
  if (duplicates > 0) remarks.push_back(fmt::format("{} {} names occur more than once", duplicates, what));
}

Dataset read(const ReadOptions& options, MatrixNeed need, Log& log, int threads) {
  return with_clear_errors(options.path, [&] {
    const std::unique_ptr<Source> source = open_source(options);
    return read_source(*source, options, need, log, threads);
  });
}

DataOutline outline(const ReadOptions& options) {
  return with_clear_errors(options.path, [&] {
    const std::unique_ptr<Source> source = open_source(options);
    Remarks remarks;
    const std::string matrix = source->matrices().empty() ? "X" : source->matrices()[0].name;
    return DataOutline{checksum_of(source->files()), source->cells(remarks).rows(),
                       source->genes(matrix, remarks).rows()};
  });
}

}  // namespace sparcell

#include "report/cell_file.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "anndata/matrix.h"
#include "evaluate/distribution.h"
#include "hdf5/file.h"
#include "sparcell/anndata.h"

namespace sparcell {
namespace {

constexpr std::int64_t block_rows = 256;

anndata::StoredMatrix stored_x(const std::string& path) {
  return anndata::open_matrix(hdf5::File::open(path), "X");
}

}  // namespace

std::optional<CellFile> CellFile::open(const RunFolder& run, const std::string& name) {
  const auto path = run.file(name);
  if (!path || !hdf5::File::open(*path).exists("X")) return std::nullopt;
  const anndata::StoredMatrix stored = stored_x(*path);
  CellFile file;
  file.path_ = *path;
  file.cells_ = stored.rows;
  file.genes_ = read_var(*path).names;
  if (std::ssize(file.genes_) != stored.cols) {
    throw DataError("{}: X has {} genes beside {} names in var; the file is damaged.", *path, stored.cols,
                    file.genes_.size());
  }
  if (stored.layout != anndata::Layout::dense) file.sparse_ = anndata::read_rows(stored, 1).matrix;
  return file;
}

void CellFile::visit(const Visit& body) const {
  const auto genes = static_cast<std::int64_t>(genes_.size());
  std::vector<float> block(static_cast<std::size_t>(block_rows * genes));
  std::optional<anndata::StoredMatrix> dense;
  if (!sparse_) dense = stored_x(path_);
  for (std::int64_t first = 0; first < cells_; first += block_rows) {
    const std::int64_t rows = std::min(block_rows, cells_ - first);
    if (dense) {
      dense->values.read_rows(first, rows, block.data());
    } else {
      std::fill(block.begin(), block.end(), 0.0f);
      for (std::int64_t r = 0; r < rows; ++r) {
        for (std::int64_t p = sparse_->offsets[first + r]; p < sparse_->offsets[first + r + 1]; ++p)
          block[r * genes + sparse_->indices[p]] = sparse_->values[p];
      }
    }
    body(first, {block.data(), rows, genes});
  }
}

CellValues values_of(const CellFile& file, const std::vector<std::int32_t>& chosen, bool logarithms) {
  CellValues values{{}, Matrix<float>(file.cells(), std::ssize(chosen))};
  file.visit([&](std::int64_t first, MatrixView<const float> rows) {
    for (std::int64_t r = 0; r < rows.rows; ++r) {
      double total = 0, detected = 0;
      for (std::int64_t g = 0; g < rows.cols; ++g) {
        const float x = rows(r, g);
        if (x > 0) total += logarithms ? std::expm1(x) : x;
        detected += std::abs(x) >= near_zero ? 1 : 0;
      }
      values.totals.library_size.push_back(static_cast<float>(total));
      values.totals.detected.push_back(static_cast<float>(detected));
      for (std::size_t c = 0; c < chosen.size(); ++c)
        values.chosen(first + r, static_cast<std::int64_t>(c)) = rows(r, chosen[c]);
    }
  });
  return values;
}

std::vector<std::int32_t> most_variable_genes(const CellFile& file, const std::vector<std::int64_t>& cells,
                                              std::int64_t count) {
  const std::size_t genes = file.genes().size();
  std::vector<bool> wanted(static_cast<std::size_t>(file.cells()));
  for (const std::int64_t cell : cells) wanted[cell] = true;
  std::vector<double> sums(genes), squares(genes);
  file.visit([&](std::int64_t first, MatrixView<const float> rows) {
    for (std::int64_t r = 0; r < rows.rows; ++r) {
      if (!wanted[first + r]) continue;
      for (std::int64_t g = 0; g < rows.cols; ++g) {
        sums[g] += rows(r, g);
        squares[g] += double{rows(r, g)} * rows(r, g);
      }
    }
  });
  for (std::size_t g = 0; g < genes; ++g)
    squares[g] -= sums[g] * sums[g] / std::max<double>(1, std::ssize(cells));
  std::vector<std::int32_t> order(genes);
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return squares[a] > squares[b]; });
  order.resize(std::min<std::size_t>(genes, static_cast<std::size_t>(count)));
  return order;
}

}  // namespace sparcell

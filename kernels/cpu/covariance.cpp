// Products are added in one of two ways, chosen by the density of the chunk. Dense: blocks of cells are
// written out and OpenBLAS adds their product, rows * genes^2 operations at the speed of matrix products.
// Sparse: gene g's row of the result gathers the rest of every cell that expresses g, density^2 of the
// multiplications at the speed of scattered additions into a row that stays in cache; every row of the result
// has one thread, so sums do not depend on their number.
#include "sparcell/ops/covariance.h"

#include <cblas.h>
#include <omp.h>

#include <algorithm>

#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

constexpr std::int64_t dense_rows = 256;  // cells of a dense block: 10 MB at 5,000 genes
constexpr double sparse_below = 0.2;      // density where both ways were as fast, at 5,000 genes on two cores

template <class T>
void add_dense(int threads, CsrView<const T> x, MatrixView<double> products) {
  omp_set_num_threads(threads);
  const auto genes = static_cast<int>(x.cols);
  std::vector<double> block;
  for (std::int64_t first = 0; first < x.rows; first += dense_rows) {
    const std::int64_t rows = std::min(dense_rows, x.rows - first);
    block.assign(static_cast<std::size_t>(rows * x.cols), 0.0);
    for (std::int64_t i = 0; i < rows; ++i) {
      double* const values = block.data() + i * x.cols;
      for (std::int64_t p = x.offsets[first + i]; p < x.offsets[first + i + 1]; ++p)
        values[x.indices[p]] = x.values[p];
    }
    cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, genes, static_cast<int>(rows), 1.0, block.data(),
                genes, 1.0, products.data, static_cast<int>(products.stride));
  }
}

/// The entries of all rows, ordered by gene: `positions` point into the rows, `ends` to the ends of those
/// rows.
struct ByGene {
  std::vector<std::int64_t> offsets, positions, ends;
};

template <class T>
ByGene order_by_gene(CsrView<const T> x) {
  ByGene order;
  order.offsets.assign(static_cast<std::size_t>(x.cols + 1), 0);
  for (std::int64_t p = x.offsets[0]; p < x.offsets[x.rows]; ++p) ++order.offsets[x.indices[p] + 1];
  for (std::int64_t g = 0; g < x.cols; ++g) order.offsets[g + 1] += order.offsets[g];
  order.positions.resize(static_cast<std::size_t>(order.offsets.back()));
  order.ends.resize(order.positions.size());
  std::vector<std::int64_t> next(order.offsets.begin(), order.offsets.end() - 1);
  for (std::int64_t r = 0; r < x.rows; ++r) {
    for (std::int64_t p = x.offsets[r]; p < x.offsets[r + 1]; ++p) {
      const std::int64_t place = next[x.indices[p]]++;
      order.positions[place] = p;
      order.ends[place] = x.offsets[r + 1];
    }
  }
  return order;
}

template <class T>
void add_sparse(int threads, CsrView<const T> x, MatrixView<double> products) {
  const ByGene order = order_by_gene(x);
  parallel_for(threads, threads, 1, [&](std::int64_t part) {
    for (std::int64_t g = part; g < x.cols; g += threads) {  // interleaved: rows of a triangle get shorter
      double* const row = products.row(g);
      for (std::int64_t entry = order.offsets[g]; entry < order.offsets[g + 1]; ++entry) {
        const double value = x.values[order.positions[entry]];
        for (std::int64_t p = order.positions[entry]; p < order.ends[entry]; ++p) {
          row[x.indices[p]] += value * static_cast<double>(x.values[p]);
        }
      }
    }
  });
}

}  // namespace

template <class T>
void cpu::add_products(Context& context, CsrView<const T> x, MatrixView<double> products,
                       std::span<double> sums) {
  const std::int64_t entries = x.offsets[x.rows] - x.offsets[0];
  for (std::int64_t p = x.offsets[0]; p < x.offsets[x.rows]; ++p) sums[x.indices[p]] += x.values[p];
  if (static_cast<double>(entries) <
      sparse_below * static_cast<double>(x.rows) * static_cast<double>(x.cols)) {
    add_sparse(context.threads(), x, products);
  } else {
    add_dense(context.threads(), x, products);
  }
}
SPARCELL_INSTANTIATE(cpu::add_products);

template <class T>
void cpu::products_to_covariance(Context& context, std::span<const T> sums, std::int64_t count,
                                 MatrixView<T> products) {
  parallel_for(context.threads(), products.rows, 16, [&](std::int64_t g) {
    const T mean = sums[g] / static_cast<T>(count);
    for (std::int64_t h = g; h < products.cols; ++h) {
      products(g, h) = (products(g, h) - mean * sums[h]) / static_cast<T>(count - 1);
    }
  });
}
SPARCELL_INSTANTIATE(cpu::products_to_covariance);

}  // namespace sparcell

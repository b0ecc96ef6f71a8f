#include "evaluate/pca.h"

#include <cmath>
#include <limits>

#include "sparcell/ops/covariance.h"
#include "sparcell/ops/eigen.h"
#include "sparcell/ops/matmul.h"

namespace sparcell {
namespace {

constexpr std::int64_t chunk_rows = 4096;        // cells that are sent to the device at once while fitting
constexpr std::int64_t chunk_entries = 1 << 20;  // their non-zeros: 8 MB

/// The number of cells from `first` that make a chunk, at least one.
std::int64_t chunk_size(const Csr<float>& x, std::span<const std::int32_t> cells, std::int64_t first) {
  const std::int64_t most = std::min(chunk_rows, static_cast<std::int64_t>(cells.size()) - first);
  std::int64_t count = 0, entries = 0;
  while (count < most) {
    const std::int32_t cell = cells[first + count];
    entries += x.offsets[cell + 1] - x.offsets[cell];
    if (count > 0 && entries > chunk_entries) break;
    ++count;
  }
  return count;
}

/// Adds the products and sums of the cells; both lie on the device.
void add_cells(Context& context, const Csr<float>& x, std::span<const std::int32_t> cells,
               MatrixView<double> products, std::span<double> sums) {
  const auto count = static_cast<std::int64_t>(cells.size());
  for (std::int64_t first = 0; first < count;) {
    const std::int64_t rows = chunk_size(x, cells, first);
    const Csr<float> chunk = take_rows(x, cells.subspan(first, rows));
    const Buffer<std::int64_t> offsets(context, chunk.offsets);
    const Buffer<std::int32_t> indices(context, chunk.indices);
    const Buffer<float> values(context, chunk.values);
    const CsrView<const float> view{chunk.rows, chunk.cols, offsets.data(), indices.data(), values.data()};
    add_products<float>(context, view, products, sums);
    context.synchronize();
    first += rows;
  }
}

/// Eigenvalues that rounding alone explains are noise: their vectors are arbitrary directions.
std::int64_t rank_of(std::span<const double> values, std::int64_t genes) {
  const double noise =
      values.empty() ? 0 : values[0] * static_cast<double>(genes) * std::numeric_limits<double>::epsilon();
  std::int64_t rank = 0;
  for (double value : values) rank += value > noise ? 1 : 0;
  return rank;
}

PrincipalComponents first_components(std::span<const double> mean, const Matrix<double>& vectors,
                                     std::span<const double> values, std::int64_t count) {
  PrincipalComponents pca;
  pca.mean.assign(mean.begin(), mean.end());
  pca.variance.assign(values.begin(), values.begin() + count);
  pca.components = Matrix<float>(count, vectors.cols);
  for (std::int64_t i = 0; i < pca.components.view().size(); ++i) {
    pca.components.values[i] = static_cast<float>(vectors.values[i]);
  }
  return pca;
}

Matrix<float> repeated(std::span<const float> row) {
  Matrix<float> rows(evaluation_block, static_cast<std::int64_t>(row.size()));
  for (std::int64_t r = 0; r < rows.rows; ++r) std::copy(row.begin(), row.end(), rows.view().row(r));
  return rows;
}

std::vector<float> negated_scores(const PrincipalComponents& pca, std::int64_t components) {
  std::vector<float> scores;
  for (std::int64_t c = 0; c < components; ++c) {
    double sum = 0;
    for (std::int64_t g = 0; g < pca.components.cols; ++g)
      sum -= static_cast<double>(pca.mean[g]) * pca.components(c, g);
    scores.push_back(static_cast<float>(sum));
  }
  return scores;
}

Matrix<float> first_rows(const Matrix<float>& matrix, std::int64_t count) {
  require(count >= 0 && count <= matrix.rows, "{} of {} principal components", count, matrix.rows);
  Matrix<float> rows(count, matrix.cols);
  std::copy_n(matrix.values.begin(), rows.values.size(), rows.values.begin());
  return rows;
}

}  // namespace

Covariance::Covariance(Context& context, const Csr<float>& x, std::span<const std::int32_t> cells)
    : cells_(static_cast<std::int64_t>(cells.size())), values_(context, x.cols, x.cols) {
  require(cells_ >= 2, "principal components of {} cells", cells_);
  const Buffer<double> sums(context, x.cols);
  add_cells(context, x, cells, values_.view(), sums.span());
  products_to_covariance<double>(context, sums.span(), cells_, values_.view());
  mean_ = sums.to_host();
  for (double& m : mean_) m /= static_cast<double>(cells_);
}

PrincipalComponents components_of(Context& context, MatrixView<double> covariance,
                                  std::span<const double> mean, std::int64_t most) {
  Buffer<double> values(context, most);
  DeviceMatrix<double> vectors(context, most, covariance.cols);
  top_eigenpairs<double>(context, covariance, values.span(), vectors.view());
  const std::vector<double> variance = values.to_host();
  return first_components(mean, vectors.to_host(), variance, rank_of(variance, covariance.cols));
}

PrincipalComponents fit_pca(Context& context, const Csr<float>& x, std::span<const std::int32_t> cells,
                            std::int64_t components, Log& log) {
  Covariance covariance(context, x, cells);
  const std::int64_t most = std::min({components, covariance.cells() - 1, x.cols});
  PrincipalComponents pca = components_of(context, covariance.view(), covariance.mean(), most);
  if (pca.components.rows < components) {
    log.info("evaluate: {} principal components instead of {}: {} cells of {} genes have no more",
             pca.components.rows, components, covariance.cells(), x.cols);
  }
  return pca;
}

std::vector<double> variance_of(const Matrix<float>& scores) {
  std::vector<double> variance(static_cast<std::size_t>(scores.cols));
  for (std::int64_t r = 0; r < scores.rows; ++r) {
    for (std::int64_t c = 0; c < scores.cols; ++c)
      variance[c] += static_cast<double>(scores(r, c)) * scores(r, c) / static_cast<double>(scores.rows - 1);
  }
  return variance;
}

Projector::Projector(Context& context, const PrincipalComponents& pca, std::int64_t components)
    : context_(context),
      components_(context, first_rows(pca.components, components)),
      means_(context, repeated(pca.mean)),
      minus_scores_(context, repeated(negated_scores(pca, components))),
      scores_(context, evaluation_block, components) {}

void Projector::scores(MatrixView<const float> cells, MatrixView<float> out) {
  require(out.contiguous() && cells.rows <= evaluation_block, "a projection of {} cells at once", cells.rows);
  if (components() == 0) return;
  context_.memory().copy_on_device(out.data, minus_scores_.view().data,
                                   static_cast<std::size_t>(out.size()) * sizeof(float));
  matmul<float>(context_, Transpose::no, Transpose::yes, cells, components_.view(), 1.0f, out);
}

void Projector::decode(MatrixView<const float> scores, MatrixView<float> out) {
  require(out.contiguous() && out.rows <= evaluation_block, "{} cells at once", out.rows);
  context_.memory().copy_on_device(out.data, means_.view().data,
                                   static_cast<std::size_t>(out.size()) * sizeof(float));
  if (components() == 0) return;
  matmul<float>(context_, Transpose::no, Transpose::no, scores, components_.view(), 1.0f, out);
}

void Projector::reconstruct(MatrixView<const float> cells, MatrixView<float> out) {
  const MatrixView<float> block_scores = scores_.rows(0, cells.rows);
  scores(cells, block_scores);
  decode(block_scores, out);
}

Matrix<float> PrincipalComponents::transform(Context& context, MatrixView<const float> cells) const {
  DeviceMatrix<float> block(context, std::min(evaluation_block, cells.rows), cells.cols);
  DeviceMatrix<float> scores(context, cells.rows, components.rows);
  Projector projector(context, *this, components.rows);
  for_each_block(0, cells.rows, [&](std::int64_t first, std::int64_t count) {
    const MatrixView<float> rows = block.rows(0, count);
    for (std::int64_t r = 0; r < count; ++r) {
      context.memory().copy_to_device(rows.row(r), cells.row(first + r),
                                      static_cast<std::size_t>(cells.cols) * sizeof(float));
    }
    projector.scores(rows, scores.rows(first, count));
  });
  return scores.to_host();
}

Matrix<float> PrincipalComponents::transform(Context& context, const Csr<float>& x,
                                             std::span<const std::int32_t> cells) const {
  RealBlocks real(context, x);
  DeviceMatrix<float> scores(context, static_cast<std::int64_t>(cells.size()), components.rows);
  Projector projector(context, *this, components.rows);
  for_each_block(0, scores.rows(), [&](std::int64_t first, std::int64_t count) {
    projector.scores(real.load(cells.subspan(first, count)), scores.rows(first, count));
  });
  return scores.to_host();
}

}  // namespace sparcell

#include "evaluate/sample.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "math/philox.h"
#include "sparcell/ops/cell_totals.h"
#include "sparcell/ops/correlation.h"
#include "sparcell/ops/distribution.h"
#include "sparcell/ops/matmul.h"
#include "sparcell/ops/neighbors.h"
#include "sparcell/ops/residuals.h"
#include "sparcell/ops/transpose.h"
#include "sparcell/ops/wasserstein.h"

namespace sparcell {
namespace {

constexpr std::int64_t most_values = std::int64_t{1} << 27;  // 512 MiB of f32
constexpr std::int64_t direction_count = 128;

/// a - a is 0 only where a is finite, so a block against itself shows the cells that are not.
void check_finite(Context& context, MatrixView<const float> block, std::int64_t first,
                  const std::string& model) {
  Buffer<double> errors(context, block.rows);
  squared_errors<float>(context, block, block, errors.span());
  const std::vector<double> host = errors.to_host();
  for (std::int64_t i = 0; i < block.rows; ++i) {
    if (host[i] != 0) {
      throw NumericalError(
          "model {}: its generated cell {} holds a value that is not finite; a smaller learning rate or "
          "gradient clipping may help",
          model, first + i);
    }
  }
}

Matrix<float> unit_vectors(std::int64_t count, std::int64_t dimensions, std::uint64_t seed) {
  const math::PhiloxStream stream(RandomStream(seed, Purpose::evaluation, evaluation_directions));
  Matrix<float> vectors(count, dimensions);
  std::vector<double> normals(static_cast<std::size_t>(dimensions + dimensions % 2));
  for (std::int64_t v = 0; v < count; ++v) {
    double squares = 0;
    for (std::size_t c = 0; c < normals.size(); c += 2) {
      const std::uint64_t word = static_cast<std::uint64_t>(v) * normals.size() + c;
      math::normal_pair(stream.word(word), stream.word(word + 1), normals[c], normals[c + 1]);
    }
    for (std::int64_t c = 0; c < dimensions; ++c) squares += normals[c] * normals[c];
    for (std::int64_t c = 0; c < dimensions; ++c)
      vectors(v, c) = static_cast<float>(normals[c] / std::sqrt(squares));
  }
  return vectors;
}

/// A strided block of columns of a matrix.
MatrixView<float> columns_of(MatrixView<float> matrix, std::int64_t first, std::int64_t count) {
  return {matrix.data + first, matrix.rows, count, matrix.stride};
}

/// Correlations of the given rows of genes x cells.
Matrix<float> correlations_of(Context& context, MatrixView<const float> genes,
                              std::span<const std::int32_t> rows) {
  const auto count = static_cast<std::int64_t>(rows.size());
  const DeviceMatrix<float> chosen(context, count, genes.cols);
  for (std::int64_t r = 0; r < count; ++r) {
    context.memory().copy_on_device(chosen.view().row(r), genes.row(rows[r]),
                                    static_cast<std::size_t>(genes.cols) * sizeof(float));
  }
  standardize_rows<float>(context, chosen.view());
  const DeviceMatrix<float> products(context, count, count);
  matmul<float>(context, Transpose::no, Transpose::yes, chosen.view(), chosen.view(), 0.0f, products.view());
  return products.to_host();
}

/// Projections of all scores on the directions, each sorted.
DeviceMatrix<float> project(const SampleSpace& space, MatrixView<const float> scores) {
  DeviceMatrix<float> projections(space.context, space.directions.rows(), scores.rows);
  matmul<float>(space.context, Transpose::no, Transpose::yes, space.directions.view(), scores, 0.0f,
                projections.view());
  sort_rows<float>(space.context, projections.view());
  return projections;
}

std::vector<float> radii_of(Context& context, MatrixView<const float> scores) {
  const DeviceMatrix<float> distances(context, scores.rows, ball_neighbors);
  const DeviceMatrix<std::int32_t> indices(context, scores.rows, ball_neighbors);
  nearest_neighbors<float>(context, scores, scores, true, distances.view(), indices.view());
  const Matrix<float> host = distances.to_host();
  std::vector<float> radii;
  for (std::int64_t i = 0; i < host.rows; ++i) radii.push_back(host(i, ball_neighbors - 1));
  return radii;
}

/// Of every row the sum of its positive values.
void set_sums(Context& context, MatrixView<const float> block, double* sums) {
  std::vector<float> host(static_cast<std::size_t>(block.size()));
  context.memory().copy_to_host(host.data(), block.data, host.size() * sizeof(float));
  for (std::int64_t r = 0; r < block.rows; ++r) {
    sums[r] = 0;
    for (std::int64_t g = 0; g < block.cols; ++g) sums[r] += std::max(0.0f, host[r * block.cols + g]);
  }
}

/// Library sizes and numbers of genes of a block's cells, to the columns of `out` from `first` on; `memory`
/// has room for them on the device.
void take_totals(const SampleSpace& space, MatrixView<const float> block, DeviceMatrix<double>& memory,
                 std::int64_t first, Matrix<float>& out) {
  const std::span<double> all = memory.buffer().span();
  cell_totals<float>(space.context, block, near_zero, all.subspan(0, block.rows),
                     all.subspan(evaluation_block, block.rows));
  Matrix<double> host = memory.to_host();
  if (!space.logarithms) set_sums(space.context, block, host.view().row(0));  // the op takes logarithms back
  for (std::int64_t i = 0; i < block.rows; ++i) {
    out(library_size_total, first + i) = static_cast<float>(host(0, i));
    out(genes_total, first + i) = static_cast<float>(host(1, i));
    out(log_library_size_total, first + i) = static_cast<float>(std::log1p(host(0, i)));
  }
}

}  // namespace

std::int64_t kept_cells(std::int64_t cells, std::int64_t genes) {
  return std::min(cells, std::max<std::int64_t>(1, most_values / std::max<std::int64_t>(genes, 1)));
}

std::vector<std::int32_t> most_variable(const Csr<float>& x, std::span<const std::int32_t> cells,
                                        std::int64_t count) {
  std::vector<double> sums(static_cast<std::size_t>(x.cols)), squares(sums.size());
  for (std::int32_t cell : cells) {
    for (std::int64_t p = x.offsets[cell]; p < x.offsets[cell + 1]; ++p) {
      const double value = x.values[p];
      sums[x.indices[p]] += value;
      squares[x.indices[p]] += value * value;
    }
  }
  const auto n = static_cast<double>(cells.size());
  for (std::size_t g = 0; g < sums.size(); ++g) squares[g] -= sums[g] * sums[g] / n;
  std::vector<std::int32_t> genes(sums.size());
  std::iota(genes.begin(), genes.end(), 0);
  std::stable_sort(genes.begin(), genes.end(), [&](auto a, auto b) { return squares[a] > squares[b]; });
  genes.resize(static_cast<std::size_t>(std::min<std::int64_t>(count, x.cols)));
  std::sort(genes.begin(), genes.end());
  return genes;
}

SampleSpace sample_space(Context& context, Projector& projector, const PrincipalComponents& pca,
                         std::vector<double> shift, std::vector<std::int32_t> correlated,
                         const WantedMetrics& wanted, std::uint64_t seed) {
  require(projector.components() <= pca.components.rows, "a space of {} components of {}",
          projector.components(), pca.components.rows);
  return {context,
          projector,
          std::move(shift),
          std::move(correlated),
          DeviceMatrix<float>(context, unit_vectors(direction_count, projector.components(), seed)),
          wanted};
}

GeneDistribution Sample::distribution(const SampleSpace& space) const {
  Matrix<double> sum(distribution_moments_count, static_cast<std::int64_t>(space.shift.size()));
  for (const Matrix<double>& moments : group_moments) {
    for (std::size_t i = 0; i < sum.values.size(); ++i) sum.values[i] += moments.values[i];
  }
  return gene_distribution(sum, cells, space.shift);
}

Sample draw_sample(const SampleSpace& space, std::span<const std::int64_t> groups, const FillBlock& fill,
                   const std::string& model) {
  Context& context = space.context;
  const WantedMetrics& wanted = space.wanted;
  const auto genes = static_cast<std::int64_t>(space.shift.size());
  const std::int64_t cells = groups.back();
  const bool by_gene = wanted.any_of({"gene_wasserstein", "correlation_agreement"});
  const std::int64_t kept = by_gene ? kept_cells(cells, genes) : 0;

  Sample sample{.cells = cells,
                .group_moments = {},
                .scores = DeviceMatrix<float>(context, cells, space.projector.components()),
                .sorted_genes = DeviceMatrix<float>(context, by_gene ? genes : 0, kept),
                .sorted_projections = DeviceMatrix<float>(context, 0, cells),
                .sorted_totals = DeviceMatrix<float>(context, totals_of_cells, cells),
                .correlations = {},
                .radii = {}};
  const Buffer<double> shift(context, space.shift);
  const DeviceMatrix<float> block_memory(context, evaluation_block, genes);
  DeviceMatrix<double> moments(context, distribution_moments_count, genes);
  DeviceMatrix<double> totals(context, 2, evaluation_block);
  Matrix<float> host_totals(totals_of_cells, cells);
  for (std::size_t group = 0; group + 1 < groups.size(); ++group) {
    moments.buffer().set_zero();
    for_each_block(groups[group], groups[group + 1], [&](std::int64_t first, std::int64_t count) {
      const MatrixView<float> block = block_memory.rows(0, count);
      fill(first, block);
      check_finite(context, block, first, model);
      distribution_moments<float>(context, block, shift.span(), near_zero, moments.view());
      space.projector.scores(block, sample.scores.rows(first, count));
      take_totals(space, block, totals, first, host_totals);
      const std::int64_t taken = std::clamp<std::int64_t>(kept - first, 0, count);
      if (taken > 0) {
        transpose<float>(context, block.slice_rows(0, taken),
                         columns_of(sample.sorted_genes.view(), first, taken));
      }
    });
    sample.group_moments.push_back(moments.to_host());
  }
  sample.sorted_totals.buffer().upload(host_totals.values);
  sort_rows<float>(context, sample.sorted_totals.view());
  if (wanted.has("correlation_agreement"))
    sample.correlations = correlations_of(context, sample.sorted_genes.view(), space.correlated);
  sort_rows<float>(context, sample.sorted_genes.view());
  if (space.has_components()) {
    if (wanted.has("sliced_wasserstein")) sample.sorted_projections = project(space, sample.scores.view());
    if (wanted.any_of({"precision", "recall", "coverage"}) && cells > ball_neighbors)
      sample.radii = radii_of(context, sample.scores.view());
  }
  return sample;
}

}  // namespace sparcell

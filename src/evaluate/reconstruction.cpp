#include "evaluate/reconstruction.h"

#include <cmath>
#include <limits>

#include "sparcell/ops/residuals.h"

namespace sparcell {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

Matrix<double> empty_moments(std::int64_t genes) {
  Matrix<double> moments(residual_moments_count, genes);
  const auto fill = [&](ResidualMoment moment, double value) {
    std::fill_n(moments.view().row(static_cast<int>(moment)), genes, value);
  };
  const double infinity = std::numeric_limits<double>::infinity();
  fill(ResidualMoment::real_low, infinity);
  fill(ResidualMoment::real_high, -infinity);
  fill(ResidualMoment::predicted_low, infinity);
  fill(ResidualMoment::predicted_high, -infinity);
  return moments;
}

void check_finite(std::span<const double> errors, std::span<const std::int32_t> cells, const std::string& who,
                  std::span<const std::string> names) {
  for (std::size_t i = 0; i < errors.size(); ++i) {
    if (!std::isfinite(errors[i])) {
      throw NumericalError(
          "model {}: its reconstruction of cell {} (row {} of the data) holds a value that is not finite; "
          "a smaller learning rate or gradient clipping may help",
          who, names[cells[i]], cells[i]);
    }
  }
}

/// One gene's sums, as deviations from its mean in the test cells.
struct GeneSums {
  const Matrix<double>& moments;
  std::int64_t gene;
  double cells;

  double of(ResidualMoment moment) const { return moments(static_cast<int>(moment), gene); }
  bool real_varies() const { return of(ResidualMoment::real_low) < of(ResidualMoment::real_high); }
  bool predicted_varies() const {
    return of(ResidualMoment::predicted_low) < of(ResidualMoment::predicted_high);
  }
  double squares(ResidualMoment squared, ResidualMoment sum) const {
    return of(squared) - of(sum) * of(sum) / cells;
  }

  double r2() const {
    const double residual = of(ResidualMoment::squared_error);
    if (!real_varies()) return residual == 0 ? 1 : 0;
    return 1 - residual / squares(ResidualMoment::real_squared, ResidualMoment::real);
  }
  double pearson() const {
    if (!real_varies() || !predicted_varies()) return nan;
    const double together =
        of(ResidualMoment::product) - of(ResidualMoment::real) * of(ResidualMoment::predicted) / cells;
    const double r =
        together / std::sqrt(squares(ResidualMoment::real_squared, ResidualMoment::real) *
                             squares(ResidualMoment::predicted_squared, ResidualMoment::predicted));
    return std::isfinite(r) ? std::clamp(r, -1.0, 1.0) : nan;
  }
};

/// The scores of all genes and their means.
void score_genes(const Matrix<double>& moments, std::int64_t cells, ReconstructionScores& scores) {
  const auto genes = static_cast<double>(moments.cols);
  double varying_sum = 0, pearson_sum = 0;
  for (std::int64_t g = 0; g < moments.cols; ++g) {
    const GeneSums sums{moments, g, static_cast<double>(cells)};
    scores.gene_mse.push_back(sums.of(ResidualMoment::squared_error) / static_cast<double>(cells));
    scores.gene_r2.push_back(sums.r2());
    scores.gene_pearson.push_back(sums.pearson());
    scores.mse += scores.gene_mse.back() / genes;
    scores.mae += sums.of(ResidualMoment::absolute_error) / static_cast<double>(cells) / genes;
    scores.r2 += scores.gene_r2.back() / genes;
    if (sums.real_varies()) {
      ++scores.varying_genes;
      varying_sum += scores.gene_r2.back();
    }
    if (std::isnan(scores.gene_pearson.back())) {
      ++scores.pearson_undefined;
    } else {
      pearson_sum += scores.gene_pearson.back();
    }
  }
  const std::int64_t pearson_defined = moments.cols - scores.pearson_undefined;
  scores.r2_varying =
      scores.varying_genes > 0 ? varying_sum / static_cast<double>(scores.varying_genes) : nan;
  scores.pearson_per_gene = pearson_defined > 0 ? pearson_sum / static_cast<double>(pearson_defined) : nan;
}

}  // namespace

std::vector<double> gene_means(const Csr<float>& x, std::span<const std::int32_t> cells) {
  std::vector<double> means(static_cast<std::size_t>(x.cols));
  for (std::int32_t cell : cells) {
    for (std::int64_t p = x.offsets[cell]; p < x.offsets[cell + 1]; ++p) means[x.indices[p]] += x.values[p];
  }
  for (double& mean : means) mean /= static_cast<double>(cells.size());
  return means;
}

ReconstructionScores judge_reconstruction(Context& context, RealBlocks& real,
                                          std::span<const std::int32_t> cells,
                                          std::span<const double> test_means, const Reconstruct& reconstruct,
                                          const std::string& who, std::span<const std::string> names) {
  const std::int64_t genes = real.cells().cols;
  DeviceMatrix<double> moments(context, empty_moments(genes));
  DeviceMatrix<float> predicted(context, evaluation_block, genes);
  const Buffer<double> shift(context, test_means);
  Buffer<double> errors(context, evaluation_block);
  ReconstructionScores scores;
  for_each_block(0, static_cast<std::int64_t>(cells.size()), [&](std::int64_t first, std::int64_t count) {
    const auto block_cells = cells.subspan(first, count);
    const MatrixView<const float> block = real.load(block_cells);
    const MatrixView<float> guess = predicted.rows(0, count);
    reconstruct(block_cells, block, guess);
    squared_errors<float>(context, block, guess, errors.span().first(count));
    const std::vector<double> block_errors = errors.to_host();
    check_finite(std::span(block_errors).first(count), block_cells, who, names);
    for (std::int64_t i = 0; i < count; ++i)
      scores.cell_errors.push_back(block_errors[i] / static_cast<double>(genes));
    residual_moments<float>(context, block, guess, shift.span(), moments.view());
  });
  score_genes(moments.to_host(), static_cast<std::int64_t>(cells.size()), scores);
  return scores;
}

}  // namespace sparcell

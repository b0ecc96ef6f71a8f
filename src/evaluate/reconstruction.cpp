#include "evaluate/reconstruction.h"

#include <cmath>
#include <limits>

#include "sparcell/ops/residuals.h"

namespace sparcell {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

bool is_low(ResidualMoment moment) {
  return moment == ResidualMoment::real_low || moment == ResidualMoment::predicted_low;
}
bool is_high(ResidualMoment moment) {
  return moment == ResidualMoment::real_high || moment == ResidualMoment::predicted_high;
}

Matrix<double> empty_moments(std::int64_t genes) {
  Matrix<double> moments(residual_moments_count, genes);
  const double infinity = std::numeric_limits<double>::infinity();
  for (std::int64_t m = 0; m < moments.rows; ++m) {
    const auto moment = static_cast<ResidualMoment>(m);
    std::fill_n(moments.view().row(m), genes, is_low(moment) ? infinity : is_high(moment) ? -infinity : 0);
  }
  return moments;
}

void add(const Matrix<double>& part, Matrix<double>& total) {
  for (std::int64_t m = 0; m < total.rows; ++m) {
    double* const sum = total.view().row(m);
    const double* const other = part.view().row(m);
    const auto moment = static_cast<ResidualMoment>(m);
    const bool low = is_low(moment), high = is_high(moment);
    for (std::int64_t g = 0; g < total.cols; ++g) {
      sum[g] = low ? std::min(sum[g], other[g]) : high ? std::max(sum[g], other[g]) : sum[g] + other[g];
    }
  }
}

/// Element i has the sums of groups i and later; the last one is empty.
std::vector<Matrix<double>> sums_from(const std::vector<Matrix<double>>& groups) {
  std::vector<Matrix<double>> from(groups.size() + 1, empty_moments(groups[0].cols));
  for (std::size_t i = groups.size(); i-- > 0;) {
    from[i] = from[i + 1];
    add(groups[i], from[i]);
  }
  return from;
}

/// Names the first cell, by its row in the data, with a value that is not finite.
void check_finite(std::span<const double> errors, const TestCells& test, const std::string& who,
                  std::span<const std::string> names) {
  std::int32_t first = std::numeric_limits<std::int32_t>::max();
  for (std::size_t i = 0; i < errors.size(); ++i) {
    if (!std::isfinite(errors[i])) first = std::min(first, test.cells[i]);
  }
  if (first == std::numeric_limits<std::int32_t>::max()) return;
  throw NumericalError(
      "model {}: its reconstruction of cell {} (row {} of the data) holds a value that is not finite; "
      "a smaller learning rate or gradient clipping may help",
      who, names[first], first);
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

std::vector<double> differences(std::span<const double> a, std::span<const double> b) {
  std::vector<double> result;
  for (std::size_t i = 0; i < a.size(); ++i) result.push_back(a[i] - b[i]);
  return result;
}

/// The mean of r2 over the genes that vary; NaN where none does.
double r2_varying(const Matrix<double>& moments, std::int64_t cells) {
  double sum = 0, varying = 0;
  for (std::int64_t g = 0; g < moments.cols; ++g) {
    const GeneSums sums{moments, g, static_cast<double>(cells)};
    if (!sums.real_varies()) continue;
    sum += sums.r2();
    ++varying;
  }
  return varying > 0 ? sum / varying : nan;
}

/// Sums of what is judged as normalized counts, over all test cells.
class ResidualsOfCounts {
 public:
  ResidualsOfCounts(Context& context, std::span<const double> means)
      : context_(context), shift_(context, means), moments_(context, empty_moments(std::ssize(means))) {}

  void add(MatrixView<const float> real, MatrixView<const float> guess) {
    residual_moments<float>(context_, real, guess, MomentsOf::expm1, shift_.span(), moments_.view());
  }
  Matrix<double> to_host() const { return moments_.to_host(); }

 private:
  Context& context_;
  Buffer<double> shift_;
  DeviceMatrix<double> moments_;
};

/// The scores of all genes and their means.
void score_genes(const Matrix<double>& moments, std::int64_t cells, GeneScores& scores) {
  const auto genes = static_cast<double>(moments.cols);
  double pearson_sum = 0;
  for (std::int64_t g = 0; g < moments.cols; ++g) {
    const GeneSums sums{moments, g, static_cast<double>(cells)};
    scores.gene_mse.push_back(sums.of(ResidualMoment::squared_error) / static_cast<double>(cells));
    scores.gene_r2.push_back(sums.r2());
    scores.gene_pearson.push_back(sums.pearson());
    scores.mse += scores.gene_mse.back() / genes;
    scores.mae += sums.of(ResidualMoment::absolute_error) / static_cast<double>(cells) / genes;
    scores.r2 += scores.gene_r2.back() / genes;
    scores.varying_genes += sums.real_varies() ? 1 : 0;
    if (std::isnan(scores.gene_pearson.back())) {
      ++scores.pearson_undefined;
    } else {
      pearson_sum += scores.gene_pearson.back();
    }
  }
  const std::int64_t pearson_defined = moments.cols - scores.pearson_undefined;
  scores.r2_varying = r2_varying(moments, cells);
  scores.pearson_per_gene = pearson_defined > 0 ? pearson_sum / static_cast<double>(pearson_defined) : nan;
}

}  // namespace

ReconstructionScores judge_reconstruction(Context& context, RealBlocks& real, const TestCells& test,
                                          const Reconstruct& reconstruct, const std::string& who,
                                          std::span<const std::string> names,
                                          std::span<const double> count_means) {
  const std::int64_t genes = real.cells().cols;
  const Matrix<double> empty = empty_moments(genes);
  DeviceMatrix<double> moments(context, empty);
  DeviceMatrix<float> predicted(context, evaluation_block, genes);
  const Buffer<double> shift(context, test.means);
  Buffer<double> errors(context, test.count());
  std::optional<ResidualsOfCounts> counts;
  if (!count_means.empty()) counts.emplace(context, count_means);
  std::vector<Matrix<double>> groups;
  for (std::int64_t group = 0; group < test.group_count(); ++group) {
    moments.buffer().upload(empty.values);
    for_each_block(test.groups[group], test.groups[group + 1], [&](std::int64_t first, std::int64_t count) {
      const MatrixView<const float> block = real.load(test.range(first, count));
      const MatrixView<float> guess = predicted.rows(0, count);
      reconstruct(test.range(first, count), block, guess);
      squared_errors<float>(context, block, guess, errors.span().subspan(first, count));
      residual_moments<float>(context, block, guess, MomentsOf::values, shift.span(), moments.view());
      if (counts) counts->add(block, guess);
    });
    groups.push_back(moments.to_host());
  }
  ReconstructionScores scores;
  scores.cell_errors = errors.to_host();
  check_finite(scores.cell_errors, test, who, names);
  for (double& error : scores.cell_errors) error /= static_cast<double>(genes);
  const std::vector<Matrix<double>> from = sums_from(groups);
  score_genes(from[0], test.count(), scores);
  if (counts) score_genes(counts->to_host(), test.count(), scores.counts.emplace());
  Matrix<double> before = empty_moments(genes);
  for (std::size_t group = 0; group < groups.size(); ++group) {
    Matrix<double> others = before;
    add(from[group + 1], others);
    const std::int64_t cells = test.count() - (test.groups[group + 1] - test.groups[group]);
    scores.r2_varying_without.push_back(r2_varying(others, cells));
    add(groups[group], before);
  }
  return scores;
}

std::optional<Interval> mse_difference(const ReconstructionScores& model,
                                       const ReconstructionScores& baseline, std::int64_t resamples,
                                       std::uint64_t seed) {
  if (static_cast<std::int64_t>(model.cell_errors.size()) < TestCells::for_interval) return std::nullopt;
  return bootstrap_interval(differences(model.cell_errors, baseline.cell_errors), resamples, seed);
}

std::optional<Interval> r2_difference(const ReconstructionScores& model,
                                      const ReconstructionScores& baseline) {
  if (static_cast<std::int64_t>(model.cell_errors.size()) < TestCells::for_interval) return std::nullopt;
  const std::vector<double> replicates = differences(model.r2_varying_without, baseline.r2_varying_without);
  for (double replicate : replicates) {
    if (std::isnan(replicate)) return std::nullopt;
  }
  return jackknife_interval(model.r2_varying - baseline.r2_varying, replicates);
}

}  // namespace sparcell

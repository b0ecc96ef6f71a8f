#include "evaluate/generation.h"

#include <algorithm>
#include <array>
#include <limits>

#include "evaluate/agreement.h"
#include "evaluate/averages.h"
#include "evaluate/discriminant.h"
#include "sparcell/ops/kernel_sums.h"
#include "sparcell/ops/neighbors.h"
#include "sparcell/ops/pairwise.h"
#include "sparcell/ops/wasserstein.h"

namespace sparcell {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t halving_count = 20;
constexpr std::array<double, 6> gammas{2, 1, 0.5, 0.1, 0.01, 0.005};  // EVALUATION's, in units of components

std::vector<double> row_distances(Context& context, MatrixView<const float> a, MatrixView<const float> b) {
  const Buffer<double> distances(context, a.rows);
  wasserstein_distances<float>(context, a, b, distances.span());
  return distances.to_host();
}

/// Of every cell, to the nearest of `cells`.
std::vector<double> nearest_distances(Context& context, MatrixView<const float> scores,
                                      MatrixView<const float> cells) {
  const DeviceMatrix<float> distances(context, scores.rows, 1);
  const DeviceMatrix<std::int32_t> indices(context, scores.rows, 1);
  nearest_neighbors<float>(context, scores, cells, false, distances.view(), indices.view());
  const Matrix<float> host = distances.to_host();
  return {host.values.begin(), host.values.end()};
}

double share_of_ones(const Buffer<std::int32_t>& answers) {
  const std::vector<std::int32_t> host = answers.to_host();
  return static_cast<double>(std::count(host.begin(), host.end(), 1)) / static_cast<double>(host.size());
}

/// The share of x's cells that lie in a ball around a cell of y.
double share_inside(Context& context, const Sample& x, const Sample& y) {
  const Buffer<float> radii(context, y.radii);
  const Buffer<std::int32_t> inside(context, x.cells);
  inside_balls<float>(context, x.scores.view(), y.scores.view(), radii.span(), inside.span());
  return share_of_ones(inside);
}

/// The share of real cells with a generated cell among their own neighbourhood (Naeem et al. 2020).
double coverage(Context& context, const Sample& generated, const Sample& real) {
  const Buffer<float> radii(context, real.radii);
  const Buffer<std::int32_t> occupied(context, real.cells);
  occupied_balls<float>(context, real.scores.view(), generated.scores.view(), radii.span(), occupied.span());
  return share_of_ones(occupied);
}

void add_moments(const GeneDistribution& generated, const GeneDistribution& real, Metrics& values) {
  const DistributionScores genes = compare(generated, real);
  values.emplace_back("zero_fraction_error", genes.zero_fraction_error);
  values.emplace_back("exact_zero_fraction_error", genes.exact_zero_fraction_error);
  values.emplace_back("mean_pearson_squared", genes.mean_pearson_squared);
  values.emplace_back("variance_ratio", genes.variance_ratio);
  values.emplace_back("zeros_against_mean_error", zeros_against_mean_error(generated, real));
  const Agreement means = agreement(generated.mean, real.mean),
                  variances = agreement(generated.variance, real.variance);
  values.emplace_back("mean_r2", means.r2);
  values.emplace_back("mean_slope", means.slope);
  values.emplace_back("variance_r2", variances.r2);
  values.emplace_back("variance_slope", variances.slope);
}

/// What needs both samples' components, beside distances.
void add_in_components(const SampleSpace& space, const Sample& generated, const Sample& real,
                       Metrics& values) {
  const WantedMetrics& wanted = space.wanted;
  Context& context = space.context;
  if (wanted.any_of({"energy_distance_squared", "two_sample_auroc"})) {
    const Matrix<float> x = generated.scores.to_host(), y = real.scores.to_host();
    values.emplace_back("energy_distance_squared", squared_energy_distance(x, y));
    values.emplace_back("two_sample_auroc", two_sample_area(x, y));
  }
  if (wanted.has("sliced_wasserstein")) {
    values.emplace_back(
        "sliced_wasserstein",
        mean_of(row_distances(context, generated.sorted_projections.view(), real.sorted_projections.view())));
  }
  if (!generated.radii.empty() && !real.radii.empty()) {
    values.emplace_back("precision", share_inside(context, generated, real));
    values.emplace_back("recall", share_inside(context, real, generated));
    values.emplace_back("coverage", coverage(context, generated, real));
  }
}

/// Everything but distances with intervals and the memorisation test.
void add_comparison(const SampleSpace& space, const Sample& generated, const Sample& real,
                    GenerationScores& scores) {
  const std::vector<double> totals =
      row_distances(space.context, generated.sorted_totals.view(), real.sorted_totals.view());
  scores.values.emplace_back("library_size_wasserstein", totals[library_size_total]);
  scores.values.emplace_back("log_library_size_wasserstein", totals[log_library_size_total]);
  scores.values.emplace_back("genes_per_cell_wasserstein", totals[genes_total]);
  if (space.wanted.has("gene_wasserstein")) {
    scores.gene_wasserstein =
        row_distances(space.context, generated.sorted_genes.view(), real.sorted_genes.view());
    scores.values.emplace_back("gene_wasserstein", mean_of(scores.gene_wasserstein));
  }
  if (space.wanted.has("correlation_agreement")) {
    scores.values.emplace_back("correlation_agreement",
                               correlation_agreement(generated.correlations, real.correlations));
  }
  if (space.has_components()) add_in_components(space, generated, real, scores.values);
}

}  // namespace

RealSample::RealSample(const SampleSpace& space, RealBlocks& real, const TestCells& test,
                       std::span<const std::int32_t> train, std::uint64_t seed)
    : space_(space),
      blocks_(real),
      test_(test),
      real_(draw_sample(
          space, test.groups,
          [&](std::int64_t first, MatrixView<float> out) { real.copy(test.range(first, out.rows), out); },
          "the data")),
      halvings_(sparcell::halvings(test.group_count(), halving_count, seed)) {
  const GroupedScores all{real_.scores.view(), test.groups};
  PairSums sums = pair_sums(all, all);
  real_distances_ = {{test.groups, std::move(sums.euclidean), {}, {}},
                     {test.groups, std::move(sums.kernel), {}, {}}};
  if (!space.wanted.has("memorization") || !space.has_components() || train.empty()) return;
  train_scores_.emplace(space.context, static_cast<std::int64_t>(train.size()), space.projector.components());
  for_each_block(0, train_scores_->rows(), [&](std::int64_t first, std::int64_t count) {
    space.projector.scores(real.load(train.subspan(first, count)), train_scores_->rows(first, count));
  });
  train_distances_ = nearest_distances(space.context, real_.scores.view(), train_scores_->view());
}

RealSample::PairSums RealSample::pair_sums(const GroupedScores& x, const GroupedScores& y) const {
  const std::int64_t rows = std::ssize(x.groups) - 1, cols = std::ssize(y.groups) - 1;
  const DeviceMatrix<double> distances(space_.context, rows, cols);
  if (!space_.wanted.has("mmd")) {
    pairwise_distance_sums<float>(space_.context, x.scores, y.scores, x.groups, y.groups, distances.view());
    return {distances.to_host(), {}};
  }
  const DeviceMatrix<double> kernels(space_.context, rows, cols);
  distance_and_kernel_sums<float>(space_.context, x.scores, y.scores, x.groups, y.groups, gammas,
                                  distances.view(), kernels.view());
  PairSums sums{distances.to_host(), kernels.to_host()};
  for (double& sum : sums.kernel.values) sum = -sum;
  if (x.scores.data == y.scores.data) {  // a cell's kernel with itself, which is 1, is no pair
    for (std::int64_t g = 0; g < rows; ++g)
      sums.kernel(g, g) += static_cast<double>(x.groups[g + 1] - x.groups[g]);
  }
  return sums;
}

SampleDistances RealSample::distances_to_real(const Sample& generated, std::int64_t per_cell) const {
  const std::vector<std::int64_t> groups = generated_groups(test_.groups, per_cell);
  const GroupedScores x{generated.scores.view(), groups}, y{real_.scores.view(), test_.groups};
  PairSums within = pair_sums(x, x), between = pair_sums(x, y);
  const auto together = [&](const Matrix<double>& real, Matrix<double> PairSums::*which) {
    return GroupDistances{test_.groups, real, std::move(within.*which), std::move(between.*which), per_cell};
  };
  return {together(real_distances_.euclidean.real, &PairSums::euclidean),
          together(real_distances_.kernel.real, &PairSums::kernel)};
}

GeneDistribution RealSample::distribution_of(const Chosen& chosen) const {
  Matrix<double> sum(real_.group_moments[0].rows, real_.group_moments[0].cols);
  std::int64_t cells = 0;
  for (std::size_t g = 0; g < chosen.size(); ++g) {
    if (!chosen[g]) continue;
    for (std::size_t i = 0; i < sum.values.size(); ++i) sum.values[i] += real_.group_moments[g].values[i];
    cells += test_.groups[g + 1] - test_.groups[g];
  }
  return gene_distribution(sum, cells, space_.shift);
}

void RealSample::add_mean_over_halvings(GenerationScores& scores) const {
  Metrics sums;
  for (Chosen half : halvings_) {
    const GeneDistribution first = distribution_of(half);
    half.flip();
    Metrics values;
    add_moments(first, distribution_of(half), values);
    if (sums.empty()) sums = Metrics(values.size());
    for (std::size_t i = 0; i < values.size(); ++i)
      sums[i] = {values[i].first, sums[i].second + values[i].second / static_cast<double>(halvings_.size())};
  }
  scores.values.insert(scores.values.end(), sums.begin(), sums.end());
  if (!space_.has_components()) return;
  scores.values.emplace_back("energy_distance", split_half_distance(real_distances_.euclidean, halvings_));
  if (space_.wanted.has("mmd"))
    scores.values.emplace_back("mmd", split_half_distance(real_distances_.kernel, halvings_));
}

GenerationScores RealSample::split_half() {
  GenerationScores scores;
  if (test_.count() < 4) return scores;
  add_mean_over_halvings(scores);
  const std::int64_t half = test_.count() / 2;
  const auto draw = [&](std::int64_t from, std::int64_t count) {
    const std::int64_t whole[] = {0, count};
    const auto fill = [&](std::int64_t first, MatrixView<float> out) {
      blocks_.copy(test_.range(from + first, out.rows), out);
    };
    return draw_sample(space_, whole, fill, "the data");
  };
  const Sample first = draw(0, half), second = draw(half, test_.count() - half);
  add_comparison(space_, first, second, scores);
  if (!train_distances_.empty()) {
    const std::span<const double> all(train_distances_);
    scores.values.emplace_back("memorization", roc_area(all.subspan(half), all.subspan(0, half)));
  }
  return scores;
}

GenerationScores RealSample::judge(const std::string& name, const FillBlock& generate,
                                   std::int64_t per_cell) const {
  const std::int64_t whole[] = {0, per_cell * test_.count()};
  const Sample generated = draw_sample(space_, whole, generate, name);
  GenerationScores scores;
  scores.distribution = generated.distribution(space_);
  add_moments(scores.distribution, distribution(), scores.values);
  add_comparison(space_, generated, real_, scores);
  if (!space_.has_components()) return scores;
  if (space_.wanted.any_of({"energy_distance", "mmd"})) {
    scores.distances = distances_to_real(generated, per_cell);
    scores.values.emplace_back("energy_distance", generated_distance(scores.distances->euclidean));
    if (space_.wanted.has("mmd"))
      scores.values.emplace_back("mmd", generated_distance(scores.distances->kernel));
  }
  if (train_scores_) {
    const std::vector<double> nearest =
        nearest_distances(space_.context, generated.scores.view(), train_scores_->view());
    scores.values.emplace_back("memorization", roc_area(train_distances_, nearest));
  }
  return scores;
}

}  // namespace sparcell

#include "evaluate/generation.h"

#include <limits>

#include "sparcell/ops/distribution.h"
#include "sparcell/ops/pairwise.h"
#include "sparcell/ops/residuals.h"

namespace sparcell {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t most_groups = 40;  // of the jackknife; even, so that halvings are halves
constexpr std::int64_t halving_count = 20;

std::int64_t group_count(std::int64_t cells) {
  return std::max<std::int64_t>(1, std::min(most_groups, cells / 2 * 2));
}

Matrix<double> distance_sums(Context& context, MatrixView<const float> x, MatrixView<const float> y,
                             std::span<const std::int64_t> groups) {
  const auto count = static_cast<std::int64_t>(groups.size()) - 1;
  DeviceMatrix<double> sums(context, count, count);
  pairwise_distance_sums<float>(context, x, y, groups, groups, sums.view());
  return sums.to_host();
}

void add_to(Matrix<double>& sum, const Matrix<double>& moments) {
  for (std::size_t i = 0; i < sum.values.size(); ++i) sum.values[i] += moments.values[i];
}

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

}  // namespace

RealSample::RealSample(Context& context, RealBlocks& real, std::span<const std::int32_t> cells,
                       std::span<const double> test_means, Projector& projector, std::uint64_t seed)
    : context_(context),
      projector_(projector),
      test_means_(test_means.begin(), test_means.end()),
      groups_(equal_groups(static_cast<std::int64_t>(cells.size()),
                           group_count(static_cast<std::int64_t>(cells.size())))),
      scores_(context, static_cast<std::int64_t>(cells.size()), projector.components()) {
  std::vector<std::int32_t> shuffled;
  for (std::int32_t i :
       random_order(groups_.back(), RandomStream(seed, Purpose::evaluation, evaluation_groups))) {
    shuffled.push_back(cells[i]);
  }
  const Buffer<double> shift(context, test_means_);
  DeviceMatrix<double> moments(context, distribution_moments_count, real.cells().cols);
  for (std::size_t g = 0; g + 1 < groups_.size(); ++g) {
    moments.buffer().set_zero();
    for_each_block(groups_[g], groups_[g + 1], [&](std::int64_t first, std::int64_t count) {
      const MatrixView<const float> block = real.load(std::span(shuffled).subspan(first, count));
      distribution_moments<float>(context, block, shift.span(), near_zero, moments.view());
      projector.scores(block, scores_.rows(first, count));
    });
    group_moments_.push_back(moments.to_host());
  }
  const auto count = static_cast<std::int64_t>(group_moments_.size());
  distribution_ = distribution_of(Chosen(static_cast<std::size_t>(count), true));
  real_distances_ = distance_sums(context, scores_.view(), scores_.view(), groups_);
  halvings_ = halvings(count, halving_count, seed);
}

GeneDistribution RealSample::distribution_of(const Chosen& chosen) const {
  Matrix<double> sum(distribution_moments_count, static_cast<std::int64_t>(test_means_.size()));
  std::int64_t cells = 0;
  for (std::size_t g = 0; g < chosen.size(); ++g) {
    if (!chosen[g]) continue;
    add_to(sum, group_moments_[g]);
    cells += groups_[g + 1] - groups_[g];
  }
  return gene_distribution(sum, cells, test_means_);
}

GenerationScores RealSample::split_half() const {
  GenerationScores scores;
  const auto share = 1.0 / static_cast<double>(halvings_.size());
  for (Chosen half : halvings_) {
    const GeneDistribution first = distribution_of(half);
    half.flip();
    const DistributionScores halves = compare(first, distribution_of(half));
    scores.genes.zero_fraction_error += share * halves.zero_fraction_error;
    scores.genes.exact_zero_fraction_error += share * halves.exact_zero_fraction_error;
    scores.genes.mean_pearson_squared += share * halves.mean_pearson_squared;
    scores.genes.variance_ratio += share * halves.variance_ratio;
  }
  scores.energy_distance =
      has_space() ? split_half_distance({groups_, real_distances_, {}, {}}, halvings_) : nan;
  return scores;
}

GenerationScores RealSample::judge(const JudgedModel& model) const {
  const auto genes = static_cast<std::int64_t>(test_means_.size());
  const Buffer<double> shift(context_, test_means_);
  DeviceMatrix<double> moments(context_, distribution_moments_count, genes);
  DeviceMatrix<float> generated(context_, evaluation_block, genes),
      scores(context_, cells(), projector_.components());
  for_each_block(0, cells(), [&](std::int64_t first, std::int64_t count) {
    const MatrixView<float> block = generated.rows(0, count);
    model.generate(first, block);
    check_finite(context_, block, first, model.name);
    distribution_moments<float>(context_, block, shift.span(), near_zero, moments.view());
    projector_.scores(block, scores.rows(first, count));
  });
  GenerationScores judged;
  judged.distribution = gene_distribution(moments.to_host(), cells(), test_means_);
  judged.genes = compare(judged.distribution, distribution_);
  const GroupDistances distances{groups_, real_distances_,
                                 distance_sums(context_, scores.view(), scores.view(), groups_),
                                 distance_sums(context_, scores.view(), scores_.view(), groups_)};
  judged.energy_distance = has_space() ? generated_distance(distances) : nan;
  if (has_space() && cells() >= verdict_cells)
    judged.against_split_half = distance_interval(distances, halvings_);
  return judged;
}

}  // namespace sparcell

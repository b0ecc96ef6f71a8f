#include "evaluate/generation.h"

#include <limits>

#include "sparcell/ops/distribution.h"
#include "sparcell/ops/pairwise.h"
#include "sparcell/ops/residuals.h"

namespace sparcell {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t halving_count = 20;

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

RealSample::RealSample(Context& context, RealBlocks& real, const TestCells& test, Projector& projector,
                       std::uint64_t seed)
    : context_(context),
      projector_(projector),
      test_(test),
      scores_(context, test.count(), projector.components()),
      halvings_(halvings(test.group_count(), halving_count, seed)) {
  const Buffer<double> shift(context, test.means);
  DeviceMatrix<double> moments(context, distribution_moments_count, real.cells().cols);
  for (std::int64_t g = 0; g < test.group_count(); ++g) {
    moments.buffer().set_zero();
    for_each_block(test.groups[g], test.groups[g + 1], [&](std::int64_t first, std::int64_t count) {
      const MatrixView<const float> block = real.load(test.range(first, count));
      distribution_moments<float>(context, block, shift.span(), near_zero, moments.view());
      projector.scores(block, scores_.rows(first, count));
    });
    group_moments_.push_back(moments.to_host());
  }
  distribution_ = distribution_of(Chosen(group_moments_.size(), true));
  real_distances_ = distance_sums(context, scores_.view(), scores_.view(), test.groups);
}

GeneDistribution RealSample::distribution_of(const Chosen& chosen) const {
  Matrix<double> sum(distribution_moments_count, static_cast<std::int64_t>(test_.means.size()));
  std::int64_t cells = 0;
  for (std::size_t g = 0; g < chosen.size(); ++g) {
    if (!chosen[g]) continue;
    add_to(sum, group_moments_[g]);
    cells += test_.groups[g + 1] - test_.groups[g];
  }
  return gene_distribution(sum, cells, test_.means);
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
      has_space() ? split_half_distance({test_.groups, real_distances_, {}, {}}, halvings_) : nan;
  return scores;
}

GenerationScores RealSample::judge(const JudgedModel& model) const {
  const auto genes = static_cast<std::int64_t>(test_.means.size());
  const Buffer<double> shift(context_, test_.means);
  DeviceMatrix<double> moments(context_, distribution_moments_count, genes);
  DeviceMatrix<float> generated(context_, evaluation_block, genes),
      scores(context_, test_.count(), projector_.components());
  for_each_block(0, test_.count(), [&](std::int64_t first, std::int64_t count) {
    const MatrixView<float> block = generated.rows(0, count);
    model.generate(first, block);
    check_finite(context_, block, first, model.name);
    distribution_moments<float>(context_, block, shift.span(), near_zero, moments.view());
    projector_.scores(block, scores.rows(first, count));
  });
  GenerationScores judged;
  judged.distribution = gene_distribution(moments.to_host(), test_.count(), test_.means);
  judged.genes = compare(judged.distribution, distribution_);
  const GroupDistances distances{test_.groups, real_distances_,
                                 distance_sums(context_, scores.view(), scores.view(), test_.groups),
                                 distance_sums(context_, scores.view(), scores_.view(), test_.groups)};
  judged.energy_distance = has_space() ? generated_distance(distances) : nan;
  if (has_space() && test_.count() >= TestCells::for_interval)
    judged.against_split_half = distance_interval(distances, halvings_);
  return judged;
}

}  // namespace sparcell

// How generated cells compare with real test cells.
#pragma once

#include <optional>

#include "evaluate/sample.h"
#include "evaluate/test_cells.h"

namespace sparcell {

/// Distances of one sample to the real cells; kernels are negative, so that both are distances.
struct SampleDistances {
  GroupDistances euclidean, kernel;
};

struct GenerationScores {
  Metrics values;  ///< those that are wanted; NaN where not defined
  GeneDistribution distribution;
  std::vector<double> gene_wasserstein;  ///< of every gene, where wanted
  std::optional<SampleDistances> distances;
};

/// The real test cells: what is computed once for all models.
class RealSample {
 public:
  /// What it takes must outlive it; `train` are the cells of the memorisation test.
  RealSample(const SampleSpace& space, RealBlocks& real, const TestCells& test,
             std::span<const std::int32_t> train, std::uint64_t seed);

  GeneDistribution distribution() const { return real_.distribution(space_); }
  /// Real half against real half: distances, means, variances and zeros as the mean over 20 halvings, the
  /// other metrics of one. Needs four cells.
  GenerationScores split_half();
  /// `per_cell` times as many generated cells as there are real ones.
  GenerationScores judge(const std::string& name, const FillBlock& generate, std::int64_t per_cell = 1) const;

  const std::vector<Chosen>& halvings() const { return halvings_; }

 private:
  /// The components of a sample in groups.
  struct GroupedScores {
    MatrixView<const float> scores;
    std::span<const std::int64_t> groups;
  };
  /// Sums by pairs of groups, of distances and of negative kernels; of these none where they are not wanted.
  struct PairSums {
    Matrix<double> euclidean, kernel;
  };
  PairSums pair_sums(const GroupedScores& x, const GroupedScores& y) const;
  SampleDistances distances_to_real(const Sample& generated, std::int64_t per_cell) const;
  void add_mean_over_halvings(GenerationScores& scores) const;
  GeneDistribution distribution_of(const Chosen& chosen) const;

  const SampleSpace& space_;
  RealBlocks& blocks_;
  const TestCells& test_;
  Sample real_;
  std::optional<DeviceMatrix<float>> train_scores_;
  std::vector<double> train_distances_;  ///< of every real cell, to the nearest training cell
  SampleDistances real_distances_;       ///< real against real only
  std::vector<Chosen> halvings_;
};

}  // namespace sparcell

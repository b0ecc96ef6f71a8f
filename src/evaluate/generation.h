// How generated cells compare with real test cells.
#pragma once

#include <optional>

#include "evaluate/blocks.h"
#include "evaluate/distribution.h"
#include "evaluate/energy.h"
#include "evaluate/pca.h"

namespace sparcell {

struct GenerationScores {
  DistributionScores genes;
  double energy_distance = 0;                  ///< NaN where there are too few cells
  std::optional<Interval> against_split_half;  ///< of the energy distance, where there are cells enough
  GeneDistribution distribution;
};

/// The real test cells, in random groups of nearly equal size: what is computed once for all models.
class RealSample {
 public:
  /// Test cells that an interval of a distance needs: without one group, a half still has the two cells of a
  /// distance.
  static constexpr std::int64_t verdict_cells = 8;

  /// `projector` gives the space of energy distances.
  RealSample(Context& context, RealBlocks& real, std::span<const std::int32_t> cells,
             std::span<const double> test_means, Projector& projector, std::uint64_t seed);

  const GeneDistribution& distribution() const { return distribution_; }
  /// Real half against real half, mean over the halvings. Needs four cells.
  GenerationScores split_half() const;
  /// As many generated cells as there are real ones.
  GenerationScores judge(const JudgedModel& model) const;

 private:
  std::int64_t cells() const { return groups_.back(); }
  bool has_space() const { return projector_.components() > 0; }  ///< constant cells have no components
  GeneDistribution distribution_of(const Chosen& chosen) const;

  Context& context_;
  Projector& projector_;
  std::vector<double> test_means_;
  std::vector<std::int64_t> groups_;
  std::vector<Matrix<double>> group_moments_;
  DeviceMatrix<float> scores_;
  Matrix<double> real_distances_;
  std::vector<Chosen> halvings_;
  GeneDistribution distribution_;
};

}  // namespace sparcell

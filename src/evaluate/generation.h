// How generated cells compare with real test cells.
#pragma once

#include <optional>

#include "evaluate/blocks.h"
#include "evaluate/distribution.h"
#include "evaluate/energy.h"
#include "evaluate/pca.h"
#include "evaluate/test_cells.h"

namespace sparcell {

struct GenerationScores {
  DistributionScores genes;
  double energy_distance = 0;                  ///< NaN where there are too few cells
  std::optional<Interval> against_split_half;  ///< of the energy distance, where there are cells enough
  GeneDistribution distribution;
};

/// The real test cells: what is computed once for all models.
class RealSample {
 public:
  /// `projector` gives the space of energy distances; the others outlive this sample too.
  RealSample(Context& context, RealBlocks& real, const TestCells& test, Projector& projector,
             std::uint64_t seed);

  const GeneDistribution& distribution() const { return distribution_; }
  /// Real half against real half, mean over the halvings. Needs four cells.
  GenerationScores split_half() const;
  /// As many generated cells as there are real ones.
  GenerationScores judge(const JudgedModel& model) const;

 private:
  bool has_space() const { return projector_.components() > 0; }  ///< constant cells have no components
  GeneDistribution distribution_of(const Chosen& chosen) const;

  Context& context_;
  Projector& projector_;
  const TestCells& test_;
  std::vector<Matrix<double>> group_moments_;
  DeviceMatrix<float> scores_;
  Matrix<double> real_distances_;
  std::vector<Chosen> halvings_;
  GeneDistribution distribution_;
};

}  // namespace sparcell

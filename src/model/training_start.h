// What a model may take from its training cells before its first step.
#pragma once

#include <vector>

#include "sparcell/core/matrix.h"

namespace sparcell {

/// Generated cells that the record of a GAN's training takes the share of zeros of.
inline constexpr std::int64_t shown_cells = 128;

/// Host memory. Parts that the model's options do not ask for are empty.
struct TrainingStart {
  std::vector<double> mean, deviation;   ///< by gene; deviations of the population (divisor n)
  Matrix<float> components;              ///< orthonormal rows, at most as many as latent dimensions
  std::vector<double> variance;          ///< of the cells along each component
  Csr<float> genes;                      ///< genes x training cells: the transposed data; of GANs too
  std::vector<double> rate, dispersion;  ///< of counts, by gene: mean of normalized counts, dispersion (of
                                         ///< every gene in one group of cells after the other)
  std::vector<std::int32_t> controls;    ///< rows of the training cells that are controls
  Csr<float> conditions;  ///< of GANs that are told them: of the first `shown_cells` training cells
};

}  // namespace sparcell

// How a loss counts, and where its sum goes.
#pragma once

namespace sparcell {

/// *sum += scale * the sum that an op defines; gradients are gradient_scale times that sum's derivatives.
struct LossTerm {
  double scale = 1;
  double gradient_scale = 1;
  double* sum = nullptr;  ///< device memory, f64
};

}  // namespace sparcell

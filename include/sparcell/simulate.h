// Synthetic Perturb-seq data, Norman-like, with the truth stored beside it.
#pragma once

#include <cstdint>
#include <string>

#include "sparcell/core/log.h"

namespace sparcell {

struct SimulateOptions {
  std::int64_t cells = 2000;
  std::int64_t genes = 1000;
  std::int64_t perturbations = 20;  ///< single-gene perturbations
  std::int64_t doubles = 5;
  std::uint64_t seed = 0;
  int threads = 1;
};

/// Writes an h5ad with counts in X; obs: perturbation, guide, nperts, library size, program activity; the truth (gene means,
/// dispersions, effects, modules) in varm and uns. Equal options give equal bytes.
void simulate(const std::string& path, const SimulateOptions& options, Log& log);

}  // namespace sparcell

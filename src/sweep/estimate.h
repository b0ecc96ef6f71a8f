// What a run will need, before it runs.
#pragma once

#include <cstdint>
#include <vector>

#include "sparcell/experiment.h"
#include "sparcell/read.h"

namespace sparcell {

struct Estimate {
  std::int64_t parameters = 0;  ///< of all models, if filters keep every gene
  double memory_bytes = 0;
  double work = 0;  ///< multiply-adds of training
};

/// Counts parameters exactly, for as many genes as `select` takes of the file's. Memory: the data as it is
/// while it is read and selected, and of the largest model its parameters with gradients and moments, and
/// activations.
Estimate estimate(const Experiment& experiment, const DataOutline& data);

/// Multiply-adds a second that training on `threads` cores of this machine reaches, from a short measurement
/// of matrix products.
double training_rate(int threads);

}  // namespace sparcell

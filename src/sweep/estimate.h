// What a run will need, before it runs.
#pragma once

#include <cstdint>
#include <vector>

#include "experiment/condition_table.h"
#include "sparcell/experiment.h"
#include "sparcell/read.h"

namespace sparcell {

/// What layers' widths follow from.
struct DataShape {
  std::int64_t genes = 0;          ///< that models see
  std::vector<TableShape> tables;  ///< of each model of the experiment
};

struct Estimate {
  std::int64_t parameters = 0;  ///< of all models
  double memory_bytes = 0;
  double work = 0;  ///< multiply-adds of training
};

/// Counts parameters exactly. Memory: the data as it is while it is read and selected, and of the largest
/// model its parameters with gradients and moments, and activations.
Estimate estimate(const Experiment& experiment, const DataOutline& data, const DataShape& shape);

/// Multiply-adds a second that training on `threads` cores of this machine reaches, from a short measurement
/// of matrix products.
double training_rate(int threads);

}  // namespace sparcell

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

/// What training does, in all of its steps.
struct TrainingWork {
  double products = 0;    ///< multiply-adds of matrix products
  double values = 0;      ///< of cells in layers
  double layers = 0;      ///< times that a batch goes through one and back
  double parameters = 0;  ///< times that one is moved
};

struct Estimate {
  std::int64_t parameters = 0;  ///< of all models
  double memory_bytes = 0;
  TrainingWork training;
};

/// Counts parameters exactly. Memory: the data as it is while it is read and selected, and of the largest
/// model its parameters with gradients and moments, and activations.
Estimate estimate(const Experiment& experiment, const DataOutline& data, const DataShape& shape);

/// Multiply-adds a second of matrix products on `threads` cores of this machine, from a short measurement.
double product_rate(int threads);

/// Of training, where products have that rate and the cores do nothing else.
double seconds_of(const TrainingWork& work, double rate, std::int64_t threads);

}  // namespace sparcell

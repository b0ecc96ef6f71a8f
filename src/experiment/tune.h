// Plans of matrix products: `sparcell tune`.
#pragma once

#include <string>

#include "sparcell/core/log.h"
#include "sparcell/experiment.h"

namespace sparcell {

/// Takes an epoch of each model of the experiment on its GPU, measures the algorithms that the library has
/// for each matrix product of their steps, and writes the fastest ones to `file`, for products.plan. Throws
/// UsageError where the device is the CPU and where there is such a file already.
void tune(const Experiment& experiment, const std::string& file, Log& log);

}  // namespace sparcell

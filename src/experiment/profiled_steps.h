// A few training steps for a profiler, and nothing else of a run.
#pragma once

#include <cstdint>
#include <string>

#include "sparcell/core/log.h"
#include "sparcell/experiment.h"

namespace sparcell {

/// Steps [first, end) of a model's training, counted from 0 over all epochs.
struct ProfiledSteps {
  std::string model;  ///< name in the experiment
  std::int64_t first = 0, end = 0;
};

/// Prepares the data and trains the model up to `end`, on a GPU, with the profiler told to collect during the
/// steps. Writes nothing. Throws UsageError where the experiment's device is no GPU and where training has
/// fewer steps, before the first one where that is known.
void take_profiled_steps(const Experiment& experiment, const ProfiledSteps& steps, Log& log);

/// Throws UsageError where the experiment's device, or what `auto` takes, is no GPU.
void check_device_of_profile(const Experiment& experiment);

}  // namespace sparcell

// What commands on a finished run share.
#pragma once

#include <memory>
#include <string>

#include "experiment/finished_run.h"

namespace sparcell {

/// On the run's device, with its threads.
Context context_of(const FinishedRun& run);

/// An output may replace an earlier one, but not what the command reads, nor have a name that says another
/// format than h5ad: throws UsageError. Throws DataError where its folder is not there.
void check_output(const std::string& command, const FinishedRun& run, const std::string& output,
                  const std::string& input = "");

/// The run's own data with its own split. Throws DataError where the file is gone or has changed.
Prepared prepare_again(Context& context, const FinishedRun& run, Log& log);

/// A model over the run's own cells, with their conditions.
std::unique_ptr<TrainedModel> load_conditioned(const FinishedRun& run, Context& context,
                                               const std::string& name, std::optional<Weights> weights,
                                               const Prepared& prepared, Log& log);

}  // namespace sparcell

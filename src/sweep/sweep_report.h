// report.html of a sweep or an ablation.
#pragma once

#include <vector>

#include "sweep/configurations.h"
#include "sweep/differences.h"
#include "sweep/results.h"

namespace sparcell {

void write_sweep_report(const SweepFolder& sweep, const SweepSettings& settings,
                        const std::vector<RunOutcome>& outcomes,
                        const std::vector<Configuration>& configurations,
                        const std::vector<PairedDifference>& differences);

}  // namespace sparcell

// Which cells weights were fitted on: what checkpoints say of it, and what a run that starts from another's
// weights must know.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "experiment/prepared.h"
#include "experiment/run_folder.h"
#include "sparcell/config.h"

namespace sparcell {

/// The cells that models see: training and validation cells.
std::vector<std::int32_t> seen_cells(const Prepared& prepared);

/// SHA-256 of the names, in any order, of the cells that models see.
std::string seen_cells_hash(const Prepared& prepared);

/// The cells of `prepared` that the weights which models start from (`train.init_from`) have seen, in that
/// run or in one that it started from. Throws DataError where a run's split.csv is not that of its
/// checkpoint. Where a run was trained on another data file, or an earlier one is gone, a warning says that
/// its cells cannot be told. `paths` are the run's own: where it goes on from a checkpoint, they were looked
/// at when it began, and a run that is gone since then does not stop it.
std::vector<Fit> fits_of_starts(const Experiment& experiment, const Prepared& prepared, const RunPaths& paths,
                                Log& log);

/// What provenance.json says of the weights that a run's models started from; empty in older files.
StartChecksums noted_starts(const nlohmann::json& provenance);

/// Of every model that starts from another run's weights: what `provenance`, of the run's earlier processes,
/// says where it goes on from a checkpoint, else of the file. Throws UsageError where that run has no such
/// model, DataError where weights that are still to be taken are gone or have changed since the run began.
StartChecksums starts_of(const Experiment& experiment, const RunPaths& paths,
                         const nlohmann::json& provenance);

}  // namespace sparcell

// Where a run stands, from its folder.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "experiment/run_folder.h"

namespace sparcell {

/// `pruned`: stopped by halving, because others were better.
enum class RunPhase { waiting, running, interrupted, failed, pruned, done };
const char* word_of(RunPhase phase);

struct RunState {
  RunPhase phase = RunPhase::waiting;
  Progress progress;                   ///< of one that runs or ended before its end
  std::optional<double> seconds_left;  ///< of this model's training
  std::string reason;                  ///< of an end before the end
};

/// A finished run costs one look at the file system, another one its small status.json and lock. A process
/// that died without a word counts as interrupted.
RunState state_of_run(const std::filesystem::path& folder);

/// Epochs of its last model that stand in metrics.csv.
std::int64_t epochs_taken(const std::filesystem::path& folder);

/// The `models` of result.json, in an object of that one key; null where the file is not there or damaged.
nlohmann::ordered_json result_of_run(const std::filesystem::path& folder);

/// Marks a run that failed before it had a folder of its own, so that the reason is found there. Not in a
/// folder that a process holds: one that begins there takes a status for another run.
void note_failure(const std::filesystem::path& folder, const std::string& reason, int code);

/// Takes such a mark away, so that the run can begin.
void forget_failure(const std::filesystem::path& folder);

}  // namespace sparcell

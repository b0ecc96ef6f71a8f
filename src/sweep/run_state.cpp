#include "sweep/run_state.h"

#include <cctype>
#include <fstream>

#include "core/system.h"
#include "core/whole_file.h"
#include "experiment/run_json.h"
#include "experiment/run_lock.h"

namespace sparcell {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// The rest of the model's epochs at the pace of those before.
std::optional<double> seconds_left(const Json& status, const Progress& at) {
  const Json cost = status.value("cost", Json::object());
  if (at.stage != "train" || at.epoch == 0 || at.epoch == at.epochs || !cost.contains(at.model))
    return std::nullopt;
  const double seconds = cost[at.model].value("train_seconds", 0.0);
  return seconds / static_cast<double>(at.epoch) * static_cast<double>(at.epochs - at.epoch);
}

}  // namespace

const char* word_of(RunPhase phase) {
  constexpr const char* words[] = {"waiting", "running", "interrupted", "failed", "pruned", "done"};
  return words[static_cast<int>(phase)];
}

RunState state_of_run(const fs::path& folder) {
  RunState state;
  if (is_there(folder / "result.json")) {
    state.phase = RunPhase::done;
    return state;
  }
  const Json status = read_status((folder / "status.json").string());
  if (status.empty()) {
    if (RunLock::held(folder)) {
      state.phase = RunPhase::running;
    } else if (is_there(folder / "config.yaml")) {
      state.phase = RunPhase::interrupted;
    }
    return state;
  }
  state.progress = Progress::of(status);
  state.reason = status.value("reason", "");
  const std::string word = status.value("state", "");
  if (RunLock::held(folder)) {
    state.phase = RunPhase::running;
    state.seconds_left = seconds_left(status, state.progress);
  } else if (word == "failed") {
    state.phase = RunPhase::failed;
  } else {
    state.phase = RunPhase::interrupted;
  }
  return state;
}

std::int64_t epochs_taken(const fs::path& folder) {
  std::ifstream file(folder / "metrics.csv");
  std::int64_t epochs = 0;
  for (std::string line; std::getline(file, line);) {
    if (!line.empty() && std::isdigit(static_cast<unsigned char>(line[0]))) epochs = std::stoll(line) + 1;
  }
  return epochs;
}

Json result_of_run(const fs::path& folder) {
  std::ifstream file(folder / "result.json");
  // Verdicts and metric definitions are the larger part of a result and of the time that reading one takes.
  const auto models_alone = [](int depth, Json::parse_event_t event, const Json& parsed) {
    return depth != 1 || event != Json::parse_event_t::key || parsed == "models";
  };
  Json json = Json::parse(file, models_alone, false);
  return json.is_object() ? json : Json();
}

void note_failure(const fs::path& folder, const std::string& reason, int code) {
  if (is_there(folder / "status.json") || RunLock::held(folder)) return;
  fs::create_directories(folder);
  const Json status{{"state", "failed"}, {"reason", reason}, {"code", code}};
  write_file((folder / "status.json").string(), status.dump(2) + "\n");
}

void forget_failure(const fs::path& folder) {
  if (is_there(folder / "config.yaml") || RunLock::held(folder)) return;
  std::error_code ignored;
  fs::remove(folder / "status.json", ignored);
}

}  // namespace sparcell

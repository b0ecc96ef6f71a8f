#include "experiment/run.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "core/run_path.h"
#include "core/version.h"
#include "experiment/run_files.h"
#include "experiment/run_json.h"
#include "experiment/signals.h"
#include "experiment/stations.h"
#include "sparcell/config.h"
#include "sparcell/core/context.h"

namespace sparcell {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

/// Sections and keys that a resumed run may set anew, the train keys also in a model's own.
constexpr const char* changeable[] = {"train.epochs",
                                      "train.steps",
                                      "train.early_stopping",
                                      "train.checkpoint",
                                      "evaluate",
                                      "report",
                                      "name",
                                      "tags",
                                      "device",
                                      "threads",
                                      "products.plan",
                                      "read.path",
                                      "read.annotations"};

bool may_change(const std::string& override_text) {
  std::string key = override_text.substr(override_text.starts_with('~'), override_text.find('='));
  constexpr std::string_view of_a_model = "model.";
  if (key.starts_with(of_a_model))
    key = key.substr(std::min(key.find('.', of_a_model.size()) + 1, key.size()));
  return std::any_of(std::begin(changeable), std::end(changeable), [&](const std::string& prefix) {
    return key == prefix || key.starts_with(prefix + ".");
  });
}

void check_overrides(const std::vector<std::string>& overrides) {
  for (const std::string& text : overrides) {
    if (may_change(text)) continue;
    throw UsageError(
        "override '{}': this would be another run. resume can change train.epochs, train.steps, "
        "train.early_stopping, train.checkpoint, evaluate, report, name, tags, device, threads, "
        "products.plan, read.path and read.annotations; other changes need a run of their own, which can "
        "start from this one's weights (train.init_from)",
        text);
  }
}

void check_schema(const std::string& folder, const Json& file) {
  const Json schema = file.value("schema", Json(run_schema));
  if (schema == run_schema) return;
  throw UsageError(
      "{} was written by version {} of sparcell with run schema {}; this is version {}, which goes on with "
      "schema {}. Resume it with the version that wrote it",
      folder, file.value("version", "?"), schema.dump(), version, run_schema);
}

/// What overrides.yaml lists, as text: one JSON string a line.
std::vector<std::string> earlier_overrides(const std::string& path) {
  std::vector<std::string> overrides;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    const Json text = line.starts_with("- ") ? Json::parse(line.substr(2), nullptr, false) : Json();
    if (text.is_string()) overrides.push_back(text);
  }
  return overrides;
}

/// A finished run's models cannot be trained less than they were.
void check_epochs(const Json& result, const Experiment& experiment) {
  for (const auto& [name, options] : experiment.model) {
    const Json taken = result.value(nlohmann::json::json_pointer("/models/" + name + "/epochs"), Json(0));
    if (options.train.steps > 0 || !taken.is_number() || options.train.epochs >= taken.get<std::int64_t>())
      continue;  // how many epochs steps make is known when the data are read
    throw UsageError("train.epochs={}: {} is trained for {} epochs already", options.train.epochs, name,
                     taken.dump());
  }
}

/// How long a model trains, in the words that it was given in.
struct TrainingLength {
  std::int64_t count;
  std::string_view unit;

  explicit TrainingLength(const TrainOptions& train)
      : count(train.steps > 0 ? train.steps : train.epochs), unit(train.steps > 0 ? "steps" : "epochs") {}
  bool operator==(const TrainingLength&) const = default;
  std::string text() const { return fmt::format("{} {}", count, unit); }
};

/// What a longer or shorter training means for what moves with the share of it that lies behind.
void say_what_happens_to_schedules(const Experiment& before, const Experiment& after, Log& log) {
  for (std::size_t m = 0; m < std::min(before.model.size(), after.model.size()); ++m) {
    const auto& [name, options] = after.model[m];
    const TrainingLength from(before.model[m].second.train), to(options.train);
    if (from == to) continue;
    std::string text;
    switch (options.train.schedule.type) {
      case ScheduleType::none:
        text = "its learning rate stays";
        break;
      case ScheduleType::plateau:
        text = "its plateau schedule goes on with its counts";
        break;
      case ScheduleType::cosine:
      case ScheduleType::linear:
        text = fmt::format("its {} schedule is stretched over {}", name_of(options.train.schedule.type),
                           to.text());
        if (from.unit == to.unit)
          text += fmt::format(", so its learning rate {} at once", to.count > from.count ? "rises" : "falls");
        break;
    }
    if (options.type == ModelType::vae && options.kl.warmup > 0) {
      text += fmt::format(", its KL warm-up is stretched too and now ends after {:g} {}",
                          options.kl.warmup * static_cast<double>(to.count), to.unit);
    }
    log.info("{}: {} instead of {}; {}", name, to.text(),
             to.unit == from.unit ? std::to_string(from.count) : from.text(), text);
  }
}

}  // namespace

void resume(const std::string& path, const ResumeRequest& request) {
  const RunPaths paths{path};
  check_folder(path, "a run's folder");
  if (!fs::exists(paths.file("config.yaml"))) {
    throw UsageError("{} holds no run that can be resumed: it has no config.yaml. Start it with sparcell run",
                     path);
  }
  check_overrides(request.overrides);
  const StopSignals signals;
  const auto folder = OwnedRunFolder::open(path);
  const Json status = read_status(paths.file("status.json"));
  check_schema(path, status);
  Experiment experiment = load_experiment(paths.file("config.yaml"), request.overrides);
  check_metrics(experiment.evaluate);
  find_device(experiment.device);
  RunLog log;
  if (fs::exists(paths.file("result.json"))) {
    if (request.overrides.empty()) {
      log.log().info("{} is finished: nothing to resume", path);
      return;
    }
    check_epochs(read_run_json(paths.file("result.json"), Json::object()),
                 experiment);  // before data are read
  }
  Json earlier_provenance = read_provenance(paths.file("provenance.json"));
  find_files(experiment, earlier_provenance.value("working_folder", ""), path);
  if (!request.overrides.empty())
    say_what_happens_to_schedules(load_experiment(paths.file("config.yaml")), experiment, log.log());
  std::vector<std::string> overrides = earlier_overrides(paths.file("overrides.yaml"));
  overrides.insert(overrides.end(), request.overrides.begin(), request.overrides.end());
  run_stations({.experiment = std::move(experiment),
                .folder = *folder,
                .overrides = std::move(overrides),
                .arguments = request.arguments,
                .pause_after = request.pause_after,
                .resumed = true,
                .earlier_status = status,
                .earlier_provenance = std::move(earlier_provenance)},
               log);
}

}  // namespace sparcell

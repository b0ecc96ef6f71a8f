#include "experiment/finished_run.h"

#include <algorithm>
#include <filesystem>

#include "core/nearest.h"
#include "core/run_path.h"
#include "experiment/fitted_cells.h"
#include "experiment/run_json.h"
#include "sparcell/config.h"

namespace sparcell {
namespace {

std::string read_config_hash(const RunPaths& paths) {
  check_finished_run(paths.folder.string());
  const nlohmann::json json = read_run_json(paths.file("result.json"), {{"config_hash", ""}, {"schema", 0}});
  if (!json.contains("config_hash"))
    throw DataError("{} is damaged: no JSON with a config_hash", paths.file("result.json"));
  if (json.value("schema", 0) != 1) {
    throw DataError("{} is of another version of sparcell: schema {}, expected 1", paths.file("result.json"),
                    json.value("schema", 0));
  }
  return json["config_hash"];
}

}  // namespace

FinishedRun::FinishedRun(const std::string& folder)
    : paths_{folder},
      config_hash_(read_config_hash(paths_)),
      experiment_(load_experiment(paths_.file("config.yaml"))),
      preprocessing_(read_preprocessing(paths_.preprocessing())) {}

std::string FinishedRun::choose(const ModelChoice& choice, const std::vector<ModelType>& types) const {
  return choose(choice, [&](const ModelOptions& model) {
    return std::find(types.begin(), types.end(), model.type) != types.end();
  });
}

std::string FinishedRun::choose(const ModelChoice& choice,
                                const std::function<bool(const ModelOptions&)>& is_able) const {
  std::vector<std::string> able, all;
  std::string of_able, of_all;
  for (const auto& [name, options] : experiment_.model) {
    const std::string typed = fmt::format("{} ({})", name, name_of(options.type));
    all.push_back(name);
    of_all += (of_all.empty() ? "" : ", ") + typed;
    if (!is_able(options)) continue;
    able.push_back(name);
    of_able += (of_able.empty() ? "" : ", ") + typed;
  }
  const std::string folder = paths_.folder.string();
  if (able.empty()) throw UsageError("{}: none of its models can do this; it has {}", folder, of_all);
  if (choice.model.empty()) {
    if (able.size() == 1) return able.front();
    throw UsageError("{}: say with --model which of its models is meant: {}", folder, of_able);
  }
  if (std::find(able.begin(), able.end(), choice.model) != able.end()) return choice.model;
  const bool is_there = std::find(all.begin(), all.end(), choice.model) != all.end();
  throw UsageError("--model {}: not a model of {}{}; choose {}{}", choice.model, folder,
                   is_there ? " that can do this" : "", of_able,
                   is_there ? "" : did_you_mean(choice.model, able));
}

std::string FinishedRun::working_folder() const {
  return read_provenance(paths_.file("provenance.json")).value("working_folder", "");
}

std::string FinishedRun::data_checksum() const {
  const nlohmann::json data = read_provenance(paths_.file("provenance.json")).value("data", nlohmann::json());
  return data.is_object() ? data.value("sha256", "") : "";
}

StartChecksums FinishedRun::starts() const {
  return noted_starts(read_provenance(paths_.file("provenance.json")));
}

bool FinishedRun::has_best(const std::string& name) const {
  return std::filesystem::exists(paths_.checkpoint(name, "best"));
}

Weights FinishedRun::meant(const std::string& name, std::optional<Weights> asked) const {
  return has_best(name) ? asked.value_or(experiment_.evaluate.weights) : Weights::last;
}

const ModelOptions& FinishedRun::options(const std::string& model) const {
  return std::find_if(experiment_.model.begin(), experiment_.model.end(),
                      [&](const auto& m) { return m.first == model; })
      ->second;
}

Checkpoint FinishedRun::weights_of(const std::string& name, std::optional<Weights> weights,
                                   const std::string& seen_cells) const {
  if (weights == Weights::best && !has_best(name)) {
    throw UsageError(
        "--weights best: {} has no best checkpoint{}", name,
        options(name).is_monitored() ? "" : "; of a GAN one is kept where train.monitor is energy_distance");
  }
  const std::string file = paths_.checkpoint(name, std::string(name_of(meant(name, weights))));
  Checkpoint checkpoint = read_checkpoint(file);
  const std::string& fitted = checkpoint.identity.seen_cells;
  if (!seen_cells.empty() && !fitted.empty() && fitted != seen_cells) {
    throw DataError("{} was fitted on other cells than {} says: its test cells may be among them", file,
                    paths_.file("split.csv"));
  }
  return checkpoint;
}

std::unique_ptr<TrainedModel> FinishedRun::restored(Context& context, const std::string& name,
                                                    const Dataset& data, ConditionTable conditions,
                                                    const Checkpoint& checkpoint) const {
  auto loaded =
      std::make_unique<TrainedModel>(context, name, options(name), data, preprocessing_.scaler,
                                     static_cast<std::uint64_t>(experiment_.seed), std::move(conditions));
  restore(loaded->trainable(), checkpoint.tensors);
  return loaded;
}

std::unique_ptr<TrainedModel> FinishedRun::load(Context& context, const std::string& name,
                                                std::optional<Weights> weights, const Dataset& data,
                                                const std::string& seen_cells) const {
  require(!options(name).conditioning.encoder, "load: the encoder of {} is told conditions", name);
  const Checkpoint checkpoint = weights_of(name, weights, seen_cells);
  std::int64_t width = 0, groups = 1, gene_width = 0;
  for (const NamedTensor& tensor : checkpoint.tensors.parameters) {
    if (tensor.name == "decoder_condition.weight") width = tensor.shape[1];
    if (tensor.name == "pairs.weight") gene_width = tensor.shape[1];
    if (tensor.name == "log_dispersion" && tensor.shape.size() == 2) groups = tensor.shape[0];
  }
  return restored(context, name, data, ConditionTable(data.x.rows, width, groups, gene_width), checkpoint);
}

std::unique_ptr<TrainedModel> FinishedRun::load(Context& context, const std::string& name,
                                                std::optional<Weights> weights, const Dataset& data,
                                                ConditionTable conditions,
                                                const std::string& seen_cells) const {
  return restored(context, name, data, std::move(conditions), weights_of(name, weights, seen_cells));
}

}  // namespace sparcell

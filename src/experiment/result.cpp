#include "experiment/result.h"

#include <cmath>

#include "evaluate/held_out.h"
#include "report/json.h"

namespace sparcell {
namespace {

Json numbers(const std::vector<std::pair<std::string, double>>& values) {
  Json json = Json::object();
  for (const auto& [name, value] : values) json[name] = number_or_null(value);
  return json;
}

double part(const LossParts& parts, const std::string& name) {
  for (const auto& [key, value] : parts) {
    if (key == name) return value;
  }
  return std::nan("");
}

Json losses(const ModelOutcome& model) {
  const EpochRecord& last = model.training.last;
  Json json = Json::object();
  if (model.options->type == ModelType::gan) {
    for (const char* name : {"discriminator", "generator", "penalty", "sparsity"})
      json[name] = number_or_null(part(last.train, name));
    return json;
  }
  json["train"] = number_or_null(part(last.train, "loss"));
  json["validation"] = number_or_null(part(model.validation_loss, "loss"));
  json["test"] = number_or_null(part(model.test, "loss"));
  return json;
}

Json model_json(const ModelOutcome& model, const Evaluation& evaluation) {
  Json json{{"type", name_of(model.options->type)},
            {"parameters", model.parameters},
            {"epochs", model.training.epochs},
            {"best_epoch", model.training.best_epoch},
            {"stopped_early", model.training.stopped_early},
            {"weights", name_of(model.weights)},
            {"loss", losses(model)},
            {"test", Json::object()}};
  if (model.options->is_monitored())
    json["monitor"] = name_of(model.options->monitors_distance() ? Monitor::energy_distance : Monitor::loss);
  for (const auto& [name, metrics] : evaluation.models) {
    if (name == model.name) json["test"] = numbers(metrics);
  }
  if (model.options->type == ModelType::vae) json["test"]["kl"] = number_or_null(part(model.test, "kl"));
  json["validation"] = numbers(model.validation);
  json["cost"] = cost_json(model.training);
  return json;
}

Json data_json(const Prepared& prepared) {
  const Perturbations& perturbations = prepared.data.perturbations;
  return {{"cells", prepared.data.cell_count()},
          {"genes", prepared.data.gene_count()},
          {"nonzeros", prepared.data.x.nonzeros()},
          {"train", prepared.split.train.size()},
          {"validation", prepared.split.validation.size()},
          {"test", prepared.split.test.size()},
          {"perturbations", perturbations.known() ? perturbations.names.size() - 1 : 0}};
}

const char* direction(Better better) {
  switch (better) {
    case Better::smaller:
      return "smaller";
    case Better::larger:
      return "larger";
    case Better::nearer_one:
      return "nearer_one";
    case Better::nearer_half:
      return "nearer_half";
    default:
      return "neither";
  }
}

Json verdicts_json(const Evaluation& evaluation) {
  Json json = Json::array();
  for (const Verdict& verdict : evaluation.verdicts) {
    json.push_back({{"model", verdict.model},
                    {"metric", verdict.metric},
                    {"baseline", verdict.baseline},
                    {"difference", number_or_null(verdict.difference)},
                    {"interval", {number_or_null(verdict.low), number_or_null(verdict.high)}},
                    {"beats", verdict.beats},
                    {"sentence", verdict_sentence(verdict)}});
    if (verdict.p_value) json.back()["p_value"] = *verdict.p_value;
  }
  return json;
}

void add_metrics(const Evaluation& evaluation, Json& json) {
  json["metrics"] = Json::object();
  json["metric_info"] = Json::array();
  for (const MetricInfo& metric : evaluation.metrics) {
    json["metrics"][metric.key] = metric.name;
    json["metric_info"].push_back({{"key", metric.key},
                                   {"label", metric.label},
                                   {"group", name_of(metric.group)},
                                   {"name", metric.name},
                                   {"unit", metric.unit},
                                   {"definition", metric.definition},
                                   {"better", direction(metric.better)},
                                   {"smaller_is_better", metric.better == Better::smaller}});
  }
}

/// What was fitted on which cells; `test_cells` of them are judged on too.
Json fits_json(const Evaluation& evaluation) {
  Json json = Json::array();
  for (const FitRecord& fit : evaluation.fits) {
    json.push_back(
        {{"what", fit.what}, {"cells", fit.cells}, {"sha256", fit.hash}, {"test_cells", fit.test_cells}});
  }
  return json;
}

/// Keys that baselines had before; who reads them finds them, the report leaves them out.
constexpr std::pair<const char*, const char*> earlier_names[] = {{"pca_gaussian", "gaussian_pca"},
                                                                 {"independent_genes", "shuffled_genes"}};

Json baselines_json(const Evaluation& evaluation) {
  Json json = Json::object();
  for (const auto& [name, metrics] : evaluation.baselines) json[name]["test"] = numbers(metrics);
  for (const auto& [earlier, name] : earlier_names) {
    if (json.contains(name)) json[earlier] = {{"same_as", name}, {"test", json[name]["test"]}};
  }
  return json;
}

/// What is predicted of perturbations: verdicts over all that they need, and values by kind of unseen ones.
void add_predictions(const Evaluation& evaluation, Json& json) {
  if (evaluation.prediction_verdicts.empty()) return;
  json["prediction"] = {{"verdicts", Json::array()}, {"groups", Json::object()}};
  for (const PredictionVerdict& verdict : evaluation.prediction_verdicts) {
    json["prediction"]["verdicts"].push_back({{"model", verdict.model},
                                              {"baseline", verdict.baseline},
                                              {"held", verdict.held},
                                              {"perturbations", verdict.perturbations},
                                              {"beats", verdict.beats}});
  }
  for (const PredictionGroup& group : evaluation.prediction_groups) {
    Json& entry = json["prediction"]["groups"][group.name];
    entry = {{"perturbations", group.perturbations}, {"predicted", Json::object()}};
    for (const auto& [who, metrics] : group.predicted) entry["predicted"][who] = numbers(metrics);
  }
}

/// Only where there are some.
void add_held_out(const Prepared& prepared, Json& json) {
  const HeldOut held = held_out_in(prepared.data.perturbations, prepared.split);
  if (held.perturbations == 0) return;
  json["held_out"] = {{"perturbations", held.perturbations},
                      {"test_cells", held.test_cells},
                      {"of_test_cells", held.of_test_cells},
                      {"sentence", held_out_sentence(held)}};
}

/// What stands beside the models.
void add_judgement(const Evaluation& evaluation, const Prepared& prepared, Json& json) {
  for (const auto& [name, reason] : evaluation.failed) {
    json["models"][name]["test"] = Json::object();
    json["models"][name]["failed"] = reason;
  }
  json["baselines"] = baselines_json(evaluation);
  json["headline"] = headline(evaluation);
  add_held_out(prepared, json);
  json["verdicts"] = verdicts_json(evaluation);
  add_predictions(evaluation, json);
  json["fits"] = fits_json(evaluation);
  add_metrics(evaluation, json);
}

}  // namespace

Json cost_json(const TrainResult& training) {
  Json json{{"train_seconds", training.seconds},
            {"steps", training.steps},
            {"step_microseconds", training.step_microseconds},
            {"cells_per_second", training.cells_per_second},
            {"phases", Json::object()},
            {"phases_from", "every step"}};
  for (std::size_t p = 0; p < phase_names.size(); ++p)
    json["phases"][std::string(phase_names[p])] = number_or_null(training.phases[p]);
  if (training.phase_samples) {
    json["phases_from"] = fmt::format("{} sample steps outside the graph", *training.phase_samples);
    json["phase_samples"] = *training.phase_samples;
  }
  return json;
}

Json evaluation_json(const Evaluation& evaluation, const Prepared& prepared,
                     const std::vector<std::pair<std::string, Weights>>& weights) {
  Json json{{"schema", 1}, {"models", Json::object()}};
  for (const auto& [name, of_model] : weights) json["models"][name]["weights"] = name_of(of_model);
  for (const auto& [name, metrics] : evaluation.models) json["models"][name]["test"] = numbers(metrics);
  add_judgement(evaluation, prepared, json);
  return json;
}

Json result_json(const RunRecord& record, const Prepared& prepared, const Evaluation& evaluation) {
  const Experiment& experiment = *record.experiment;
  Json json{{"schema", 1},
            {"name", experiment.name},
            {"config_hash", record.config_hash},
            {"seed", experiment.seed},
            {"device", record.device},
            {"threads", experiment.threads},
            {"data", data_json(prepared)},
            {"models", Json::object()}};
  for (const ModelOutcome& model : record.models) json["models"][model.name] = model_json(model, evaluation);
  add_judgement(evaluation, prepared, json);
  json["warnings"] = record.warnings;
  if (!record.resumed_elsewhere.empty()) json["resumed_elsewhere"] = record.resumed_elsewhere;
  json["stages"] = Json::object();
  for (const StageCost& cost : record.stages) json["stages"][cost.stage] = number_or_null(cost.seconds);
  json["peak_memory_bytes"] = peak_memory_bytes();
  return json;
}

}  // namespace sparcell

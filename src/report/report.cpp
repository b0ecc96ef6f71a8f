#include "sparcell/report.h"

#include <cmath>

#include "core/whole_file.h"
#include "report/early_stops.h"
#include "report/judged_weights.h"
#include "report/figures.h"
#include "report/judged_cells.h"
#include "report/merge.h"
#include "report/metrics.h"
#include "report/page.h"
#include "report/verdicts.h"
#include "sparcell/anndata.h"

namespace sparcell {
namespace {

std::string word_of(MetricLabel::Best best) {
  constexpr const char* words[] = {"smallest", "largest", "nearest_one", "nearest_half", "none"};
  return words[static_cast<int>(best)];
}

std::string word_of(Outcome outcome) {
  constexpr const char* words[] = {"better", "undecided", "worse", "unjudged"};
  return words[static_cast<int>(outcome)];
}

/// [{model, group, better: [...], undecided: [...], worse: [...], unjudged: [...], real: outcome or null}]
Json standings_json(const Json& result) {
  Json list = Json::array();
  for (const Standing& standing : standings_of(result)) {
    Json entry{
        {"model", standing.model}, {"group", standing.group}, {"phrase", phrase_of_group(standing.group)}};
    for (const Side side : {Side::better, Side::undecided, Side::worse, Side::unjudged})
      entry[word_of(side)] = standing.on(side);
    entry["real"] = standing.against_real.empty() ? Json() : Json(word_of(standing.against_real[0]));
    list.push_back(std::move(entry));
  }
  return list;
}

Json metric_labels(const Json& result) {
  Json list = Json::array();
  for (const MetricLabel& metric : metrics_of(result)) {
    list.push_back({{"key", metric.key},
                    {"label", metric.label},
                    {"group", metric.group},
                    {"title", title_of(metric.group)},
                    {"best", word_of(metric.best)},
                    {"unit", metric.unit},
                    {"definition", metric.definition}});
  }
  return list;
}

Json verdicts(const Json& result) {
  Json list = Json::array();
  const std::vector<VerdictSentence> sentences = verdict_sentences(result);
  for (std::size_t i = 0; i < sentences.size(); ++i) {
    Json verdict = result["verdicts"][i];
    verdict["text"] = sentences[i].text;
    verdict["outcome"] = word_of(sentences[i].outcome);
    list.push_back(verdict);
  }
  return list;
}

Json baseline_phrases(const Json& result) {
  Json phrases = Json::object();
  if (result.contains("verdicts")) {
    for (const Json& verdict : result["verdicts"])
      phrases[verdict["baseline"].get<std::string>()] = baseline_phrase(verdict["baseline"]);
  }
  if (!result.contains("baselines")) return phrases;
  for (const auto& [name, entry] : result["baselines"].items())
    phrases[name] = baseline_phrase(name.substr(name.rfind('/') + 1));  // of runs side by side: RUN/BASELINE
  return phrases;
}

std::string title_of_run(const RunFolder& run) {
  const Json name = run.result.value("name", Json());
  return name.is_string() && name != "" ? name.get<std::string>() : "run";
}

/// What the page shows of a result; figures come from run folders.
Json page_of(const Json& result) {
  return {{"result", result},
          {"metrics", metric_labels(result)},
          {"verdicts", verdicts(result)},
          {"standings", standings_json(result)},
          {"summary", verdict_summary(result)},
          {"seed_sentence", seed_sentence(result)},
          {"held_out_note", held_out_note(result)},
          {"judged_cells", result.value("judged_cells", judged_cells({}, {}))},
          {"early_stops", early_stops(result)},
          {"judged_weights", judged_weights(result)},
          {"leakage_note", leakage_note(result)},
          {"baseline_phrases", baseline_phrases(result)}};
}

void write_page(const std::string& title, const Json& data, const Arrays& arrays, const std::string& output,
                Log& log) {
  const std::string page = report_page(title, data, arrays);
  write_file(output, page);
  log.info("report: {} ({:.1f} MB)", output, static_cast<double>(page.size()) / 1e6);
}

std::optional<RunExpression> expression_of(const RunFolder& run) {
  const auto path = run.file("latent.h5ad");
  if (!path) return std::nullopt;
  const Table obs = read_obs(*path);
  return read_expression(run, Labels(obs, "perturbation"), Labels(obs, "split"));
}

void add_figures(const RunFolder& run, const ReportOptions& options, Json& data, Arrays& arrays) {
  const std::optional<RunExpression> expression = expression_of(run);
  data["curves"] = training_curves(run);
  data["cells"] = cell_scatter(run, expression ? &*expression : nullptr, options.max_points, arrays);
  data["perturbations"] = perturbation_counts(run);
  data["generated"] = generated_scatter(run, options.max_points, arrays);
  data["totals"] = expression ? total_histograms(*expression) : Json();
  data["correlations"] = expression ? gene_correlations(*expression, arrays) : Json();
  data["genes"] = gene_columns(run, arrays);
}

void write_run(const RunFolder& run, const std::string& output, const ReportOptions& options, Log& log) {
  Json data = page_of(run.result);
  Arrays arrays;
  add_figures(run, options, data, arrays);
  if (const auto path = run.file("config.yaml")) data["config"] = read_text(*path);
  if (const auto path = run.file("provenance.json")) {
    data["provenance"] = read_json(*path);
    if (data["provenance"].is_object()) {
      const Json version = data["provenance"].value(Json::json_pointer("/build/version"), Json());
      if (version.is_string()) data["version"] = version;
    }
  }
  write_page(title_of_run(run), data, arrays, output, log);
}

}  // namespace

void write_report(const std::string& run_folder, const std::string& output, const ReportOptions& options,
                  Log& log) {
  write_run(open_run(run_folder), output, options, log);
}

void write_report(const std::string& run_folder, const nlohmann::ordered_json& result,
                  const std::string& output, const ReportOptions& options, Log& log) {
  write_run(run_with(run_folder, result), output, options, log);
}

void write_comparison(const std::vector<std::string>& run_folders, const std::string& output, Log& log) {
  std::vector<RunFolder> runs;
  for (const std::string& folder : run_folders) runs.push_back(open_run(folder));
  const RunFolder merged = merge_runs(runs);
  Json data = page_of(merged.result);
  for (const char* figure : {"cells", "perturbations", "generated", "totals", "correlations", "genes"})
    data[figure] = nullptr;
  data["curves"] = Json::object();
  const std::vector<std::string> labels = run_labels(runs);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const Json curves = training_curves(runs[i]);
    if (curves.is_null()) continue;
    for (const auto& [model, of_model] : curves.items()) data["curves"][labels[i] + "/" + model] = of_model;
  }
  write_page(fmt::format("{} runs", runs.size()), data, Arrays(), output, log);
}

}  // namespace sparcell

#include "sparcell/report.h"

#include <cmath>

#include "core/whole_file.h"
#include "report/figures.h"
#include "report/metrics.h"
#include "report/page.h"
#include "report/verdicts.h"

namespace sparcell {
namespace {

std::string word_of(MetricLabel::Best best) {
  constexpr const char* words[] = {"smallest", "largest", "nearest_one", "none"};
  return words[static_cast<int>(best)];
}

std::string word_of(Outcome outcome) {
  constexpr const char* words[] = {"better", "undecided", "worse", "unjudged"};
  return words[static_cast<int>(outcome)];
}

Json metric_labels(const Json& result) {
  Json list = Json::array();
  for (const MetricLabel& metric : metrics_of(result)) {
    list.push_back({{"key", metric.key},
                    {"label", metric.label},
                    {"group", title_of(metric.group)},
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
  if (!result.contains("baselines")) return phrases;
  for (const auto& [name, entry] : result["baselines"].items()) phrases[name] = baseline_phrase(name);
  return phrases;
}

std::string title_of_run(const RunFolder& run) {
  const Json name = run.result.value("name", Json());
  return name.is_string() && name != "" ? name.get<std::string>() : "run";
}

void write_page(const RunFolder& run, const std::string& output, const ReportOptions& options, Log& log) {
  Json data{{"result", run.result},
            {"metrics", metric_labels(run.result)},
            {"verdicts", verdicts(run.result)},
            {"summary", verdict_summary(run.result)},
            {"seed_sentence", seed_sentence(run.result)},
            {"baseline_phrases", baseline_phrases(run.result)},
            {"curves", training_curves(run)},
            {"cells", cell_scatter(run, options.max_points)},
            {"perturbations", perturbation_counts(run)},
            {"generated", generated_scatter(run, options.max_points)},
            {"genes", gene_columns(run)}};
  if (const auto path = run.file("config.yaml")) data["config"] = read_text(*path);
  if (const auto path = run.file("provenance.json")) {
    data["provenance"] = read_json(*path);
    if (data["provenance"].is_object()) {
      const Json version = data["provenance"].value(Json::json_pointer("/build/version"), Json());
      if (version.is_string()) data["version"] = version;
    }
  }
  const std::string page = report_page(title_of_run(run), data);
  write_file(output, page);
  log.info("report: {} ({:.1f} MB)", output, static_cast<double>(page.size()) / 1e6);
}

}  // namespace

void write_report(const std::string& run_folder, const std::string& output, const ReportOptions& options,
                  Log& log) {
  write_page(open_run(run_folder), output, options, log);
}

void write_report(const std::string& run_folder, const nlohmann::ordered_json& result,
                  const std::string& output, const ReportOptions& options, Log& log) {
  write_page(run_with(run_folder, result), output, options, log);
}

}  // namespace sparcell

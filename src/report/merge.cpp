#include "report/merge.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include "evaluate/spread.h"
#include "evaluate/verdict.h"
#include "report/judged_cells.h"
#include "report/metrics.h"
#include "report/seed_groups.h"
#include "report/verdicts.h"

namespace sparcell {
namespace {

const Json no_entries = Json::object(), no_list = Json::array();

/// References: a loop over `.items()` of a value would outlive it.
const Json& entries(const Json& result, const char* key) {
  return result.contains(key) ? result[key] : no_entries;
}
const Json& list(const Json& result, const char* key) { return result.contains(key) ? result[key] : no_list; }

/// Whether two entries have the same metrics, with values that agree to what a page prints: test cells are
/// summed in an order of each run's own.
bool agree(const Json& a, const Json& b) {
  const Json &of_a = entries(a, "test"), &of_b = entries(b, "test");
  if (of_a.size() != of_b.size()) return false;
  for (const auto& [key, value] : of_a.items()) {
    if (!of_b.contains(key)) return false;
    const double x = test_value(a, key), y = test_value(b, key);
    const bool same = std::isnan(x) ? std::isnan(y) : std::abs(x - y) <= 1e-6 * std::max(std::abs(x), 1e-3);
    if (!same) return false;
  }
  return true;
}

/// A baseline that all runs have with the same numbers is one.
bool shared(const std::vector<RunFolder>& runs, const std::string& baseline) {
  const Json& first = entries(runs[0].result, "baselines");
  return std::all_of(runs.begin(), runs.end(), [&](const RunFolder& run) {
    const Json& all = entries(run.result, "baselines");
    return first.contains(baseline) && all.contains(baseline) && agree(all[baseline], first[baseline]);
  });
}

/// The versioned name of every metric: that of the first run that has it.
std::map<std::string, std::string> definitions_of(const std::vector<RunFolder>& runs) {
  std::map<std::string, std::string> names;
  for (const RunFolder& run : runs) {
    for (const Json& info : list(run.result, "metric_info"))
      names.emplace(info["key"], info.value("name", ""));
  }
  return names;
}

/// The metrics that the run defines otherwise.
std::set<std::string> defined_otherwise(const RunFolder& run,
                                        const std::map<std::string, std::string>& names) {
  std::set<std::string> keys;
  for (const Json& info : list(run.result, "metric_info")) {
    if (names.at(info["key"]) != info.value("name", "")) keys.insert(info["key"]);
  }
  return keys;
}

Json without(Json entry, const std::set<std::string>& metrics) {
  if (!entry.contains("test")) return entry;
  for (const std::string& metric : metrics) entry["test"].erase(metric);
  return entry;
}

void add_run(const RunFolder& run, const std::string& label, const std::vector<RunFolder>& runs,
             const std::set<std::string>& otherwise, Json& merged) {
  for (const auto& [name, entry] : entries(run.result, "models").items())
    merged["models"][label + "/" + name] = without(entry, otherwise);
  for (const auto& [name, entry] : entries(run.result, "baselines").items()) {
    if (!shared(runs, name)) {
      merged["baselines"][label + "/" + name] = without(entry, otherwise);
    } else if (!merged["baselines"].contains(name)) {
      merged["baselines"][name] = entry;
    }
  }
  for (Json verdict : list(run.result, "verdicts")) {
    verdict["model"] = label + "/" + verdict["model"].get<std::string>();
    merged["verdicts"].push_back(std::move(verdict));
  }
  for (Json fit : list(run.result, "fits")) {
    fit["what"] = label + "/" + fit["what"].get<std::string>();
    merged["fits"].push_back(std::move(fit));
  }
  for (const Json& warning : list(run.result, "warnings"))
    merged["warnings"].push_back(label + ": " + warning.get<std::string>());
}

void add_metric_info(const RunFolder& run, const std::string& label,
                     const std::map<std::string, std::string>& names, Json& merged) {
  for (const Json& info : list(run.result, "metric_info")) {
    const std::string key = info["key"], name = info.value("name", "");
    const bool known = std::any_of(merged["metric_info"].begin(), merged["metric_info"].end(),
                                   [&](const Json& other) { return other["key"] == info["key"]; });
    if (!known) merged["metric_info"].push_back(info);
    if (name != names.at(key)) {
      merged["warnings"].push_back(
          fmt::format("{}: its {} is {}, not {}; it is left out", label, key, name, names.at(key)));
    }
  }
}

Json over_seeds(const std::vector<const RunFolder*>& runs, const std::string& model,
                const std::set<std::string>& otherwise) {
  const Json& first = runs[0]->result["models"][model];
  Json entry = Json::object();
  if (first.contains("type")) entry["type"] = first["type"];
  entry["seeds"] = runs.size();
  entry["test"] = entry["spread"] = Json::object();
  for (const auto& [key, value] : entries(first, "test").items()) {
    if (otherwise.contains(key)) continue;
    std::vector<double> values;
    for (const RunFolder* run : runs) {
      const Json& models = entries(run->result, "models");
      if (!models.contains(model)) continue;
      const double number = test_value(models[model], key);
      if (!std::isnan(number)) values.push_back(number);
    }
    if (values.size() < runs.size()) continue;
    const Spread spread = spread_of(values);
    entry["test"][key] = spread.mean;
    entry["spread"][key] = spread.deviation;
  }
  return entry;
}

/// Of "no run's cells are told from real ones", where every run has a p-value: the smallest, times their
/// number (Bonferroni).
Json p_value_over(const std::vector<double>& p_values, std::size_t runs) {
  if (p_values.size() < runs) return nullptr;
  return std::min(1.0, *std::min_element(p_values.begin(), p_values.end()) * static_cast<double>(runs));
}

/// Verdicts that every run gives, from the differences of all of them.
void add_verdicts_over_seeds(const Seeds& group, const std::set<std::string>& otherwise, Json& merged) {
  const std::vector<const RunFolder*>& runs = group.runs;
  const std::vector<MetricLabel> metrics = metrics_of(runs[0]->result);
  for (const Json& verdict : list(runs[0]->result, "verdicts")) {
    if (otherwise.contains(verdict["metric"])) continue;
    std::vector<double> differences, p_values;
    for (const RunFolder* run : runs) {
      for (const Json& other : list(run->result, "verdicts")) {
        if (other["model"] != verdict["model"] || other["metric"] != verdict["metric"] ||
            other["baseline"] != verdict["baseline"] || !other["difference"].is_number())
          continue;
        differences.push_back(other["difference"]);
        if (other.contains("p_value") && other["p_value"].is_number()) p_values.push_back(other["p_value"]);
      }
    }
    if (differences.size() < runs.size()) continue;
    const auto [mean, low, high] = mean_interval(differences);
    const auto metric = std::find_if(metrics.begin(), metrics.end(),
                                     [&](const MetricLabel& m) { return m.key == verdict["metric"]; });
    const bool smaller = metric != metrics.end() && metric->best == MetricLabel::Best::smallest;
    merged["verdicts"].push_back({{"model", group.label + "/" + verdict["model"].get<std::string>()},
                                  {"metric", verdict["metric"]},
                                  {"baseline", verdict["baseline"]},
                                  {"difference", mean},
                                  {"interval", {low, high}},
                                  {"beats", smaller ? high < 0 : low > 0},
                                  {"seeds", runs.size()}});
    if (const Json p = p_value_over(p_values, runs.size()); !p.is_null())
      merged["verdicts"].back()["p_value"] = p;
  }
}

/// Of runs side by side; once where all say the same.
std::string held_out_of_all(const std::vector<RunFolder>& runs, const std::vector<std::string>& labels) {
  const std::string first = held_out_note(runs[0].result);
  const bool same = std::all_of(runs.begin(), runs.end(),
                                [&](const RunFolder& run) { return held_out_note(run.result) == first; });
  if (same) return first;
  std::string all;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::string own = held_out_note(runs[i].result);
    if (!own.empty()) all += fmt::format("{}{}: {}", all.empty() ? "" : " ", labels[i], own);
  }
  return all;
}

Json seeds_of(const std::vector<RunFolder>& runs) {
  std::set<std::int64_t> seeds;
  for (const RunFolder& run : runs) {
    if (run.result.contains("seed") && run.result["seed"].is_number_integer())
      seeds.insert(run.result["seed"].get<std::int64_t>());
  }
  return std::vector<std::int64_t>(seeds.begin(), seeds.end());
}

}  // namespace

std::vector<std::string> run_labels(const std::vector<RunFolder>& runs) {
  std::vector<std::string> labels;
  for (const RunFolder& run : runs) {
    const std::filesystem::path path = std::filesystem::path(run.path).lexically_normal();
    labels.push_back((path.filename().empty() ? path.parent_path() : path).filename().string());
  }
  if (std::set<std::string>(labels.begin(), labels.end()).size() < labels.size()) {
    for (std::size_t i = 0; i < runs.size(); ++i) labels[i] = runs[i].path;
  }
  std::set<std::string> taken;
  for (std::string& label : labels) {
    const std::string own = label;  // one folder may be given twice
    for (int number = 2; !taken.insert(label).second; ++number) label = fmt::format("{} ({})", own, number);
  }
  return labels;
}

RunFolder merge_runs(const std::vector<RunFolder>& runs) {
  const std::vector<std::string> labels = run_labels(runs);
  Json merged{{"schema", 1},
              {"name", fmt::format("{}", fmt::join(labels, ", "))},
              {"seeds", seeds_of(runs)},
              {"models", Json::object()},
              {"baselines", Json::object()},
              {"verdicts", Json::array()},
              {"fits", Json::array()},
              {"metric_info", Json::array()},
              {"warnings", Json::array()}};
  const std::vector<Seeds> seeds = groups_of_seeds(runs, labels, merged["warnings"]);
  const std::map<std::string, std::string> definitions = definitions_of(runs);
  std::set<const RunFolder*> averaged;
  for (const Seeds& group : seeds) {
    std::set<std::string> otherwise;
    for (const RunFolder* run : group.runs) {
      otherwise.merge(defined_otherwise(*run, definitions));
      averaged.insert(run);
    }
    for (const auto& [model, entry] : entries(group.runs[0]->result, "models").items())
      merged["models"][group.label + "/" + model] = over_seeds(group.runs, model, otherwise);
    add_verdicts_over_seeds(group, otherwise, merged);
  }
  Json headline = Json::array();
  Json over_runs = merged;
  for (const Json& info : list(runs[0].result, "metric_info")) over_runs["metric_info"].push_back(info);
  for (const std::string& sentence : verdict_summary(over_runs)) headline.push_back(sentence);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    add_run(runs[i], labels[i], runs, defined_otherwise(runs[i], definitions), merged);
    add_metric_info(runs[i], labels[i], definitions, merged);
    if (averaged.contains(&runs[i])) continue;  // said over all seeds
    for (const std::string& sentence : verdict_summary(runs[i].result))
      headline.push_back(labels[i] + ": " + sentence);
  }
  merged["headline"] = std::move(headline);
  merged["judged_cells"] = judged_cells(runs, labels);
  if (const std::string held = held_out_of_all(runs, labels); !held.empty())
    merged["held_out"] = {{"sentence", held}};
  return run_with(runs[0].path, std::move(merged));
}

}  // namespace sparcell

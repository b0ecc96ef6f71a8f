#include "report/merge.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>

#include "evaluate/verdict.h"
#include "report/metrics.h"
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

void add_run(const RunFolder& run, const std::string& label, const std::vector<RunFolder>& runs,
             Json& merged) {
  for (const auto& [name, entry] : entries(run.result, "models").items())
    merged["models"][label + "/" + name] = entry;
  for (const auto& [name, entry] : entries(run.result, "baselines").items())
    merged["baselines"][shared(runs, name) ? name : label + "/" + name] = entry;
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

void add_metric_info(const RunFolder& run, const std::string& label, Json& merged) {
  for (const Json& info : list(run.result, "metric_info")) {
    const auto known = std::find_if(merged["metric_info"].begin(), merged["metric_info"].end(),
                                    [&](const Json& other) { return other["key"] == info["key"]; });
    if (known == merged["metric_info"].end()) {
      merged["metric_info"].push_back(info);
    } else if (known->value("name", "") != info.value("name", "")) {
      const std::string key = info["key"];
      merged["warnings"].push_back(fmt::format("{}: its {} is {}, not {}; it is left out", label, key,
                                               info.value("name", ""), known->value("name", "")));
      for (const char* section : {"models", "baselines"}) {
        for (auto& [name, entry] : merged[section].items()) {
          if (name.starts_with(label + "/") && entry.contains("test")) entry["test"].erase(key);
        }
      }
    }
  }
}

/// Runs that differ in their seed only, as far as their names say.
using Seeds = std::map<std::string, std::vector<const RunFolder*>>;

Seeds by_name(const std::vector<RunFolder>& runs) {
  Seeds groups;
  for (const RunFolder& run : runs) groups[run.result.value("name", "")].push_back(&run);
  std::erase_if(groups, [](const auto& group) {
    std::set<std::string> seeds;
    for (const RunFolder* run : group.second) seeds.insert(run->result.value("seed", Json()).dump());
    return group.second.size() < 2 || seeds.size() < group.second.size();
  });
  return groups;
}

struct Sample {
  std::vector<double> values;

  double mean() const {
    double sum = 0;
    for (double value : values) sum += value;
    return sum / static_cast<double>(values.size());
  }
  double deviation() const {
    double squares = 0;
    for (double value : values) squares += (value - mean()) * (value - mean());
    return std::sqrt(squares / static_cast<double>(values.size() - 1));
  }
};

Json over_seeds(const std::vector<const RunFolder*>& runs, const std::string& model) {
  const Json& first = runs[0]->result["models"][model];
  Json entry = Json::object();
  if (first.contains("type")) entry["type"] = first["type"];
  entry["seeds"] = runs.size();
  entry["test"] = entry["spread"] = Json::object();
  for (const auto& [key, value] : entries(first, "test").items()) {
    Sample sample;
    for (const RunFolder* run : runs) {
      const Json& models = entries(run->result, "models");
      if (!models.contains(model)) continue;
      const double number = test_value(models[model], key);
      if (!std::isnan(number)) sample.values.push_back(number);
    }
    if (sample.values.size() < runs.size()) continue;
    entry["test"][key] = sample.mean();
    entry["spread"][key] = sample.deviation();
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
void add_verdicts_over_seeds(const std::string& name, const std::vector<const RunFolder*>& runs,
                             Json& merged) {
  const std::vector<MetricLabel> metrics = metrics_of(runs[0]->result);
  for (const Json& verdict : list(runs[0]->result, "verdicts")) {
    Sample sample;
    std::vector<double> p_values;
    for (const RunFolder* run : runs) {
      for (const Json& other : list(run->result, "verdicts")) {
        if (other["model"] != verdict["model"] || other["metric"] != verdict["metric"] ||
            other["baseline"] != verdict["baseline"] || !other["difference"].is_number())
          continue;
        sample.values.push_back(other["difference"]);
        if (other.contains("p_value") && other["p_value"].is_number()) p_values.push_back(other["p_value"]);
      }
    }
    if (sample.values.size() < runs.size()) continue;
    const double half = student_t_975(static_cast<std::int64_t>(runs.size()) - 1) * sample.deviation() /
                        std::sqrt(static_cast<double>(runs.size()));
    const double low = sample.mean() - half, high = sample.mean() + half;
    const auto metric = std::find_if(metrics.begin(), metrics.end(),
                                     [&](const MetricLabel& m) { return m.key == verdict["metric"]; });
    const bool smaller = metric != metrics.end() && metric->best == MetricLabel::Best::smallest;
    merged["verdicts"].push_back({{"model", name + "/" + verdict["model"].get<std::string>()},
                                  {"metric", verdict["metric"]},
                                  {"baseline", verdict["baseline"]},
                                  {"difference", sample.mean()},
                                  {"interval", {low, high}},
                                  {"beats", smaller ? high < 0 : low > 0},
                                  {"seeds", runs.size()}});
    if (const Json p = p_value_over(p_values, runs.size()); !p.is_null())
      merged["verdicts"].back()["p_value"] = p;
  }
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
  const std::set<std::string> different(labels.begin(), labels.end());
  if (different.size() == labels.size()) return labels;
  for (std::size_t i = 0; i < runs.size(); ++i) labels[i] = runs[i].path;
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
  const Seeds seeds = by_name(runs);
  for (const auto& [name, group] : seeds) {
    for (const auto& [model, entry] : entries(group[0]->result, "models").items())
      merged["models"][name + "/" + model] = over_seeds(group, model);
    add_verdicts_over_seeds(name, group, merged);
  }
  Json headline = Json::array();
  Json over_runs = merged;
  for (const Json& info : list(runs[0].result, "metric_info")) over_runs["metric_info"].push_back(info);
  for (const std::string& sentence : verdict_summary(over_runs)) headline.push_back(sentence);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    add_run(runs[i], labels[i], runs, merged);
    add_metric_info(runs[i], labels[i], merged);
    if (seeds.contains(runs[i].result.value("name", ""))) continue;  // said over all seeds
    for (const std::string& sentence : verdict_summary(runs[i].result))
      headline.push_back(labels[i] + ": " + sentence);
  }
  merged["headline"] = std::move(headline);
  return run_with(runs[0].path, std::move(merged));
}

}  // namespace sparcell

#include "report/verdicts.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "report/metrics.h"
#include "sparcell/core/errors.h"

namespace sparcell {
namespace {

std::optional<double> p_value_of(const Json& verdict) {
  if (!verdict.contains("p_value") || !verdict["p_value"].is_number()) return std::nullopt;
  return verdict["p_value"].get<double>();
}

Outcome outcome_of(const Json& verdict) {
  const Json &interval = verdict["interval"], &difference = verdict["difference"];
  if (difference.is_null() || interval[0].is_null() || interval[1].is_null()) return Outcome::unjudged;
  return side_of(verdict["baseline"], verdict["beats"], interval[0], interval[1], p_value_of(verdict));
}

/// What is known of a metric; of one that no model has, its key.
MetricLabel find(const std::vector<MetricLabel>& metrics, const std::string& key) {
  for (const MetricLabel& metric : metrics) {
    if (metric.key == key) return metric;
  }
  return {key, key, "other", MetricLabel::Best::none, "", ""};
}

// The seeds of a verdict over several runs, and the p-value of a distance.
std::string remarks(const Json& verdict) {
  std::string text;
  if (verdict.contains("seeds") && verdict["seeds"].is_number_integer())
    text += fmt::format(", over {} seeds", verdict["seeds"].get<std::int64_t>());
  if (const auto p = p_value_of(verdict)) text += fmt::format(", permutation p = {:.2g}", *p);
  return text;
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == words.size() ? " and " : ", ") + words[i];
  }
  return text;
}

std::string phrase(Outcome outcome, const std::string& name) {
  const std::string baseline = name == "split_half" ? "one half of the real cells" : baseline_phrase(name);
  switch (outcome) {
    case Outcome::better:
      return "beats " + baseline;
    case Outcome::undecided:
      return "was not told apart from " + baseline;
    case Outcome::worse:
      return "does worse than " + baseline;
    case Outcome::unjudged:
      return "could not be judged against " + baseline;
  }
  throw InternalError("an outcome without a phrase");
}

}  // namespace

std::vector<VerdictSentence> verdict_sentences(const Json& result) {
  std::vector<VerdictSentence> sentences;
  if (!result.contains("verdicts")) return sentences;
  const std::vector<MetricLabel> metrics = metrics_of(result);
  for (const Json& verdict : result["verdicts"]) {
    const Outcome outcome = outcome_of(verdict);
    const std::string numbers =
        outcome == Outcome::unjudged
            ? "a value is not finite"
            : fmt::format("difference {}, 95 % interval {} to {}{}", format_number(verdict["difference"]),
                          format_number(verdict["interval"][0]), format_number(verdict["interval"][1]),
                          remarks(verdict));
    sentences.push_back(
        {fmt::format("{} {} on {}: {}.", verdict["model"].get<std::string>(),
                     phrase(outcome, verdict["baseline"]), find(metrics, verdict["metric"]).label, numbers),
         outcome});
  }
  return sentences;
}

std::vector<Standing> standings_of(const Json& result) {
  if (!result.contains("verdicts")) return {};
  const std::vector<MetricLabel> metrics = metrics_of(result);
  std::vector<SidedVerdict> verdicts;
  for (const Json& verdict : result["verdicts"]) {
    verdicts.push_back(
        {verdict["model"], find(metrics, verdict["metric"]).group, verdict["baseline"], outcome_of(verdict)});
  }
  return standings(verdicts);
}

std::vector<std::string> verdict_summary(const Json& result) {
  if (result.contains("headline")) return result["headline"].get<std::vector<std::string>>();
  return standing_sentences(standings_of(result));
}

std::string seed_sentence(const Json& result) {
  const std::size_t verdicts = result.contains("verdicts") ? result["verdicts"].size() : 0;
  const std::string each =
      verdicts < 2 ? ""
                   : fmt::format(
                         " Each of {} verdicts is one comparison by itself: where nothing differs, one of "
                         "forty is won by chance.",
                         verdicts);
  if (result.contains("seeds") && result["seeds"].is_array() && !result["seeds"].empty()) {
    std::vector<std::string> seeds;
    for (const Json& seed : result["seeds"]) seeds.push_back(seed.dump());
    return fmt::format(
        "{} seed{} ({}): intervals of single runs speak of their test cells, those over seeds of the spread "
        "between runs on the same data, not of other cells.{}",
        seeds.size(), seeds.size() == 1 ? "" : "s", joined(seeds), each);
  }
  const bool known = result.contains("seed") && result["seed"].is_number_integer();
  return fmt::format("One run is one seed{}: the intervals speak of the test cells, not of other seeds.{}",
                     known ? fmt::format(" ({})", result["seed"].get<std::int64_t>()) : "", each);
}

std::string held_out_note(const Json& result) {
  const Json::json_pointer sentence("/held_out/sentence");
  return result.contains(sentence) && result[sentence].is_string() ? result[sentence].get<std::string>() : "";
}

std::string leakage_note(const Json& result) {
  std::vector<std::string> parts;
  if (result.contains("fits")) {
    for (const Json& fit : result["fits"]) {
      if (fit["test_cells"].get<std::int64_t>() > 0)
        parts.push_back(fmt::format("{} ({} of them)", fit["what"].get<std::string>(),
                                    fit["test_cells"].get<std::int64_t>()));
    }
  }
  if (parts.empty()) return "";
  return fmt::format(
      "{} Test cells took part in fitting {}: what stands here is better than it would be on new "
      "cells.",
      leakage_mark, joined(parts));
}

}  // namespace sparcell

#include "sweep/tables.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <map>

#include "core/durations.h"

namespace sparcell {
namespace {

using Rows = std::vector<std::vector<std::string>>;

constexpr std::size_t most_shown = 10;  // of what is ranked

bool is_number(const std::string& text) {
  return !text.empty() &&
         (std::isdigit(static_cast<unsigned char>(text[0])) || text[0] == '-' || text[0] == '+');
}

std::string parameters_text(const Job& job) {
  std::string text;
  for (const auto& [path, value] : job.parameters)
    text += fmt::format("{}{}={}", text.empty() ? "" : " ", path, value);
  if (!job.arm.empty()) text = job.arm;
  return text;
}

/// What a terminal shows of an ablation beside its metric.
bool is_headline(const std::string& metric) {
  return metric.ends_with(".test.mse") || metric.ends_with(".test.energy_distance");
}

std::string metric_text(const std::optional<double>& value) {
  return value ? fmt::format("{:.5g}", *value) : "";
}

std::string counts_text(const std::vector<RunOutcome>& outcomes) {
  std::string text = runs_text(outcomes.size());
  for (const RunPhase phase : {RunPhase::done, RunPhase::running, RunPhase::interrupted, RunPhase::failed,
                               RunPhase::pruned, RunPhase::waiting}) {
    const auto count = std::count_if(outcomes.begin(), outcomes.end(),
                                     [&](const RunOutcome& outcome) { return outcome.state.phase == phase; });
    if (count > 0) text += fmt::format(", {} {}", count, word_of(phase));
  }
  return text;
}

/// "3 of 4 configurations are not measured: 1 failed, 2 pruned": each by the worst that became of its runs.
std::string unmeasured_text(const std::vector<Configuration>& configurations) {
  constexpr RunPhase worst_first[] = {RunPhase::failed,      RunPhase::pruned,  RunPhase::done,
                                      RunPhase::interrupted, RunPhase::running, RunPhase::waiting};
  std::map<RunPhase, std::size_t> counts;
  std::size_t all = 0;
  for (const Configuration& configuration : configurations) {
    if (configuration.measured > 0) continue;
    ++all;
    ++counts[*std::find_if(std::begin(worst_first), std::end(worst_first),
                           [&](RunPhase phase) { return configuration.count(phase) > 0; })];
  }
  if (all == 0) return "";
  std::string text;
  for (const RunPhase phase : worst_first) {
    if (!counts.contains(phase)) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", counts[phase],
                        phase == RunPhase::done ? "without the metric" : word_of(phase));
  }
  return fmt::format("{} of {} configurations {} not measured: {}\n", all, configurations.size(),
                     all == 1 ? "is" : "are", text);
}

std::string difference_text(const std::optional<Interval>& difference) {
  return difference ? fmt::format("{:+.3g} ({:+.3g} to {:+.3g})", difference->value, difference->low,
                                  difference->high)
                    : "";
}

/// How many ranked ones chance may have put behind the best.
std::string told_from_best_text(const std::vector<Configuration>& configurations) {
  std::size_t compared = 0, alike = 0;
  for (const Configuration& configuration : configurations) {
    if (!configuration.from_best) continue;
    ++compared;
    if (configuration.from_best->low <= 0 && configuration.from_best->high >= 0) ++alike;
  }
  if (compared == 0) return "";
  const std::string told = alike == 0 ? "none holds 0"
                                      : fmt::format("{} of {} hold 0: nothing tells {} from the best", alike,
                                                    compared, alike == 1 ? "that one" : "those");
  return "Differences are from the best over equal seeds, with 95 % intervals; " + told +
         ". The best was chosen by these numbers, which favours it.\n";
}

}  // namespace

std::string text_table(const Rows& rows) {
  std::vector<std::size_t> widths(rows.at(0).size(), 0);
  for (const auto& row : rows) {
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < row.size(); ++c) {
      const bool right = is_number(row[c]);
      line += right ? fmt::format("  {:>{}}", row[c], widths[c]) : fmt::format("  {:<{}}", row[c], widths[c]);
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  return text;
}

std::string runs_text(std::size_t count) { return fmt::format("{} run{}", count, count == 1 ? "" : "s"); }

std::string progress_text(const Progress& at) {
  if (at.model.empty()) return at.stage;
  return fmt::format(
      "{}{} {}/{}{}", at.stage == "train" ? "" : at.stage + ", ", at.model, at.epoch, at.epochs,
      at.model_count > 1 ? fmt::format(", model {} of {}", at.model_number, at.model_count) : "");
}

std::string time_left_text(const RunState& state) {
  if (!state.seconds_left) return "";
  const Progress& at = state.progress;
  return duration_text(*state.seconds_left) + (at.model_number < at.model_count ? " of " + at.model : "");
}

std::string status_table(const SweepSettings& settings, const std::vector<RunOutcome>& outcomes) {
  Rows rows{{"run", "state", "seed", settings.ablation ? "arm" : "parameters", "epoch", settings.metric.name,
             "time left"}};
  for (const RunOutcome& outcome : outcomes) {
    const RunState& state = outcome.state;
    rows.push_back({outcome.job.run, word_of(state.phase), std::to_string(outcome.job.seed),
                    parameters_text(outcome.job), progress_text(state.progress), metric_text(outcome.metric),
                    time_left_text(state)});
  }
  std::string text = text_table(rows) + counts_text(outcomes) + "\n";
  for (const RunOutcome& outcome : outcomes) {
    if (outcome.state.phase == RunPhase::failed)
      text += fmt::format("{} failed: {}\n", outcome.job.run, outcome.state.reason);
  }
  return text;
}

std::string best_runs_table(const SweepSettings& settings, const std::vector<RunOutcome>& outcomes) {
  const std::vector<std::size_t> order = ranking(outcomes, settings.metric.smaller_is_better);
  const auto done = std::count_if(outcomes.begin(), outcomes.end(), [](const RunOutcome& outcome) {
    return outcome.state.phase == RunPhase::done;
  });
  const std::size_t without = static_cast<std::size_t>(done) - order.size();
  const std::string remark =
      without > 0 ? fmt::format("{} finished without {}\n", runs_text(without), settings.metric.name) : "";
  if (order.empty()) return remark;
  Rows rows{{settings.metric.name, "run", "seed", "parameters"}};
  for (std::size_t i = 0; i < std::min(most_shown, order.size()); ++i) {
    const RunOutcome& outcome = outcomes[order[i]];
    rows.push_back({metric_text(outcome.metric), outcome.job.run, std::to_string(outcome.job.seed),
                    parameters_text(outcome.job)});
  }
  return fmt::format("Best runs ({} is better)\n", settings.metric.smaller_is_better ? "smaller" : "larger") +
         text_table(rows) + remark;
}

std::string best_configurations_table(const SweepSettings& settings,
                                      const std::vector<Configuration>& configurations) {
  Rows rows{{"rank", settings.metric.name, "sd", "from the best", "seeds", "configuration", "parameters"}};
  std::size_t measured = 0, incomplete = 0;
  for (const Configuration& configuration : configurations) {
    if (configuration.measured == 0) continue;
    if (!configuration.complete()) ++incomplete;
    if (++measured > most_shown) continue;
    rows.push_back(
        {configuration.complete() ? std::to_string(configuration.rank) : "-",
         metric_text(configuration.spread.mean),
         std::isfinite(configuration.spread.deviation) ? metric_text(configuration.spread.deviation) : "",
         difference_text(configuration.from_best), seeds_text(configuration),
         std::to_string(configuration.number), parameters_text(configuration.job())});
  }
  if (measured == 0) return unmeasured_text(configurations);
  std::string text =
      fmt::format("Best configurations: mean and standard deviation over seeds ({} is better)\n",
                  settings.metric.smaller_is_better ? "smaller" : "larger") +
      text_table(rows);
  if (measured > most_shown)
    text += fmt::format("{} more are in configurations.csv\n", measured - most_shown);
  if (incomplete > 0) text += "- has no rank: not every seed of it has the metric\n";
  return text + told_from_best_text(configurations) + unmeasured_text(configurations);
}

std::string differences_table(const SweepSettings& settings,
                              const std::vector<PairedDifference>& differences) {
  Rows rows{{"metric", "arm", "reference", "difference", "95 % interval", "seeds"}};
  bool one_seed = false;
  for (const PairedDifference& paired : differences) {
    if (paired.metric != settings.metric.name && !is_headline(paired.metric)) continue;
    const bool known = std::isfinite(paired.low);
    one_seed = one_seed || !known;
    rows.push_back({paired.metric, paired.arm, fmt::format("{:.5g}", paired.reference),
                    fmt::format("{:+.5g}", paired.difference),
                    known ? fmt::format("{:+.5g} to {:+.5g}", paired.low, paired.high) : "unknown",
                    seeds_text(paired)});
  }
  if (rows.size() == 1) return "";
  const auto intervals =
      std::count_if(differences.begin(), differences.end(),
                    [](const PairedDifference& paired) { return std::isfinite(paired.low); });
  std::stable_sort(rows.begin() + 1, rows.end(), [](const auto& a, const auto& b) { return a[0] < b[0]; });
  return "Arm minus reference over equal seeds (all metrics: differences.csv)\n" + text_table(rows) +
         (intervals > 0
              ? fmt::format(
                    "Each of {} intervals (arms x metrics) is one comparison by itself: where nothing "
                    "differs, one of twenty leaves zero out by chance. They speak of the spread "
                    "between runs on the same data, not of other cells.\n",
                    intervals)
              : "") +
         (one_seed ? "One seed says nothing of chance: name several in sweep.seeds for intervals.\n" : "");
}

}  // namespace sparcell

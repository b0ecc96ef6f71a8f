#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "report/early_stops.h"
#include "report/judged_weights.h"
#include "report/merge.h"
#include "report/metrics.h"
#include "report/verdicts.h"
#include "sparcell/report.h"

namespace sparcell {
namespace {

constexpr std::size_t terminal_width = 120;

// Characters that a terminal shows, of text in UTF-8.
std::size_t width(const std::string& text) {
  return std::count_if(text.begin(), text.end(), [](unsigned char byte) { return (byte & 0xC0) != 0x80; });
}

std::string padded(const std::string& text, std::size_t columns, bool right) {
  const std::string blanks(columns - std::min(columns, width(text)), ' ');
  return right ? blanks + text : text + blanks;
}

using Rows = std::vector<std::vector<std::string>>;

// The header and the rows of models and baselines that have a value in the group; empty where none has.
Rows table_of(const Json& result, const std::vector<MetricLabel>& metrics) {
  Rows rows{{""}};
  for (const MetricLabel& metric : metrics) rows[0].push_back(metric.label);
  for (const char* section : {"models", "baselines"}) {
    if (!result.contains(section)) continue;
    for (const auto& [name, entry] : result[section].items()) {
      std::vector<std::string> row{name};
      for (const MetricLabel& metric : metrics) {
        const double value = test_value(entry, metric.key), spread = spread_value(entry, metric.key);
        row.push_back(std::isnan(value)    ? ""
                      : std::isnan(spread) ? format_number(value)
                                           : format_number(value) + " ± " + format_number(spread));
      }
      if (std::any_of(row.begin() + 1, row.end(), [](const std::string& cell) { return !cell.empty(); })) {
        rows.push_back(row);
      }
    }
  }
  return rows;
}

/// Whether a model has a value of one of the metrics.
bool has_models(const Json& result, const std::vector<MetricLabel>& metrics) {
  if (!result.contains("models")) return false;
  const Json& models = result["models"];
  return std::any_of(models.begin(), models.end(), [&](const Json& model) {
    return std::any_of(metrics.begin(), metrics.end(),
                       [&](const MetricLabel& metric) { return !std::isnan(test_value(model, metric.key)); });
  });
}

std::string aligned(const Rows& rows) {
  std::vector<std::size_t> widths(rows[0].size(), 0);
  for (const auto& row : rows) {
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], width(row[c]));
  }
  std::size_t shown = 0;
  for (std::size_t total = 2; shown < widths.size() && total + widths[shown] <= terminal_width; ++shown) {
    total += widths[shown] + 2;
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t c = 0; c < shown; ++c) line += "  " + padded(row[c], widths[c], c > 0);
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  }
  if (shown < widths.size())
    text += fmt::format("  ({} more columns are in result.json)\n", widths.size() - shown);
  return text;
}

std::string wrapped(const std::string& sentence) {
  std::string text, line = " ";
  std::size_t start = 0;
  while (start < sentence.size()) {
    const std::size_t end = std::min(sentence.find(' ', start), sentence.size());
    const std::string word = sentence.substr(start, end - start);
    if (width(line) + 1 + width(word) > terminal_width) {
      text += line + "\n";
      line = "   ";
    }
    line += " " + word;
    start = end + 1;
  }
  return text + line + "\n";
}

// The headline, or every verdict of a run that has none.
std::vector<std::string> sentences_of(const Json& result) {
  if (result.contains("headline")) return verdict_summary(result);
  std::vector<std::string> sentences;
  for (const VerdictSentence& sentence : verdict_sentences(result)) sentences.push_back(sentence.text);
  return sentences;
}

}  // namespace

std::string comparison_table(const std::vector<std::string>& run_folders) {
  std::vector<RunFolder> runs;
  for (const std::string& folder : run_folders) runs.push_back(open_run(folder));
  const Json result = runs.size() == 1 ? runs[0].result : merge_runs(runs).result;
  const std::string note = leakage_note(result);
  const std::vector<MetricLabel> metrics = metrics_of(result);
  std::string text;
  std::vector<std::string> of_baselines;  // titles of tables in which no model stands
  for (const std::string& group : groups_of(metrics)) {
    std::vector<MetricLabel> of_table;
    std::copy_if(metrics.begin(), metrics.end(), std::back_inserter(of_table),
                 [&](const MetricLabel& metric) { return metric.group == group; });
    const Rows rows = table_of(result, of_table);
    if (rows.size() > 1 && !has_models(result, of_table)) {
      of_baselines.push_back(title_of(group));
    } else if (rows.size() > 1) {
      text += title_of(group) + (note.empty() ? "" : fmt::format(" {}", leakage_mark)) + "\n" +
              aligned(rows) + "\n";
    }
  }
  if (!of_baselines.empty())
    text += wrapped(fmt::format("What no model competes in is in result.json: {}.",
                                fmt::join(of_baselines, "; "))) +
            "\n";
  if (!note.empty()) text += wrapped(note) + "\n";
  std::vector<std::string> of_training = early_stops(result);
  if (const std::string weights = judged_weights(result); !weights.empty()) of_training.push_back(weights);
  for (const std::string& sentence : of_training) text += wrapped(sentence);
  if (!of_training.empty()) text += "\n";
  if (run_folders.size() > 1) {
    text += wrapped(result["judged_cells"].get<std::string>());
    for (const Json& warning : result["warnings"]) text += wrapped("Warning. " + warning.get<std::string>());
  }
  const std::vector<std::string> sentences = sentences_of(result);
  if (sentences.empty()) return text;
  text += "Verdicts\n";
  for (const std::string& sentence : sentences) text += wrapped(sentence);
  text += wrapped(seed_sentence(result));
  const std::string held_out = held_out_note(result);
  return held_out.empty() ? text : text + wrapped(held_out);
}

}  // namespace sparcell

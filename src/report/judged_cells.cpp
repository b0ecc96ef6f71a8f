#include "report/judged_cells.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "report/columns.h"
#include "report/settings.h"

namespace sparcell {
namespace {

/// What a run's numbers are of; a thing that it does not say is empty.
struct JudgedOn {
  std::string data;                     ///< checksum of the file
  std::vector<std::string> test_cells;  ///< names, in the order of the file
  std::vector<std::string> genes;       ///< names
  std::map<std::string, std::string> normalization;

  bool known() const { return !data.empty() && !test_cells.empty() && !genes.empty(); }
};

/// Not by the hashes of these files: genes.csv has scores, which training cells move, and a split may be
/// another one among the cells that train and choose.
std::vector<std::string> test_cells_of(const RunFolder& run) {
  std::vector<std::string> cells;
  const auto path = run.file("split.csv");
  if (!path) return cells;
  const CsvColumns csv(*path, {"cell", "split"});
  const std::size_t cell = csv.column("cell"), split = csv.column("split");
  for (std::size_t row = 0; row < csv.rows(); ++row) {
    if (csv.text(row, split) == "test") cells.push_back(csv.text(row, cell));
  }
  return cells;
}

std::vector<std::string> genes_of(const RunFolder& run) {
  std::vector<std::string> genes;
  const auto path = run.file("genes.csv");
  if (!path) return genes;
  const CsvColumns csv(*path, {"gene"});
  for (std::size_t row = 0; row < csv.rows(); ++row) genes.push_back(csv.text(row, csv.column("gene")));
  return genes;
}

JudgedOn judged_on(const RunFolder& run) {
  JudgedOn on{"", test_cells_of(run), genes_of(run), {}};
  if (const auto path = run.file("provenance.json")) {
    const Json checksum = read_json(*path).value(Json::json_pointer("/data/sha256"), Json());
    if (checksum.is_string()) on.data = checksum.get<std::string>();
  }
  if (const auto settings = settings_of(run)) {
    for (const auto& [key, value] : *settings) {
      if (key.starts_with("normalize")) on.normalization[key] = value;
    }
  }
  return on;
}

}  // namespace

std::string judged_cells(const std::vector<RunFolder>& runs, const std::vector<std::string>& labels) {
  constexpr const char* same = "All are judged on the same test cells.";
  if (runs.size() < 2) return same;
  std::vector<JudgedOn> all;
  std::vector<std::string> silent;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    all.push_back(judged_on(runs[i]));
    if (!all.back().known()) silent.push_back(labels[i]);
  }
  if (!silent.empty()) {
    return fmt::format("Whether all are judged on the same test cells is not known: {} {} not say on which.",
                       fmt::join(silent, ", "), silent.size() == 1 ? "does" : "do");
  }
  const auto differ = [&](auto JudgedOn::*what) {
    return std::any_of(all.begin(), all.end(), [&](const JudgedOn& on) { return on.*what != all[0].*what; });
  };
  std::vector<std::string> differences;
  if (differ(&JudgedOn::data)) differences.emplace_back("data");
  if (differ(&JudgedOn::test_cells)) differences.emplace_back("test cells");
  if (differ(&JudgedOn::genes)) differences.emplace_back("genes");
  if (differ(&JudgedOn::normalization)) differences.emplace_back("normalization");
  if (differences.empty()) return same;
  return fmt::format(
      "Not all are judged on the same values of the same test cells: the runs differ in their {}. A model is "
      "held against the baselines of its own run; what two runs differ in may be their cells.",
      fmt::join(differences, " and "));
}

}  // namespace sparcell

// Station 9, report: one self-contained page for a run.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "sparcell/core/describe.h"
#include "sparcell/core/log.h"

namespace sparcell {

struct ReportOptions {
  bool html = true;
  std::int64_t max_points = 20000;
};

template <class Visitor>
void describe(Visitor& v, ReportOptions& o) {
  v.field("html", o.html, "Write report.html.");
  v.field("max_points", o.max_points, at_least(100), "Cells in a scatter plot at most; the caption says what was left out.");
}

/// Writes `output` from what the run folder holds (result.json, metrics.csv, per_gene.csv, latent.h5ad,
/// generated_<model>.h5ad, config.yaml, provenance.json). Throws UsageError where the folder holds no finished run.
void write_report(const std::string& run_folder, const std::string& output, const ReportOptions& options, Log& log);

/// The same for a run whose result.json is not there yet: a run writes that last, for its presence means done.
void write_report(const std::string& run_folder, const nlohmann::ordered_json& result, const std::string& output,
                  const ReportOptions& options, Log& log);

/// Several runs side by side on one page: tables, verdicts and training curves. Runs of one experiment that
/// differ in their seed stand first, as means with their spread.
void write_comparison(const std::vector<std::string>& run_folders, const std::string& output, Log& log);

/// The comparison of models and baselines as text for a terminal, from result.json; of several runs side by
/// side.
std::string comparison_table(const std::vector<std::string>& run_folders);
inline std::string comparison_table(const std::string& run_folder) {
  return comparison_table(std::vector<std::string>{run_folder});
}

}  // namespace sparcell

#include <algorithm>

#include "report/columns.h"
#include "report/figures.h"
#include "sparcell/anndata.h"

namespace sparcell {
namespace {

// {perturbation: {column: value}} from per_perturbation.csv.
Json perturbation_values(const RunFolder& run) {
  Json values = Json::object();
  const auto path = run.file("per_perturbation.csv");
  if (!path) return values;
  const CsvColumns csv(*path, {"perturbation", "cells"});
  const std::size_t label = csv.column("perturbation"), cells = csv.column("cells");
  for (std::size_t row = 0; row < csv.rows(); ++row) {
    Json& entry = values[csv.text(row, label)] = Json::object();
    for (std::size_t c = 0; c < csv.names().size(); ++c) {
      if (c != label && c != cells) entry[csv.names()[c]] = rounded({csv.number(row, c)}, 4)[0];
    }
  }
  return values;
}

}  // namespace

Json perturbation_counts(const RunFolder& run) {
  const auto path = run.file("latent.h5ad");
  if (!path) return nullptr;
  const Table obs = read_obs(*path);
  const Labels perturbations(obs, "perturbation"), splits(obs, "split");
  if (perturbations.names.empty()) return nullptr;
  std::vector<std::int64_t> cells(perturbations.names.size(), 0);
  std::vector<std::vector<std::int64_t>> of_split(splits.names.size(), cells);
  for (std::int64_t row = 0; row < obs.rows(); ++row) {
    const std::int64_t perturbation = perturbations.codes[row], split = splits.codes[row];
    if (perturbation < 0) continue;
    ++cells[perturbation];
    if (split >= 0) ++of_split[split][perturbation];
  }
  std::vector<std::int64_t> order = counted(static_cast<std::int64_t>(cells.size()));
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return cells[a] > cells[b]; });
  const Json values = perturbation_values(run);
  Json table = Json::array();
  for (const std::int64_t p : order) {
    Json entry{{"label", perturbations.names[p]}, {"cells", cells[p]}};
    for (std::size_t s = 0; s < splits.names.size(); ++s) entry[splits.names[s]] = of_split[s][p];
    if (values.contains(perturbations.names[p])) entry["values"] = values[perturbations.names[p]];
    table.push_back(entry);
  }
  return table;
}

}  // namespace sparcell

// The data of the report's figures, as JSON for the page. Each function gives null where the run did not
// write its file.
#pragma once

#include <cstdint>

#include "report/run_folder.h"

namespace sparcell {

/// {model: [{name, split, axis: "epoch" | "step", x: [...], y: [...]}]} from metrics.csv.
Json training_curves(const RunFolder& run);

/// {total, perturbations: [...], splits: [...], perturbation: [code of each shown cell], split: [...],
///  spaces: [{name, title, axes: [..], x: [...], y: [...]}]} from latent.h5ad, of at most `max_points` cells.
Json cell_scatter(const RunFolder& run, std::int64_t max_points);

/// {real: {total, x, y}, models: [{model, total, x, y}]}: test cells and each model's generated cells in the
/// principal components of the training cells, as many of the one as of the other, at most `max_points`
/// together.
Json generated_scatter(const RunFolder& run, std::int64_t max_points);

/// [{label, cells, <split>..., values: {column: value}}]: cells of each perturbation from latent.h5ad, the
/// most frequent first, and what per_perturbation.csv says of it.
Json perturbation_counts(const RunFolder& run);

/// {names: [...], columns: {name: [...]}} from per_gene.csv.
Json gene_columns(const RunFolder& run);

/// Numbers to the given significant digits; NaN and infinity become null. What is on a screen needs no more.
Json rounded(const std::vector<double>& values, int digits);

}  // namespace sparcell

// The data of the report's figures, as JSON for the page. Each function gives null where the run did not
// write what it needs. Where a comment says `array`, the JSON says where in Arrays the numbers lie.
#pragma once

#include <cstdint>

#include "report/arrays.h"
#include "report/expression.h"
#include "report/run_folder.h"

namespace sparcell {

/// {model: [{name, split, axis: "epoch" | "step", x: [...], y: [...]}]} from metrics.csv.
Json training_curves(const RunFolder& run);

/// Of at most `max_points` cells of latent.h5ad:
/// {total, perturbations: [...], splits: [...], perturbation: array, split: array,
///  spaces: [{name, title, axes: [..], x: array, y: array}],
///  totals: [{name, unit, values: array}], genes: [{name, values: array}]}; totals and genes only with
/// `expression`, genes as many as 2^20 values allow.
Json cell_scatter(const RunFolder& run, const RunExpression* expression, std::int64_t max_points,
                  Arrays& arrays);

/// Test cells and each model's generated cells in the principal components of the training cells, as many of
/// the one as of the other, at most `max_points` together, and the densities of all of them: {real: {total,
/// x: array, y: array, inside: array}, models: [{model, total, x, y, inside}],
///  grid: {x: [...], y: [...]}}; `inside` is, at each place of the grid row by row, the share of cells where
/// the density is higher.
Json generated_scatter(const RunFolder& run, std::int64_t max_points, Arrays& arrays);

/// [{name, unit, low, width, samples: [{name, kind: "real" | "half" | "generated", shares: [...],
/// not_finite}]}]: how library size and detected genes of test cells, two random halves of them and generated
/// cells are distributed. The outermost bins have what lies beyond; cells whose total is not finite are in
/// none and counted by `not_finite`.
Json total_histograms(const RunExpression& expression);

/// {genes: [...], samples: [{name, kind, values: array}]}: Pearson correlations of the genes that vary most
/// over training cells, row by row, in an order in which neighbours belong together; a constant gene has
/// none.
Json gene_correlations(const RunExpression& expression, Arrays& arrays);

/// [{label, cells, <split>..., values: {column: value}}]: cells of each perturbation from latent.h5ad, the
/// most frequent first, and what per_perturbation.csv says of it.
Json perturbation_counts(const RunFolder& run);

/// {names: [...], columns: {name: array}} from per_gene.csv.
Json gene_columns(const RunFolder& run, Arrays& arrays);

/// Numbers to the given significant digits; NaN and infinity become null. What is on a screen needs no more.
Json rounded(const std::vector<double>& values, int digits);

}  // namespace sparcell

// Synthetic Perturb-seq data, Norman-like, with the truth stored beside it.
//
// The count of gene g in cell c is negative binomial with mean m and variance m + dispersion_g m^2, where
//     log m = log mean_g + log size_factor_c + response_c * effect[g, p] + sum_k loading[g, k] * activity[c,
//     k]
//             + cycle_cos_g * cos(angle_c) + cycle_sin_g * sin(angle_c) - centre_g;
// p is the cell's perturbation (no effect for the control), centre_g makes mean_g the expected count in
// control cells. Size factors have mean 1. Every number is drawn from a stream of its own, keyed by cell and
// gene, so that bits do not depend on threads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sparcell/core/describe.h"
#include "sparcell/core/log.h"
#include "sparcell/core/matrix.h"
#include "sparcell/core/table.h"

namespace sparcell {

/// What perturbing a gene does to programs.
enum class SimulatedEffects { drawn, linear };
template <>
struct Names<SimulatedEffects> {
  static constexpr std::string_view values[] = {"drawn", "linear"};
};

/// What perturbing two genes together does beside the sum.
enum class SimulatedEpistasis { mixed, none, product };
template <>
struct Names<SimulatedEpistasis> {
  static constexpr std::string_view values[] = {"mixed", "none", "product"};
};

struct SimulateOptions {
  std::int64_t cells = 2000;
  std::int64_t genes = 1000;
  std::int64_t perturbations = 20;
  std::int64_t doubles = 5;
  double controls = 0.1;
  double density = 0.1;
  SimulatedEffects effects = SimulatedEffects::drawn;
  SimulatedEpistasis epistasis = SimulatedEpistasis::mixed;
  std::int64_t seed = 0;
  int threads = 1;  ///< has no influence on the result
};

template <class Visitor>
void describe(Visitor& v, SimulateOptions& o) {
  v.field("cells", o.cells, at_least(1), "Number of cells.");
  v.field("genes", o.genes, at_least(1), "Number of genes.");
  v.field("perturbations", o.perturbations, at_least(0), "Perturbed genes: each is a single perturbation.");
  v.field("doubles", o.doubles, at_least(0), "Pairs of perturbed genes that are perturbed together.");
  v.field("controls", o.controls, probability_below_one, "Share of control cells.");
  v.field("density", o.density, {.low = 0, .high = 0.9, .low_open = true},
          "Expected share of entries that are not zero.");
  v.field("effects", o.effects,
          "drawn: a perturbation shifts programs of its own choice; linear: it shifts all programs in proportion to the "
          "perturbed gene's loading on its own program and does nothing else, which is all that a linear model of loadings can "
          "know.");
  v.field("epistasis", o.epistasis,
          "Of doubles: mixed, half of them sums, others stronger, weaker or with a program of their own; none, all sums; "
          "product, each program's two shifts interact by their product.");
  v.field("seed", o.seed, at_least(0), "Seed of every draw.");
}

/// Counts and the truth that they were drawn from. All tables are columns of the file's obs and var.
struct Simulation {
  Csr<float> counts;
  /// perturbation (`control`, `A`, `A_B`), nperts, guide; the truth: size_factor, response, cycle_angle.
  Table cells;
  /// perturbed; the truth: mean, dispersion, program (-1 is none), cycle_cos, cycle_sin, centre.
  Table genes;
  Matrix<float> loadings;                  ///< genes x programs
  Matrix<float> activity;                  ///< cells x programs
  std::vector<std::string> perturbations;  ///< labels, singles first; columns of `effects`
  Matrix<float> effects;                   ///< genes x perturbations: log fold change at full response
  std::vector<std::string> epistasis;      ///< of each: single, additive, synergy, buffering, new_program or product
};

/// Throws UsageError for options that are out of bounds or cannot be met together.
Simulation simulate(const SimulateOptions& options);

/// The same as an h5ad: counts in X, tables in obs and var, `loadings` and `effects` in varm, `activity` in
/// obsm, options and labels in uns. Equal options give equal bytes. Throws UsageError as above and for a name
/// that says another format, DataError where it cannot be written.
void simulate(const std::string& path, const SimulateOptions& options, Log& log);

}  // namespace sparcell

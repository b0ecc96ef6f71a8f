#include "simulate/design.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

#include "simulate/constants.h"
#include "simulate/draws.h"

namespace sparcell::simulation {
namespace {

/// Shifts of the programs' activities.
using Shifts = std::array<double, programs>;

std::vector<std::int32_t> choose_targets(const SimulateOptions& options, const Genes& genes) {
  auto order = Draws(options.seed, Quantity::perturbed).order(options.genes);
  if (options.effects == SimulatedEffects::linear) {
    std::erase_if(order, [&](std::int32_t gene) { return genes.program[gene] < 0; });
    if (std::ssize(order) < options.perturbations) {
      throw UsageError(
          "simulate: perturbations is {}; with linear effects they are genes of programs, of which "
          "there are {}",
          options.perturbations, order.size());
    }
  }
  order.resize(static_cast<std::size_t>(options.perturbations));
  return order;
}

/// Distinct pairs of 0 ... n - 1. Pairs are numbered row by row above the diagonal; a partial Fisher-Yates
/// shuffle over the numbers would need them all, rejection needs few draws unless nearly all pairs are asked
/// for.
std::vector<std::pair<std::int64_t, std::int64_t>> choose_pairs(const SimulateOptions& options) {
  const std::int64_t n = options.perturbations;
  std::vector<std::pair<std::int64_t, std::int64_t>> pairs;
  std::set<std::pair<std::int64_t, std::int64_t>> taken;
  const Draws draws(options.seed, Quantity::pairs);
  for (std::int64_t i = 0; static_cast<std::int64_t>(pairs.size()) < options.doubles; ++i) {
    const auto a = static_cast<std::int64_t>(draws.uniform(i, 0) * static_cast<double>(n));
    const auto b = static_cast<std::int64_t>(draws.uniform(i, 1) * static_cast<double>(n));
    const auto pair = std::minmax(a, b);
    if (a != b && taken.insert(pair).second) pairs.push_back(pair);
  }
  return pairs;
}

/// Adds the shifts, seen through the programs' loadings.
void add_shifts(const Genes& genes, const Shifts& shifts, float* effect) {
  for (std::size_t g = 0; g < genes.names.size(); ++g) {
    const std::int64_t program = genes.program[g];
    if (program >= 0 && shifts[program] != 0)
      effect[g] += static_cast<float>(shifts[program] * genes.loading[g]);
  }
}

/// How strong single perturbation p is.
double strength_of(const SimulateOptions& options, std::int64_t p) {
  const Draws strengths(options.seed, Quantity::strength);
  const bool inert = options.effects == SimulatedEffects::drawn && strengths.uniform(p, 2) < inert_share;
  return inert ? 0 : strength_median * std::exp(strength_log_sd * strengths.normal(p));
}

/// Of single perturbation p of gene `target`: one to three programs or, with linear effects, all of them in
/// proportion to the target's loading.
Shifts single_shifts(const SimulateOptions& options, const Genes& genes, std::int64_t p,
                     std::int32_t target) {
  Shifts shifts{};
  if (options.effects == SimulatedEffects::linear) {
    const Draws mixing(options.seed, Quantity::mixing);
    for (std::int64_t k = 0; k < programs; ++k)
      shifts[k] = mixing_sd * mixing.normal(genes.program[target] * programs + k) * genes.loading[target];
    return shifts;
  }
  const Draws choice(options.seed, Quantity::program_choice, p);
  const auto shifted = 1 + static_cast<std::int64_t>(choice.uniform(programs) * 3);
  const auto order = choice.order(programs);
  for (std::int64_t i = 0; i < shifted; ++i) {
    const double sign = choice.uniform(i, 2) < 0.5 ? -1 : 1;
    shifts[order[i]] = sign * strength_of(options, p) / static_cast<double>(i + 1);
  }
  return shifts;
}

/// Log fold changes of single perturbation p of gene `target`: programs and, where effects are drawn, some
/// genes of its own and itself.
void single_effect(const SimulateOptions& options, const Genes& genes, std::int64_t p, std::int32_t target,
                   float* effect) {
  add_shifts(genes, single_shifts(options, genes, p, target), effect);
  if (options.effects == SimulatedEffects::linear) return;
  const Draws own(options.seed, Quantity::own_effect, p);
  for (std::int64_t g = 0; g < options.genes; ++g) {
    if (own.uniform(g, 2) < own_gene_share)
      effect[g] += static_cast<float>(own_effect_sd * strength_of(options, p) * own.normal(g));
  }
  const Draws strengths(options.seed, Quantity::strength);
  effect[target] = static_cast<float>(strengths.uniform(p, 3, activation_low, activation_high));
}

/// What two perturbations do to every program beside the sum.
Shifts products(const Shifts& a, const Shifts& b) {
  Shifts shifts;
  for (std::size_t k = 0; k < shifts.size(); ++k) shifts[k] = product_interaction * a[k] * b[k];
  return shifts;
}

/// Log fold changes of a double whose interaction is drawn: the sum, for half of them changed. Returns its
/// kind.
std::string mixed_effect(const SimulateOptions& options, const Genes& genes, std::int64_t number,
                         const float* a, const float* b, float* effect) {
  const Draws draws(options.seed, Quantity::epistasis);
  const auto kind = static_cast<int>(draws.uniform(number, 0) * 6);
  const double factor = kind == 0 ? 1 + interaction : kind == 1 ? 1 - interaction : 1;
  for (std::int64_t g = 0; g < options.genes; ++g) effect[g] = static_cast<float>(factor * (a[g] + b[g]));
  if (kind == 0) return "synergy";
  if (kind == 1) return "buffering";
  if (kind > 2) return "additive";
  const auto program = static_cast<std::int64_t>(draws.uniform(number, 1) * programs);
  const double sign = draws.uniform(number, 2) < 0.5 ? -1 : 1;
  Shifts shifts{};
  shifts[program] = sign * strength_median;
  add_shifts(genes, shifts, effect);
  return "new_program";
}

/// Cells of each group: one at least, the others by weight (largest remainders first).
std::vector<std::int64_t> group_sizes(const SimulateOptions& options) {
  const std::int64_t perturbations = options.perturbations + options.doubles;
  std::vector<double> weights{perturbations == 0 ? 1.0 : options.controls};
  const Draws draws(options.seed, Quantity::group_size);
  double sum = 0;
  for (std::int64_t p = 0; p < perturbations; ++p) {
    weights.push_back(std::exp(group_size_log_sd * draws.normal(p)));
    sum += weights.back();
  }
  for (std::size_t i = 1; i < weights.size(); ++i) weights[i] *= (1 - options.controls) / sum;

  const std::int64_t free = options.cells - static_cast<std::int64_t>(weights.size());
  std::vector<std::int64_t> sizes;
  std::vector<std::pair<double, std::size_t>> remainders;
  std::int64_t given = 0;
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const double wanted = weights[i] * static_cast<double>(free);
    sizes.push_back(1 + static_cast<std::int64_t>(wanted));
    given += sizes.back();
    remainders.emplace_back(std::floor(wanted) - wanted, i);
  }
  std::sort(remainders.begin(), remainders.end());
  for (std::size_t i = 0; given < options.cells; ++i, ++given) ++sizes[remainders[i].second];
  return sizes;
}

/// The guides of a cell's targets (`GENE12_2`, joined by `;`) and how often they work.
std::string choose_guides(const SimulateOptions& options, const Genes& genes,
                          const std::vector<std::int32_t>& targets, std::int64_t cell, double& efficiency) {
  const Draws draws(options.seed, Quantity::guide);
  if (targets.empty())
    return fmt::format("NegCtrl{}", static_cast<int>(draws.uniform(cell) * control_guides));
  const Draws efficiencies(options.seed, Quantity::guide_efficiency);
  std::string name;
  efficiency = 0;
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const auto guide = static_cast<std::int64_t>(draws.uniform(cell, static_cast<int>(i)) * guides_per_gene);
    name += fmt::format("{}{}_{}", i == 0 ? "" : ";", genes.names[targets[i]], guide + 1);
    efficiency += efficiencies.uniform(targets[i] * guides_per_gene + guide, 0, guide_efficiency_low,
                                       guide_efficiency_high) /
                  static_cast<double>(targets.size());
  }
  return name;
}

}  // namespace

Design make_design(const SimulateOptions& options, const Genes& genes) {
  Design design;
  const auto targets = choose_targets(options, genes);
  const auto pairs = choose_pairs(options);
  design.effects = Matrix<float>(options.perturbations + options.doubles, options.genes);
  for (std::int64_t p = 0; p < options.perturbations; ++p) {
    single_effect(options, genes, p, targets[p], &design.effects(p, 0));
    design.targets.push_back({targets[p]});
    design.labels.push_back(genes.names[targets[p]]);
    design.epistasis.push_back("single");
  }
  for (std::int64_t d = 0; d < options.doubles; ++d) {
    const auto [a, b] = pairs[d];
    float* const effect = &design.effects(options.perturbations + d, 0);
    if (options.epistasis == SimulatedEpistasis::mixed) {
      design.epistasis.push_back(
          mixed_effect(options, genes, d, &design.effects(a, 0), &design.effects(b, 0), effect));
    } else {
      const bool product = options.epistasis == SimulatedEpistasis::product;
      for (std::int64_t g = 0; g < options.genes; ++g)
        effect[g] = design.effects(a, g) + design.effects(b, g);
      if (product) {
        add_shifts(genes,
                   products(single_shifts(options, genes, a, targets[a]),
                            single_shifts(options, genes, b, targets[b])),
                   effect);
      }
      design.epistasis.push_back(product ? "product" : "additive");
    }
    design.targets.push_back({std::min(targets[a], targets[b]), std::max(targets[a], targets[b])});
    design.labels.push_back(genes.names[design.targets.back()[0]] + "_" +
                            genes.names[design.targets.back()[1]]);
  }
  return design;
}

Cells make_cells(const SimulateOptions& options, const Genes& genes, const Design& design) {
  const auto count = static_cast<std::size_t>(options.cells);
  Cells cells{.group = std::vector<std::int32_t>(count),
              .guide = {},
              .size_factor = {},
              .response = {},
              .angle = {},
              .activity = Matrix<float>(options.cells, programs)};
  const auto order = Draws(options.seed, Quantity::cell_order).order(options.cells);
  auto cell = order.begin();
  const auto sizes = group_sizes(options);
  for (std::size_t group = 0; group < sizes.size(); ++group) {
    for (std::int64_t i = 0; i < sizes[group]; ++i) cells.group[*cell++] = static_cast<std::int32_t>(group);
  }
  const Draws sizes_of_cells(options.seed, Quantity::size_factor),
      responses(options.seed, Quantity::response), angles(options.seed, Quantity::angle);
  for (std::int64_t c = 0; c < options.cells; ++c) {
    const auto& targets =
        cells.group[c] == 0 ? std::vector<std::int32_t>{} : design.targets[cells.group[c] - 1];
    double efficiency = 0;
    cells.guide.push_back(choose_guides(options, genes, targets, c, efficiency));
    // Where the guide works the cell responds fully, elsewhere to some part.
    const bool works = responses.uniform(c, 0) < efficiency;
    cells.response.push_back(targets.empty() ? 0 : works ? 1 : responses.uniform(c, 1));
    cells.size_factor.push_back(
        std::exp(library_log_sd * sizes_of_cells.normal(c) - library_log_sd * library_log_sd / 2));
    cells.angle.push_back(angles.uniform(c) * 2 * M_PI);
    const Draws activity(options.seed, Quantity::activity, c);
    for (std::int64_t k = 0; k < programs; ++k) {
      cells.activity(c, k) = static_cast<float>(activity_deviation(k) * activity.normal(k));
    }
  }
  return cells;
}

}  // namespace sparcell::simulation

#include "simulate/genes.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "simulate/constants.h"
#include "simulate/draws.h"

namespace sparcell::simulation {
namespace {

/// Means relative to the smallest: evenly spaced quantiles of the cut exponential, in random order. Drawn
/// independently, the few highest genes would decide the density.
std::vector<double> relative_means(const SimulateOptions& options) {
  const double reached = 1 - std::exp(-mean_log_largest / mean_log_scale);
  const auto order = Draws(options.seed, Quantity::gene_order).order(options.genes);
  std::vector<double> means(static_cast<std::size_t>(options.genes));
  for (std::int64_t i = 0; i < options.genes; ++i) {
    const double quantile = (static_cast<double>(i) + 0.5) / static_cast<double>(options.genes);
    means[order[i]] = std::exp(-mean_log_scale * std::log1p(-quantile * reached));
  }
  return means;
}

double dispersion_factor(const SimulateOptions& options, std::int64_t gene) {
  return std::exp(dispersion_log_sd * Draws(options.seed, Quantity::dispersion).normal(gene));
}

double dispersion_at(double mean, double factor) {
  return (dispersion_base + dispersion_slope / mean) * factor;
}

/// Expected share of non-zero entries over log-normal library sizes (their quantiles at 16 equal steps).
double expected_density(const std::vector<double>& means, const std::vector<double>& factors, double scale) {
  constexpr double normal_quantiles[] = {-1.863, -1.318, -1.010, -0.776, -0.579, -0.402, -0.237, -0.078,
                                         0.078,  0.237,  0.402,  0.579,  0.776,  1.010,  1.318,  1.863};
  double sum = 0;
  for (std::size_t g = 0; g < means.size(); ++g) {
    const double mean = scale * means[g];
    const double dispersion = dispersion_at(mean, factors[g]);
    for (double z : normal_quantiles) {
      const double size = std::exp(library_log_sd * z - library_log_sd * library_log_sd / 2);
      sum += -std::expm1(-std::log1p(dispersion * mean * size) / dispersion);
    }
  }
  return sum / static_cast<double>(means.size() * std::size(normal_quantiles));
}

/// The smallest mean that gives the density.
double smallest_mean(const std::vector<double>& means, const std::vector<double>& factors, double density) {
  double low = -20, high = 20;
  for (int step = 0; step < 40; ++step) {
    const double middle = (low + high) / 2;
    (expected_density(means, factors, std::exp(middle)) < density ? low : high) = middle;
  }
  return std::exp((low + high) / 2);
}

void draw_means(const SimulateOptions& options, Genes& genes) {
  genes.mean = relative_means(options);
  std::vector<double> factors(genes.mean.size());
  for (std::int64_t g = 0; g < options.genes; ++g) factors[g] = dispersion_factor(options, g);
  const double scale = smallest_mean(genes.mean, factors, options.density);
  genes.dispersion.resize(genes.mean.size());
  for (std::int64_t g = 0; g < options.genes; ++g) {
    genes.mean[g] *= scale;
    genes.dispersion[g] = dispersion_at(genes.mean[g], factors[g]);
  }
}

/// Program, loading and cycle of one gene, and the expectation of their factor: a log-normal's mean and, for
/// an angle that is uniform, the Bessel function I0 of the amplitude.
void draw_structure(const SimulateOptions& options, std::int64_t gene, Genes& genes) {
  const Draws draws(options.seed, Quantity::loading);
  double centre = 0;
  if (const double place = draws.uniform(gene, 0) / program_gene_share; place < 1) {
    genes.program[gene] = static_cast<std::int64_t>(place * programs);
    const double sign = draws.uniform(gene, 1) < negative_share ? -1 : 1;
    genes.loading[gene] = sign * draws.uniform(gene, 2, loading_low, loading_high);
    centre += std::pow(genes.loading[gene] * activity_deviation(genes.program[gene]), 2) / 2;
  }
  const Draws cycle(options.seed, Quantity::cycle);
  if (const double place = cycle.uniform(gene, 0) / cycle_gene_share; place < 1) {
    const double peak = place < 0.5 ? 0 : 2 * std::numbers::pi / 3;
    const double phase = peak + cycle_phase_sd * cycle.normal(gene, 1);
    const double amplitude = cycle.uniform(gene, 1, cycle_low, cycle_high);
    genes.cycle_cos[gene] = amplitude * std::cos(phase);
    genes.cycle_sin[gene] = amplitude * std::sin(phase);
    centre += std::log(std::cyl_bessel_i(0.0, amplitude));
  }
  genes.centre[gene] = centre;
}

}  // namespace

double activity_deviation(std::int64_t program) {
  return activity_sd * std::pow(activity_decay, static_cast<double>(program));
}

Genes make_genes(const SimulateOptions& options) {
  const auto count = static_cast<std::size_t>(options.genes);
  Genes genes;
  const auto width = fmt::formatted_size("{}", options.genes);
  for (std::int64_t g = 0; g < options.genes; ++g)
    genes.names.push_back(fmt::format("GENE{:0{}}", g + 1, width));
  draw_means(options, genes);
  genes.program.assign(count, -1);
  for (auto* values : {&genes.loading, &genes.cycle_cos, &genes.cycle_sin, &genes.centre})
    values->assign(count, 0.0);
  for (std::int64_t g = 0; g < options.genes; ++g) draw_structure(options, g, genes);
  return genes;
}

}  // namespace sparcell::simulation

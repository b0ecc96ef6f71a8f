#include "experiment/training_start.h"

#include <algorithm>
#include <cmath>

#include "evaluate/count_moments.h"
#include "sparcell/evaluate.h"
#include "train/batches.h"

namespace sparcell {
namespace {

void add_moments(const Csr<float>& x, std::span<const std::int32_t> cells, TrainingStart& start) {
  const auto genes = static_cast<std::size_t>(x.cols);
  std::vector<double> squares(genes);
  start.mean.assign(genes, 0);
  start.deviation.assign(genes, 0);
  const auto for_each_entry = [&](auto&& use) {
    for (const std::int32_t cell : cells) {
      for (std::int64_t k = x.offsets[cell]; k < x.offsets[cell + 1]; ++k)
        use(static_cast<std::size_t>(x.indices[k]), static_cast<double>(x.values[k]));
    }
  };
  const auto n = static_cast<double>(cells.size());
  std::vector<double> present(genes);
  for_each_entry([&](std::size_t gene, double value) { start.mean[gene] += value / n; });
  for_each_entry([&](std::size_t gene, double value) {
    squares[gene] += (value - start.mean[gene]) * (value - start.mean[gene]);
    ++present[gene];
  });
  for (std::size_t gene = 0; gene < genes; ++gene) {
    const double of_zeros = (n - present[gene]) * start.mean[gene] * start.mean[gene];
    start.deviation[gene] = std::sqrt((squares[gene] + of_zeros) / n);
  }
}

/// A gene without counts begins at half a count in all training cells together. Where a group's counts of a
/// gene are not more dispersed than Poisson's, as few are by chance, its dispersion begins at that of all
/// cells.
void add_count_moments(const Dataset& data, std::span<const std::int32_t> cells, const CellGroups& groups,
                       TrainingStart& start) {
  CountMoments moments = count_moments(data, cells);
  double library = 0;
  for (const std::int32_t cell : cells) library += data.raw.library[cell];
  for (double& rate : moments.rate) rate = std::max(rate, 0.5 / std::max(library, 1.0)) * data.raw.target_sum;
  start.rate = std::move(moments.rate);
  start.dispersion = std::move(moments.dispersion);
  if (groups.of_cell.empty()) return;
  const std::vector<double> of_all = std::move(start.dispersion);
  start.dispersion.clear();
  std::vector<std::vector<std::int32_t>> cells_of(static_cast<std::size_t>(groups.count));
  for (const std::int32_t cell : cells) cells_of[groups.of_cell[cell]].push_back(cell);
  for (const auto& group : cells_of) {
    const std::vector<double> own = count_moments(data, group).dispersion;
    for (std::size_t g = 0; g < own.size(); ++g)
      start.dispersion.push_back(own[g] < highest_dispersion ? own[g] : of_all[g]);
  }
}

/// Genes x cells: the values of each gene in the order of `cells`.
Csr<float> genes_by_cells(const Csr<float>& x, std::span<const std::int32_t> cells) {
  Csr<float> genes;
  genes.rows = x.cols;
  genes.cols = static_cast<std::int64_t>(cells.size());
  genes.offsets.assign(static_cast<std::size_t>(x.cols) + 1, 0);
  for (const std::int32_t cell : cells) {
    for (std::int64_t k = x.offsets[cell]; k < x.offsets[cell + 1]; ++k) ++genes.offsets[x.indices[k] + 1];
  }
  for (std::size_t g = 1; g < genes.offsets.size(); ++g) genes.offsets[g] += genes.offsets[g - 1];
  genes.values.resize(static_cast<std::size_t>(genes.offsets.back()));
  genes.indices.resize(genes.values.size());
  std::vector<std::int64_t> next(genes.offsets.begin(), genes.offsets.end() - 1);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    for (std::int64_t k = x.offsets[cells[i]]; k < x.offsets[cells[i] + 1]; ++k) {
      const std::int64_t at = next[x.indices[k]]++;
      genes.indices[at] = static_cast<std::int32_t>(i);
      genes.values[at] = x.values[k];
    }
  }
  return genes;
}

}  // namespace

TrainingStart training_start(Context& context, const ModelOptions& options, const Prepared& prepared,
                             const ConditionTable& conditions, Log& log) {
  TrainingStart start;
  const Csr<float>& x = prepared.data.x;
  const std::vector<std::int32_t>& cells = prepared.split.train;
  if (options.input.standardize || options.start != ModelStart::random) add_moments(x, cells, start);
  if (options.of_counts()) add_count_moments(prepared.data, cells, conditions.groups(), start);
  const bool of_gan = options.type == ModelType::gan && (options.gan.output == GeneratorOutput::hurdle ||
                                                         options.gan.library != LibraryUse::none);
  if (options.input.mix > 0 || of_gan) start.genes = genes_by_cells(x, cells);
  if (options.type == ModelType::gan && !conditions.empty()) {
    const auto shown = std::min(cells.size(), static_cast<std::size_t>(shown_cells));
    start.conditions = take_rows(conditions.of_cells(), std::span(cells).first(shown));
  }
  if (options.conditioning.control_input > 0) {
    for (const std::int32_t cell : cells) {
      if (prepared.data.perturbations.of_cell[cell] == 0) start.controls.push_back(cell);
    }
  }
  if (options.start == ModelStart::random) return start;
  PrincipalComponents pca =
      options.start == ModelStart::pca
          ? fit_pca(context, x, cells, options.latent, log)
          : fit_shrunk_pca(context, x, cells, prepared.split.validation, options.latent, log);
  start.components = std::move(pca.components);
  start.variance = std::move(pca.variance);
  return start;
}

ModelOptions with_epochs(const ModelOptions& options, std::int64_t training_cells) {
  ModelOptions resolved = options;
  if (options.train.steps > 0) {
    const std::int64_t batches = batch_count(training_cells, options.train.batch);
    resolved.train.epochs = (options.train.steps + batches - 1) / batches;
  }
  return resolved;
}

}  // namespace sparcell

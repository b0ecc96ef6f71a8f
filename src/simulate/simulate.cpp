#include "sparcell/simulate.h"

#include <algorithm>
#include <limits>

#include "simulate/constants.h"
#include "simulate/counts.h"
#include "simulate/design.h"
#include "simulate/genes.h"

namespace sparcell {
namespace {

using namespace simulation;

void check(const SimulateOptions& o) {
  constexpr std::int64_t most = std::numeric_limits<std::int32_t>::max();
  if (o.cells < 1 || o.cells > most)
    throw UsageError("simulate: cells is {}; expected 1 to {}", o.cells, most);
  if (o.genes < 1 || o.genes > most)
    throw UsageError("simulate: genes is {}; expected 1 to {}", o.genes, most);
  if (o.perturbations < 0 || o.perturbations > o.genes) {
    throw UsageError("simulate: perturbations is {}; expected 0 to the number of genes, {}", o.perturbations,
                     o.genes);
  }
  const std::int64_t pairs = o.perturbations * (o.perturbations - 1) / 2;
  if (o.doubles < 0 || o.doubles > pairs) {
    throw UsageError("simulate: doubles is {}; {} perturbations have {} pairs", o.doubles, o.perturbations,
                     pairs);
  }
  if (o.cells < 1 + o.perturbations + o.doubles) {
    throw UsageError("simulate: cells is {}; the control and {} perturbations need at least one each",
                     o.cells, o.perturbations + o.doubles);
  }
  if (!(o.controls >= 0 && o.controls < 1)) {
    throw UsageError("simulate: controls is {}; expected a share of at least 0 and below 1", o.controls);
  }
  if (!(o.density > 0 && o.density <= 0.9)) {
    throw UsageError("simulate: density is {}; expected a share above 0 and at most 0.9", o.density);
  }
  if (o.seed < 0) throw UsageError("simulate: seed is {}; expected a number of at least 0", o.seed);
}

Categorical categorical(const std::vector<std::string>& values) {
  Categorical result;
  result.categories = values;
  std::sort(result.categories.begin(), result.categories.end());
  result.categories.erase(std::unique(result.categories.begin(), result.categories.end()),
                          result.categories.end());
  for (const std::string& value : values) {
    const auto found = std::lower_bound(result.categories.begin(), result.categories.end(), value);
    result.codes.push_back(static_cast<std::int32_t>(found - result.categories.begin()));
  }
  return result;
}

Table cell_table(const Design& design, const Cells& cells) {
  Table table;
  std::vector<std::string> labels;
  std::vector<std::int64_t> perturbed;
  const auto width = fmt::formatted_size("{}", cells.group.size());
  for (std::size_t c = 0; c < cells.group.size(); ++c) {
    const std::int32_t group = cells.group[c];
    table.names.push_back(fmt::format("CELL{:0{}}", c + 1, width));
    labels.push_back(group == 0 ? "control" : design.labels[group - 1]);
    perturbed.push_back(group == 0 ? 0 : static_cast<std::int64_t>(design.targets[group - 1].size()));
  }
  table.set({"perturbation", categorical(labels), {}});
  table.set({"nperts", perturbed, {}});
  table.set({"guide", categorical(cells.guide), {}});
  table.set({"size_factor", cells.size_factor, {}});
  table.set({"response", cells.response, {}});
  table.set({"cycle_angle", cells.angle, {}});
  return table;
}

Table gene_table(const Genes& genes, const Design& design) {
  std::vector<std::uint8_t> perturbed(genes.names.size(), 0);
  for (const auto& targets : design.targets) {
    for (std::int32_t target : targets) perturbed[target] = 1;
  }
  Table table{.names = genes.names, .columns = {}};
  table.set({"perturbed", perturbed, {}});
  table.set({"mean", genes.mean, {}});
  table.set({"dispersion", genes.dispersion, {}});
  table.set({"program", genes.program, {}});
  table.set({"cycle_cos", genes.cycle_cos, {}});
  table.set({"cycle_sin", genes.cycle_sin, {}});
  table.set({"centre", genes.centre, {}});
  return table;
}

Matrix<float> loading_matrix(const Genes& genes) {
  Matrix<float> loadings(static_cast<std::int64_t>(genes.names.size()), programs);
  for (std::int64_t g = 0; g < loadings.rows; ++g) {
    if (genes.program[g] >= 0) loadings(g, genes.program[g]) = static_cast<float>(genes.loading[g]);
  }
  return loadings;
}

Matrix<float> transposed(const Matrix<float>& matrix) {
  Matrix<float> result(matrix.cols, matrix.rows);
  for (std::int64_t r = 0; r < matrix.rows; ++r) {
    for (std::int64_t c = 0; c < matrix.cols; ++c) result(c, r) = matrix(r, c);
  }
  return result;
}

}  // namespace

Simulation simulate(const SimulateOptions& options) {
  check(options);
  const Genes genes = make_genes(options);
  Design design = make_design(options, genes);
  Cells cells = make_cells(options, genes, design);
  Simulation result;
  result.counts = draw_counts(options, genes, design, cells);
  result.cells = cell_table(design, cells);
  result.genes = gene_table(genes, design);
  result.loadings = loading_matrix(genes);
  result.activity = std::move(cells.activity);
  result.effects = transposed(design.effects);
  result.perturbations = std::move(design.labels);
  result.epistasis = std::move(design.epistasis);
  return result;
}

}  // namespace sparcell

#include "report/expression.h"

#include <algorithm>
#include <map>
#include <set>

#include "report/settings.h"
#include "sparcell/core/errors.h"

namespace sparcell {
namespace {

/// The genes of a perturbation's name: `KLF1+MAP2K6` has two.
std::vector<std::string> parts_of(const std::string& label) {
  std::vector<std::string> parts(1);
  for (const char c : label) {
    if (c == '+' || c == ',') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// Selected genes that perturbations name, by falling number of their cells.
std::vector<std::int32_t> perturbed_genes(const std::vector<std::string>& genes,
                                          const Labels& perturbations) {
  std::map<std::string, std::int32_t> place;
  for (std::size_t g = 0; g < genes.size(); ++g) place.emplace(genes[g], static_cast<std::int32_t>(g));
  std::vector<std::int64_t> cells(perturbations.names.size());
  for (const std::int64_t code : perturbations.codes) {
    if (code >= 0) ++cells[code];
  }
  std::map<std::int32_t, std::int64_t> cells_of;
  for (std::size_t p = 0; p < cells.size(); ++p) {
    for (const std::string& part : parts_of(perturbations.names[p])) {
      if (const auto found = place.find(part); found != place.end()) cells_of[found->second] += cells[p];
    }
  }
  std::vector<std::int32_t> order;
  for (const auto& [gene, count] : cells_of) order.push_back(gene);
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return cells_of[a] > cells_of[b]; });
  if (std::ssize(order) > RunExpression::most_perturbed) order.resize(RunExpression::most_perturbed);
  return order;
}

}  // namespace

std::optional<RunExpression> read_expression(const RunFolder& run, const Labels& perturbations,
                                             const Labels& splits) {
  const std::optional<CellFile> real = CellFile::open(run, "latent.h5ad");
  if (!real) return std::nullopt;
  RunExpression expression;
  std::vector<std::int32_t> chosen;
  const auto columns_of = [&](const std::vector<std::int32_t>& genes) {
    std::vector<std::int64_t> columns;
    for (const std::int32_t gene : genes) {
      const auto found = std::find(chosen.begin(), chosen.end(), gene);
      columns.push_back(found - chosen.begin());
      if (found == chosen.end()) chosen.push_back(gene);
    }
    return columns;
  };
  expression.variable =
      columns_of(most_variable_genes(*real, splits.cells("train"), RunExpression::most_variable));
  expression.perturbed = columns_of(perturbed_genes(real->genes(), perturbations));
  for (const std::int32_t gene : chosen) expression.genes.push_back(real->genes()[gene]);
  const bool logarithms = has_logarithms(run);
  expression.real = values_of(*real, chosen, logarithms);
  expression.test = splits.cells("test");
  for (const std::string& model : run.models()) {
    const std::string name = "generated_" + model + ".h5ad";
    const std::optional<CellFile> file = CellFile::open(run, name);
    if (!file) continue;
    if (file->genes() != real->genes()) {
      throw DataError(
          "{}/{}: its genes are not those of latent.h5ad; the run's files do not belong together.", run.path,
          name);
    }
    expression.generated.emplace_back(model, values_of(*file, chosen, logarithms));
  }
  return expression;
}

}  // namespace sparcell

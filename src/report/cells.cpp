#include <algorithm>

#include "hdf5/file.h"
#include "report/figures.h"
#include "sparcell/anndata.h"

namespace sparcell {
namespace {

/// Values of genes that a page carries for colours.
constexpr std::int64_t most_gene_values = 1 << 20;

std::vector<float> column_of(const Matrix<float>& matrix, const std::vector<std::int64_t>& rows,
                             std::int64_t column) {
  std::vector<float> values;
  values.reserve(rows.size());
  for (const std::int64_t row : rows) values.push_back(matrix(row, column));
  return values;
}

// The first two columns of an obsm as a panel; null where the file does not hold it.
Json space(const std::string& path, const std::string& key, const std::string& title, const std::string& axis,
           const std::vector<std::int64_t>& rows, std::int64_t cells, Arrays& arrays) {
  if (!hdf5::File::open(path).exists("obsm/" + key)) return nullptr;
  const Matrix<float> points = read_obsm(path, key);
  if (points.rows != cells) {
    throw DataError("{}: obsm/{} has {} rows for {} cells; the file is damaged.", path, key, points.rows,
                    cells);
  }
  if (points.cols < 2) return nullptr;
  return {{"name", key},
          {"title", title},
          {"axes", {axis + " 1", axis + " 2"}},
          {"x", arrays.places(column_of(points, rows, 0))},
          {"y", arrays.places(column_of(points, rows, 1))}};
}

// Perturbed genes take at most half of the places, so that variable ones have some too.
std::vector<std::int64_t> shown_genes(const RunExpression& expression, std::int64_t count) {
  std::vector<std::int64_t> columns;
  const auto add = [&](const std::vector<std::int64_t>& more, std::int64_t most) {
    for (const std::int64_t column : more) {
      if (std::ssize(columns) >= most) return;
      if (std::find(columns.begin(), columns.end(), column) == columns.end()) columns.push_back(column);
    }
  };
  add(expression.perturbed, count / 2);
  add(expression.variable, count);
  return columns;
}

void add_expression(const RunExpression& expression, const std::vector<std::int64_t>& rows, Json& scatter,
                    Arrays& arrays) {
  const CellTotals& totals = expression.real.totals;
  scatter["totals"] = {{{"name", "library size"},
                        {"unit", "normalized counts"},
                        {"values", arrays.colours(taken(totals.library_size, rows))}},
                       {{"name", "detected genes"},
                        {"unit", "genes"},
                        {"values", arrays.colours(taken(totals.detected, rows))}}};
  scatter["genes"] = Json::array();
  const std::int64_t count = most_gene_values / std::max<std::int64_t>(1, std::ssize(rows));
  for (const std::int64_t column : shown_genes(expression, count)) {
    scatter["genes"].push_back({{"name", expression.genes[column]},
                                {"values", arrays.colours(column_of(expression.real.chosen, rows, column))}});
  }
}

}  // namespace

Json cell_scatter(const RunFolder& run, const RunExpression* expression, std::int64_t max_points,
                  Arrays& arrays) {
  const auto path = run.file("latent.h5ad");
  if (!path) return nullptr;
  const Table obs = read_obs(*path);
  const std::vector<std::int64_t> rows = drawn(counted(obs.rows()), max_points);
  const Labels perturbations(obs, "perturbation"), splits(obs, "split");
  Json spaces = Json::array();
  const auto add = [&](Json panel) {
    if (!panel.is_null()) spaces.push_back(std::move(panel));
  };
  add(space(*path, "X_pca", "Principal components", "PC", rows, obs.rows(), arrays));
  for (const std::string& model : run.models()) {
    add(space(*path, "X_" + model + "_pca2", model + ", latent space", "latent PC", rows, obs.rows(),
              arrays));
  }
  Json scatter{{"total", obs.rows()},
               {"perturbations", perturbations.names},
               {"splits", splits.names},
               {"perturbation", arrays.codes(taken(perturbations.codes, rows))},
               {"split", arrays.codes(taken(splits.codes, rows))},
               {"spaces", spaces}};
  if (expression != nullptr) add_expression(*expression, rows, scatter, arrays);
  return scatter;
}

}  // namespace sparcell

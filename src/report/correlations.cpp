#include <algorithm>
#include <cmath>
#include <limits>

#include "report/figures.h"

namespace sparcell {
namespace {

constexpr std::int64_t shown_genes = 50;

/// Columns as vectors of mean 0 and length 1, so that correlations are products; constant ones are NaN.
Matrix<double> standardized(const Matrix<float>& cells, const std::vector<std::int64_t>& rows,
                            std::int64_t genes, const std::vector<std::int64_t>& columns) {
  Matrix<double> out(genes, std::ssize(rows));
  for (std::int64_t g = 0; g < genes; ++g) {
    double* const row = out.view().row(g);
    double mean = 0, squares = 0;
    for (std::int64_t i = 0; i < out.cols; ++i) {
      row[i] = cells(rows[i], columns[g]);
      mean += row[i] / static_cast<double>(out.cols);
    }
    const bool varies = std::any_of(row, row + out.cols, [&](double value) { return value != row[0]; });
    for (std::int64_t i = 0; i < out.cols; ++i) squares += (row[i] - mean) * (row[i] - mean);
    const double scale = varies ? 1 / std::sqrt(squares) : std::numeric_limits<double>::quiet_NaN();
    for (std::int64_t i = 0; i < out.cols; ++i) row[i] = (row[i] - mean) * scale;
  }
  return out;
}

Matrix<double> correlations(const Matrix<float>& cells, const std::vector<std::int64_t>& rows,
                            const std::vector<std::int64_t>& columns) {
  const auto genes = std::ssize(columns);
  const Matrix<double> z = standardized(cells, rows, genes, columns);
  Matrix<double> products(genes, genes);
  for (std::int64_t a = 0; a < genes; ++a) {
    for (std::int64_t b = a; b < genes; ++b) {
      double sum = 0;
      for (std::int64_t i = 0; i < z.cols; ++i) sum += z(a, i) * z(b, i);
      products(a, b) = products(b, a) = std::clamp(sum, -1.0, 1.0);
    }
  }
  return products;
}

/// A chain in which each gene is followed by the one left that is most correlated with it.
std::vector<std::int64_t> chain(const Matrix<double>& r) {
  std::vector<std::int64_t> order, left = counted(r.rows);
  while (!left.empty()) {
    auto next = left.begin();
    for (auto g = left.begin(); g != left.end() && !order.empty(); ++g) {
      if (r(order.back(), *g) > r(order.back(), *next) || std::isnan(r(order.back(), *next))) next = g;
    }
    order.push_back(*next);
    left.erase(next);
  }
  return order;
}

std::vector<float> reordered(const Matrix<double>& r, const std::vector<std::int64_t>& order) {
  std::vector<float> values;
  for (const std::int64_t a : order) {
    for (const std::int64_t b : order) values.push_back(static_cast<float>(r(a, b)));
  }
  return values;
}

}  // namespace

Json gene_correlations(const RunExpression& expression, Arrays& arrays) {
  std::vector<std::int64_t> columns = expression.variable;
  if (std::ssize(columns) > shown_genes) columns.resize(shown_genes);
  if (columns.size() < 2 || expression.test.size() < 3 || expression.generated.empty()) return nullptr;
  const Matrix<double> real = correlations(expression.real.chosen, expression.test, columns);
  const std::vector<std::int64_t> order = chain(real);
  Json names = Json::array(), samples = Json::array();
  for (const std::int64_t place : order) names.push_back(expression.genes[columns[place]]);
  const auto add = [&](const std::string& name, const char* kind, const Matrix<double>& r) {
    samples.push_back({{"name", name}, {"kind", kind}, {"values", arrays.colours(reordered(r, order))}});
  };
  add("real test cells", "real", real);
  for (const auto& [model, cells] : expression.generated)
    add(model, "generated", correlations(cells.chosen, counted(cells.chosen.rows), columns));
  return {{"genes", names}, {"samples", samples}};
}

}  // namespace sparcell

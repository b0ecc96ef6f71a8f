#include "evaluate/linear_model.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/guides.h"
#include "evaluate/cholesky.h"

namespace sparcell {
namespace {

/// G: genes x components.
Matrix<double> loadings_of(const PrincipalComponents& pca) {
  Matrix<double> loadings(pca.components.cols, std::min(LinearModel::components, pca.components.rows));
  for (std::int64_t c = 0; c < loadings.cols; ++c) {
    for (std::int64_t g = 0; g < loadings.rows; ++g)
      loadings(g, c) = pca.components(c, g) * std::sqrt(pca.variance[c]);
  }
  return loadings;
}

/// A^T A + ridge, lower triangle, factorized.
Matrix<double> ridge_factor(const Matrix<double>& a) {
  Matrix<double> gram(a.cols, a.cols);
  for (std::int64_t i = 0; i < a.rows; ++i) {
    for (std::int64_t r = 0; r < a.cols; ++r) {
      for (std::int64_t c = 0; c <= r; ++c) gram(r, c) += a(i, r) * a(i, c);
    }
  }
  for (std::int64_t c = 0; c < a.cols; ++c) gram(c, c) += LinearModel::ridge;
  factorize(gram);
  return gram;
}

std::span<double> row_of(Matrix<double>& matrix, std::int64_t row) {
  return {matrix.view().row(row), static_cast<std::size_t>(matrix.cols)};
}

/// Which rows of P are known, and the rows.
struct Embedding {
  std::vector<bool> known;
  Matrix<double> rows;
};

Embedding embed(const Dataset& data, const Matrix<double>& loadings) {
  std::map<std::string, std::int64_t> place;
  for (std::int64_t g = 0; g < data.gene_count(); ++g) place.emplace(data.genes.names[g], g);
  const std::vector<std::vector<std::string>> perturbed = genes_of_perturbations(data);
  const std::size_t count = data.perturbations.names.size();
  Embedding embedding{std::vector<bool>(count),
                      Matrix<double>(static_cast<std::int64_t>(count), loadings.cols)};
  for (std::size_t p = 1; p < perturbed.size(); ++p) {
    embedding.known[p] = !perturbed[p].empty();
    for (const std::string& gene : perturbed[p]) {
      const auto found = place.find(gene);
      if (found == place.end()) {
        embedding.known[p] = false;
        break;
      }
      for (std::int64_t c = 0; c < loadings.cols; ++c) embedding.rows(p, c) += loadings(found->second, c);
    }
  }
  return embedding;
}

/// K = (G^T G + ridge)^-1 G^T (Y - b) P (P^T P + ridge)^-1 over the perturbations of `fitted`.
Matrix<double> fit_weights(const Matrix<double>& loadings, const Matrix<double>& embedding,
                           const Centroids& centroids, std::span<const double> b,
                           std::span<const std::int64_t> fitted) {
  const std::int64_t components = loadings.cols;
  Matrix<double> known(std::ssize(fitted), components), projected(known.rows, components);
  for (std::int64_t i = 0; i < known.rows; ++i) {
    for (std::int64_t c = 0; c < components; ++c) known(i, c) = embedding(fitted[i], c);
    for (std::int64_t g = 0; g < loadings.rows; ++g) {
      for (std::int64_t c = 0; c < components; ++c)
        projected(i, c) += loadings(g, c) * (centroids.means(fitted[i], g) - b[g]);
    }
  }
  const Matrix<double> of_genes = ridge_factor(loadings), of_perturbations = ridge_factor(known);
  Matrix<double> weights(components, components), transposed(components, components);
  for (std::int64_t i = 0; i < known.rows; ++i) {  // (G^T (Y - b) P)^T
    for (std::int64_t r = 0; r < components; ++r) {
      for (std::int64_t c = 0; c < components; ++c) transposed(c, r) += projected(i, r) * known(i, c);
    }
  }
  for (std::int64_t c = 0; c < components; ++c) solve(of_genes, row_of(transposed, c));
  for (std::int64_t r = 0; r < components; ++r) {
    for (std::int64_t c = 0; c < components; ++c) weights(r, c) = transposed(c, r);
    solve(of_perturbations, row_of(weights, r));
  }
  return weights;
}

}  // namespace

LinearModel fit_linear_model(const Dataset& data, const Centroids& centroids,
                             const PrincipalComponents& pca) {
  const Matrix<double> loadings = loadings_of(pca);
  const Embedding embedding = embed(data, loadings);
  const std::vector<double> b = mean_centroid(centroids);
  std::vector<std::int64_t> fitted;
  for (std::size_t p = 1; p < embedding.known.size(); ++p) {
    if (embedding.known[p] && centroids.cells[p] > 0) fitted.push_back(static_cast<std::int64_t>(p));
  }
  LinearModel model{Matrix<float>(centroids.means.rows, centroids.means.cols), std::ssize(fitted)};
  const Matrix<double> weights = fit_weights(loadings, embedding.rows, centroids, b, fitted);
  for (std::int64_t p = 0; p < model.means.rows; ++p) {
    std::vector<double> effect(static_cast<std::size_t>(loadings.cols));  // K times the row of P
    for (std::int64_t r = 0; r < loadings.cols && embedding.known[p]; ++r) {
      for (std::int64_t c = 0; c < loadings.cols; ++c) effect[r] += weights(r, c) * embedding.rows(p, c);
    }
    for (std::int64_t g = 0; g < model.means.cols; ++g) {
      double mean = p == 0 && centroids.cells[0] > 0 ? centroids.means(0, g) : b[g];
      for (std::int64_t r = 0; r < loadings.cols; ++r) mean += loadings(g, r) * effect[r];
      model.means(p, g) = static_cast<float>(mean);
    }
  }
  return model;
}

}  // namespace sparcell

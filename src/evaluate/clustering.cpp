#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "evaluate/blocks.h"
#include "evaluate/latent.h"
#include "math/philox.h"
#include "sparcell/ops/neighbors.h"

namespace sparcell {
namespace {

constexpr int most_iterations = 300;

double squared_distance(const float* a, const float* b, std::int64_t dimensions) {
  double sum = 0;
  for (std::int64_t c = 0; c < dimensions; ++c) {
    const double d = static_cast<double>(a[c]) - static_cast<double>(b[c]);
    sum += d * d;
  }
  return sum;
}

void move_centers(const Matrix<float>& x, std::span<const std::int32_t> clusters, Matrix<float>& centers) {
  Matrix<double> sums(centers.rows, centers.cols);
  std::vector<double> cells(static_cast<std::size_t>(centers.rows));
  for (std::int64_t i = 0; i < x.rows; ++i) {
    ++cells[clusters[i]];
    for (std::int64_t c = 0; c < x.cols; ++c) sums(clusters[i], c) += x(i, c);
  }
  for (std::int64_t k = 0; k < centers.rows; ++k) {
    for (std::int64_t c = 0; c < x.cols && cells[k] > 0; ++c)
      centers(k, c) = static_cast<float>(sums(k, c) / cells[k]);
  }
}

/// How many cells two labelings have in common, by pair of labels; and of each label.
struct Contingency {
  std::map<std::pair<std::int32_t, std::int32_t>, double> both;
  std::map<std::int32_t, double> first, second;
  double cells = 0;

  Contingency(std::span<const std::int32_t> a, std::span<const std::int32_t> b)
      : cells(static_cast<double>(a.size())) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      ++both[{a[i], b[i]}];
      ++first[a[i]];
      ++second[b[i]];
    }
  }
};

double entropy(const std::map<std::int32_t, double>& sizes, double cells) {
  double sum = 0;
  for (const auto& [label, size] : sizes) sum -= size / cells * std::log(size / cells);
  return sum;
}

}  // namespace

Matrix<float> plus_plus_centers(const Matrix<float>& x, std::int64_t count, std::uint64_t seed,
                                std::int64_t draw) {
  const math::PhiloxStream stream(
      RandomStream(seed, Purpose::evaluation, evaluation_clusters, nullptr, draw));
  Matrix<float> centers(count, x.cols);
  std::vector<double> nearest(static_cast<std::size_t>(x.rows), std::numeric_limits<double>::infinity());
  for (std::int64_t k = 0; k < count; ++k) {
    const double u = math::uniform<double>(stream.word(static_cast<std::uint64_t>(k)));
    double total = 0;
    for (double d : nearest) total += d;
    auto chosen = static_cast<std::int64_t>(u * static_cast<double>(x.rows));
    if (k > 0 && total > 0) {
      double left = u * total;
      for (chosen = 0; chosen + 1 < x.rows && left >= nearest[chosen]; ++chosen) left -= nearest[chosen];
    }
    std::copy_n(x.view().row(chosen), x.cols, centers.view().row(k));
    for (std::int64_t i = 0; i < x.rows; ++i)
      nearest[i] = std::min(nearest[i], squared_distance(x.view().row(i), centers.view().row(k), x.cols));
  }
  return centers;
}

Clustering k_means(Context& context, const Matrix<float>& x, Matrix<float> centers) {
  Clustering result{std::vector<std::int32_t>(static_cast<std::size_t>(x.rows), -1), std::move(centers), 0};
  const DeviceMatrix<float> cells(context, x), distances(context, x.rows, 1);
  const DeviceMatrix<std::int32_t> nearest(context, x.rows, 1);
  for (int iteration = 0; iteration < most_iterations; ++iteration) {
    const DeviceMatrix<float> on_device(context, result.centers);
    nearest_neighbors<float>(context, cells.view(), on_device.view(), false, distances.view(),
                             nearest.view());
    std::vector<std::int32_t> clusters = nearest.to_host().values;
    if (clusters == result.clusters) break;
    result.clusters = std::move(clusters);
    move_centers(x, result.clusters, result.centers);
  }
  for (std::int64_t i = 0; i < x.rows; ++i)
    result.inertia +=
        squared_distance(x.view().row(i), result.centers.view().row(result.clusters[i]), x.cols);
  return result;
}

double normalized_mutual_information(std::span<const std::int32_t> a, std::span<const std::int32_t> b) {
  const Contingency table(a, b);
  double information = 0;
  for (const auto& [labels, cells] : table.both) {
    information +=
        cells / table.cells *
        std::log(cells * table.cells / (table.first.at(labels.first) * table.second.at(labels.second)));
  }
  const double entropies = entropy(table.first, table.cells) + entropy(table.second, table.cells);
  return entropies > 0 ? std::max(0.0, 2 * information / entropies) : 1;
}

double adjusted_rand_index(std::span<const std::int32_t> a, std::span<const std::int32_t> b) {
  const Contingency table(a, b);
  const auto pairs = [](double cells) { return cells * (cells - 1) / 2; };
  double together = 0, first = 0, second = 0;
  for (const auto& [labels, cells] : table.both) together += pairs(cells);
  for (const auto& [label, cells] : table.first) first += pairs(cells);
  for (const auto& [label, cells] : table.second) second += pairs(cells);
  const double expected = first * second / pairs(table.cells), most = (first + second) / 2;
  return most == expected ? 1 : (together - expected) / (most - expected);
}

}  // namespace sparcell

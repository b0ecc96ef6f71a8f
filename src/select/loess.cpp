#include "select/loess.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "sparcell/core/errors.h"

namespace sparcell {
namespace {

constexpr int terms = 3;  // of a quadratic
constexpr double cell_share =
    0.2;  // a cell of the tree with fewer points than this share of a neighbourhood is a leaf
constexpr double margin = 0.005;  // of the range, by which the outer vertices lie beside the points

using Row = std::array<double, terms>;

struct Vertex {
  double x = 0, value = 0, slope = 0;
};

/// Points sorted by x.
struct Points {
  std::vector<double> x, y;
  std::int64_t size() const { return static_cast<std::int64_t>(x.size()); }
};

/// Where the tree cuts a cell of the points [first, last]: the middle one, or the nearest to it whose
/// successor differs, looked for alternately to the right and to the left.
std::int64_t cut_point(const Points& points, std::int64_t first, std::int64_t last) {
  const std::int64_t middle = (first + last) / 2;
  std::int64_t offset = 0;
  while (middle + offset < last && middle + offset >= first) {
    const std::int64_t i = middle + offset;
    if (points.x[i] != points.x[i + 1]) return i;
    offset = offset < 0 ? -offset + 1 : -offset;
    if (offset == 0) offset = 1;
  }
  return middle;
}

void cut(const Points& points, std::int64_t first, std::int64_t last, double lower, double upper,
         std::int64_t leaf_size, std::vector<Vertex>& vertices) {
  if (last - first + 1 <= leaf_size || upper - lower <= 0) return;
  const std::int64_t at = cut_point(points, first, last);
  const double x = points.x[at];
  if (x == lower || x == upper) return;
  vertices.push_back({.x = x});
  cut(points, first, at, lower, x, leaf_size, vertices);
  cut(points, at + 1, last, x, upper, leaf_size, vertices);
}

std::vector<Vertex> vertices_of(const Points& points, double span) {
  const double low = points.x.front(), high = points.x.back();
  const double beside =
      margin * std::max(high - low, 1e-10 * std::max(std::abs(low), std::abs(high)) + 1e-30);
  std::vector<Vertex> vertices{{.x = low - beside}, {.x = high + beside}};
  const auto leaf_size =
      static_cast<std::int64_t>(std::floor(static_cast<double>(points.size()) * (span * cell_share)));
  cut(points, 0, points.size() - 1, low - beside, high + beside, leaf_size, vertices);
  std::sort(vertices.begin(), vertices.end(), [](const Vertex& a, const Vertex& b) { return a.x < b.x; });
  return vertices;
}

/// Makes the columns of `a` orthogonal by rotations from the right (one-sided Jacobi), which are collected in
/// `v`.
void orthogonalize(std::vector<Row>& a, std::array<Row, terms>& v) {
  constexpr int sweeps = 30;
  v = {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}};
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    bool rotated = false;
    for (int p = 0; p < terms - 1; ++p) {
      for (int q = p + 1; q < terms; ++q) {
        double pp = 0, qq = 0, pq = 0;
        for (const Row& row : a) {
          pp += row[p] * row[p];
          qq += row[q] * row[q];
          pq += row[p] * row[q];
        }
        if (std::abs(pq) <= std::numeric_limits<double>::epsilon() * std::sqrt(pp * qq)) continue;
        rotated = true;
        const double zeta = (qq - pp) / (2 * pq);
        const double t = std::copysign(1.0, zeta) / (std::abs(zeta) + std::sqrt(1 + zeta * zeta));
        const double c = 1 / std::sqrt(1 + t * t), s = c * t;
        const auto rotate = [&](Row& row) {
          const double left = row[p], right = row[q];
          row[p] = c * left - s * right;
          row[q] = s * left + c * right;
        };
        std::for_each(a.begin(), a.end(), rotate);
        std::for_each(v.begin(), v.end(), rotate);
      }
    }
    if (!rotated) return;
  }
}

/// Coefficients of the least squares problem a b = y, by the pseudoinverse.
Row least_squares(std::vector<Row> a, const std::vector<double>& y) {
  Row norm{};
  for (const Row& row : a) {
    for (int j = 0; j < terms; ++j) norm[j] += row[j] * row[j];
  }
  for (double& n : norm) n = n > 0 ? std::sqrt(n) : 1;
  for (Row& row : a) {
    for (int j = 0; j < terms; ++j) row[j] /= norm[j];
  }
  std::array<Row, terms> v;
  orthogonalize(a, v);
  Row squared{}, projected{};
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (int j = 0; j < terms; ++j) {
      squared[j] += a[i][j] * a[i][j];
      projected[j] += a[i][j] * y[i];
    }
  }
  const double largest = std::sqrt(*std::max_element(squared.begin(), squared.end()));
  const double tolerance = largest * 100 * std::numeric_limits<double>::epsilon();
  Row b{};
  for (int j = 0; j < terms; ++j) {
    if (std::sqrt(squared[j]) <= tolerance) continue;
    for (int i = 0; i < terms; ++i) b[i] += v[i][j] * projected[j] / squared[j];
  }
  for (int i = 0; i < terms; ++i) b[i] /= norm[i];
  return b;
}

/// The first of the `count` points nearest to x; `first` is that of a smaller x.
std::int64_t neighbourhood(const Points& points, double x, std::int64_t count, std::int64_t first) {
  while (first + count < points.size() && x - points.x[first] > points.x[first + count] - x) ++first;
  return first;
}

void fit(const Points& points, std::int64_t first, std::int64_t count, Vertex& vertex) {
  const double radius = std::max(vertex.x - points.x[first], points.x[first + count - 1] - vertex.x);
  std::vector<Row> design(static_cast<std::size_t>(count));
  std::vector<double> response(static_cast<std::size_t>(count));
  double total_weight = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const double d = points.x[first + i] - vertex.x;
    const double relative = radius > 0 ? std::abs(d) / radius : 1;
    const double tricube = 1 - relative * relative * relative;
    const double weight = std::sqrt(tricube * tricube * tricube);
    design[i] = {weight, weight * d, weight * d * d};
    response[i] = weight * points.y[first + i];
    total_weight += weight;
  }
  if (total_weight == 0) {
    throw DataError("the trend cannot be fitted: {} points, a whole neighbourhood, have the same value {}",
                    count, points.x[first]);
  }
  const Row b = least_squares(std::move(design), response);
  vertex.value = b[0];
  vertex.slope = b[1];
}

double blend(const Vertex& a, const Vertex& b, double x) {
  const double width = b.x - a.x, h = (x - a.x) / width;
  const double left = (1 - h) * (1 - h), right = h * h;
  return left * (1 + 2 * h) * a.value + right * (3 - 2 * h) * b.value +
         (h * left * a.slope + right * (h - 1) * b.slope) * width;
}

}  // namespace

std::vector<double> loess(std::span<const double> x, std::span<const double> y, double span) {
  const std::size_t n = x.size();
  const auto neighbours =
      std::min<std::int64_t>(static_cast<std::int64_t>(n),
                             static_cast<std::int64_t>(std::floor(static_cast<double>(n) * span + 1e-5)));
  if (neighbours <= terms) {
    throw DataError("the trend cannot be fitted: {} points are too few for a local quadratic over {} of them",
                    n, span);
  }
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return x[a] < x[b]; });
  Points points;
  for (std::size_t i : order) {
    points.x.push_back(x[i]);
    points.y.push_back(y[i]);
  }
  std::vector<Vertex> vertices = vertices_of(points, span);
  std::int64_t first = 0;
  for (Vertex& vertex : vertices) {
    first = neighbourhood(points, vertex.x, neighbours, first);
    fit(points, first, neighbours, vertex);
  }
  std::vector<double> fitted(n);
  std::size_t right = 1;
  for (std::size_t i = 0; i < n; ++i) {
    while (points.x[i] > vertices[right].x) ++right;
    fitted[order[i]] = blend(vertices[right - 1], vertices[right], points.x[i]);
  }
  return fitted;
}

}  // namespace sparcell

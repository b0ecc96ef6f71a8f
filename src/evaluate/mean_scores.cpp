#include "evaluate/mean_scores.h"

#include <cmath>
#include <limits>
#include <numeric>

#include "evaluate/blocks.h"
#include "sparcell/ops/pairwise.h"

namespace sparcell {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::vector<double> difference(Vector a, Vector b) {
  std::vector<double> result(a.size());
  for (std::size_t g = 0; g < a.size(); ++g) result[g] = a[g] - b[g];
  return result;
}

}  // namespace

Vector row_of(const Matrix<double>& matrix, std::int64_t row) {
  return Vector(matrix.values).subspan(row * matrix.cols, matrix.cols);
}

double cosine(Vector a, Vector b) {
  double aa = 0, bb = 0, ab = 0;
  for (std::size_t g = 0; g < a.size(); ++g) {
    aa += a[g] * a[g];
    bb += b[g] * b[g];
    ab += a[g] * b[g];
  }
  return aa > 0 && bb > 0 ? ab / std::sqrt(aa * bb) : nan;
}

double pearson(Vector a, Vector b) {
  const auto centered = [](Vector x) {
    const double mean = std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
    std::vector<double> result;
    for (double value : x) result.push_back(value - mean);
    return result;
  };
  return cosine(centered(a), centered(b));
}

std::vector<double> change(Vector mean, Vector reference) {
  std::vector<double> result = difference(mean, reference);
  for (std::size_t g = 0; g < result.size(); ++g) {
    const double noise = 4 * std::numeric_limits<float>::epsilon() * std::abs(reference[g]);
    if (std::abs(result[g]) <= noise) result[g] = 0;
  }
  return result;
}

double sign_accuracy(Vector a, Vector b) {
  double same = 0, genes = 0;
  for (std::size_t g = 0; g < b.size(); ++g) {
    if (b[g] == 0) continue;
    ++genes;
    same += a[g] * b[g] > 0 ? 1 : 0;
  }
  return genes > 0 ? same / genes : nan;
}

/// Means are moved near 0, where f32 is finest.
Matrix<double> distances(Context& context, const Matrix<double>& predicted, const Matrix<double>& real) {
  const auto moved = [&](const Matrix<double>& means) {
    Matrix<float> result(means.rows, means.cols);
    for (std::int64_t p = 0; p < means.rows; ++p) {
      for (std::int64_t g = 0; g < means.cols; ++g)
        result(p, g) = static_cast<float>(means(p, g) - real(0, g));
    }
    return result;
  };
  std::vector<std::int64_t> alone(static_cast<std::size_t>(real.rows + 1));
  std::iota(alone.begin(), alone.end(), 0);
  const DeviceMatrix<float> x(context, moved(predicted)), y(context, moved(real));
  const DeviceMatrix<double> sums(context, real.rows, real.rows);
  pairwise_distance_sums<float>(context, x.view(), y.view(), alone, alone, sums.view());
  return sums.to_host();
}

double accuracy_in(const Matrix<double>& distances, std::int64_t p) {
  if (distances.cols < 2) return nan;
  double farther = 0;
  for (std::int64_t q = 0; q < distances.cols; ++q) farther += distances(p, q) > distances(p, p) ? 1 : 0;
  return farther / static_cast<double>(distances.cols - 1);
}

}  // namespace sparcell

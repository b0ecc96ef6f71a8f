#include "evaluate/agreement.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "evaluate/averages.h"
#include "evaluate/discriminant.h"

namespace sparcell {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

struct ColumnMoments {
  std::vector<double> mean, variance;  ///< divisor n - 1
};

ColumnMoments column_moments(const Matrix<float>& x) {
  ColumnMoments m{std::vector<double>(static_cast<std::size_t>(x.cols)),
                  std::vector<double>(static_cast<std::size_t>(x.cols))};
  const auto n = static_cast<double>(x.rows);
  for (std::int64_t i = 0; i < x.rows; ++i) {
    for (std::int64_t c = 0; c < x.cols; ++c) m.mean[c] += x(i, c) / n;
  }
  for (std::int64_t i = 0; i < x.rows; ++i) {
    for (std::int64_t c = 0; c < x.cols; ++c) {
      const double d = x(i, c) - m.mean[c];
      m.variance[c] += d * d / (n - 1);
    }
  }
  return m;
}

/// The real curve of zeros against means.
class ZeroCurve {
 public:
  explicit ZeroCurve(const GeneDistribution& real) {
    std::map<double, std::pair<double, double>> at;  // mean: sum of zeros, genes
    for (std::size_t g = 0; g < real.mean.size(); ++g) {
      auto& [zeros, genes] = at[real.mean[g]];
      zeros += real.zero_fraction[g];
      ++genes;
    }
    for (const auto& [mean, sums] : at) points_.emplace_back(mean, sums.first / sums.second);
  }

  double operator()(double mean) const {
    const auto above = std::lower_bound(points_.begin(), points_.end(), std::pair(mean, -1.0));
    if (above == points_.end()) return points_.back().second;
    if (above == points_.begin()) return points_.front().second;
    const auto below = above - 1;
    const double share = (mean - below->first) / (above->first - below->first);
    return below->second + share * (above->second - below->second);
  }

 private:
  std::vector<std::pair<double, double>> points_;
};

/// Rows [first, last): scores and their squares, both standardized by the moments of the fitted scores.
void append_features(const Matrix<float>& scores, std::int64_t first, std::int64_t last,
                     const ColumnMoments& moments, Matrix<double>& features) {
  const std::int64_t dimensions = scores.cols;
  for (std::int64_t i = first; i < last; ++i) {
    for (std::int64_t square = 0; square < 2; ++square) {
      for (std::int64_t c = 0; c < dimensions; ++c) {
        const double deviation = std::sqrt(moments.variance[c]);
        const double z = deviation > 0 ? (scores(i, c) - moments.mean[c]) / deviation : 0;
        features.values.push_back(square == 1 ? z * z : z);
      }
    }
  }
  features.rows += last - first;
}

Matrix<float> first_halves(const Matrix<float>& a, const Matrix<float>& b) {
  Matrix<float> pooled(a.rows / 2 + b.rows / 2, a.cols);
  const auto end =
      std::copy_n(a.values.begin(), static_cast<std::ptrdiff_t>(a.rows / 2 * a.cols), pooled.values.begin());
  std::copy_n(b.values.begin(), static_cast<std::ptrdiff_t>(b.rows / 2 * b.cols), end);
  return pooled;
}

}  // namespace

double squared_energy_distance(const Matrix<float>& x, const Matrix<float>& y) {
  const ColumnMoments a = column_moments(x), b = column_moments(y);
  double sum = 0;
  for (std::int64_t c = 0; c < x.cols; ++c) {
    const double d = a.mean[c] - b.mean[c];
    sum += 2 * (d * d - a.variance[c] / static_cast<double>(x.rows) -
                b.variance[c] / static_cast<double>(y.rows));
  }
  return sum;
}

Agreement agreement(std::span<const double> generated, std::span<const double> real) {
  const double real_mean = mean_of(real), generated_mean = mean_of(generated);
  double residual = 0, total = 0, together = 0;
  for (std::size_t g = 0; g < real.size(); ++g) {
    residual += (generated[g] - real[g]) * (generated[g] - real[g]);
    total += (real[g] - real_mean) * (real[g] - real_mean);
    together += (real[g] - real_mean) * (generated[g] - generated_mean);
  }
  if (!(total > 0)) return {nan, nan};
  return {1 - residual / total, together / total};
}

double zeros_against_mean_error(const GeneDistribution& generated, const GeneDistribution& real) {
  const ZeroCurve curve(real);
  double sum = 0;
  for (std::size_t g = 0; g < generated.mean.size(); ++g)
    sum += std::abs(generated.zero_fraction[g] - curve(generated.mean[g]));
  return sum / static_cast<double>(generated.mean.size());
}

double correlation_agreement(const Matrix<float>& generated, const Matrix<float>& real) {
  std::vector<std::int64_t> varying;
  for (std::int64_t g = 0; g < real.rows; ++g) {
    if (real(g, g) > 0 && generated(g, g) > 0) varying.push_back(g);
  }
  double x = 0, y = 0, xx = 0, yy = 0, xy = 0, pairs = 0;
  for (std::size_t i = 0; i < varying.size(); ++i) {
    for (std::size_t j = i + 1; j < varying.size(); ++j) {
      const double a = generated(varying[i], varying[j]), b = real(varying[i], varying[j]);
      x += a;
      y += b;
      xx += a * a;
      yy += b * b;
      xy += a * b;
      ++pairs;
    }
  }
  const double x_squares = xx - x * x / pairs, y_squares = yy - y * y / pairs;
  if (pairs < 3 || !(x_squares > 0) || !(y_squares > 0)) return nan;
  return std::clamp((xy - x * y / pairs) / std::sqrt(x_squares * y_squares), -1.0, 1.0);
}

double two_sample_area(const Matrix<float>& generated, const Matrix<float>& real) {
  if (std::min(generated.rows, real.rows) < 4) return nan;
  const ColumnMoments moments = column_moments(first_halves(generated, real));
  Matrix<double> features(0, 2 * real.cols);
  append_features(generated, 0, generated.rows / 2, moments, features);
  std::vector<std::int32_t> classes(static_cast<std::size_t>(features.rows), 1);
  append_features(real, 0, real.rows / 2, moments, features);
  classes.resize(static_cast<std::size_t>(features.rows), 0);
  const LinearDiscriminant discriminant(features, classes, 2);
  const auto odds = [&](const Matrix<float>& scores) {
    Matrix<double> held_out(0, features.cols);
    append_features(scores, scores.rows / 2, scores.rows, moments, held_out);
    std::vector<double> all;
    for (std::int64_t i = 0; i < held_out.rows; ++i) {
      const auto row = std::span<const double>(held_out.values).subspan(i * held_out.cols, held_out.cols);
      const std::vector<double> both = discriminant.scores(row);
      all.push_back(both[1] - both[0]);
    }
    return all;
  };
  return roc_area(odds(generated), odds(real));
}

}  // namespace sparcell

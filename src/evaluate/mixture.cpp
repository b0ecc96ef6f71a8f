#include "evaluate/mixture.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "evaluate/cholesky.h"
#include "evaluate/latent.h"
#include "math/philox.h"
#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

constexpr double least_variance = 1e-6, least_gain = 1e-4;
constexpr std::int64_t most_iterations = 200;
constexpr std::int64_t lanes = 8;               // rows side by side
constexpr std::int64_t mixture_clusters = 100;  // of the draws of k-means' centres

class MixtureFit {
 public:
  MixtureFit(Context& context, const Matrix<float>& x, std::int64_t components)
      : threads_(context.threads()), x_(x), shares_(x.rows, components) {
    mixture_.weights.resize(static_cast<std::size_t>(components));
    mixture_.means = Matrix<double>(components, x.cols);
    mixture_.factors.assign(static_cast<std::size_t>(components), Matrix<double>(x.cols, x.cols));
  }

  GaussianMixture from(std::span<const std::int32_t> clusters) {
    for (std::int64_t r = 0; r < x_.rows; ++r) shares_(r, clusters[r]) = 1;
    maximize();
    double before = -std::numeric_limits<double>::infinity();
    while (mixture_.iterations < most_iterations) {
      ++mixture_.iterations;
      mixture_.log_likelihood = expect();
      if (mixture_.log_likelihood - before < least_gain) break;
      before = mixture_.log_likelihood;
      maximize();
    }
    return std::move(mixture_);
  }

 private:
  /// Weights, means and covariances from every row's shares.
  void maximize() {
    parallel_for(threads_, shares_.cols, 1, [&](std::int64_t k) {
      double total = 10 * std::numeric_limits<double>::epsilon();
      double* const mean = mixture_.means.view().row(k);
      std::fill_n(mean, x_.cols, 0.0);
      for (std::int64_t r = 0; r < x_.rows; ++r) {
        total += shares_(r, k);
        for (std::int64_t c = 0; c < x_.cols; ++c) mean[c] += shares_(r, k) * x_(r, c);
      }
      for (std::int64_t c = 0; c < x_.cols; ++c) mean[c] /= total;
      mixture_.weights[k] = total / static_cast<double>(x_.rows);
      Matrix<double>& covariance = mixture_.factors[k];
      std::fill(covariance.values.begin(), covariance.values.end(), 0.0);
      std::vector<double> centred(static_cast<std::size_t>(x_.cols));
      for (std::int64_t r = 0; r < x_.rows; ++r) {
        if (shares_(r, k) < 1e-12) continue;
        for (std::int64_t c = 0; c < x_.cols; ++c) centred[c] = x_(r, c) - mean[c];
        for (std::int64_t i = 0; i < x_.cols; ++i) {
          for (std::int64_t j = 0; j <= i; ++j) covariance(i, j) += shares_(r, k) * centred[i] * centred[j];
        }
      }
      for (double& value : covariance.values) value /= total;
      for (std::int64_t i = 0; i < x_.cols; ++i) covariance(i, i) += least_variance;
      factorize(covariance);
    });
  }

  /// Every row's shares of the components; the mean log-likelihood.
  double expect() {
    const std::int64_t components = shares_.cols;
    std::vector<double> constants;
    for (std::int64_t k = 0; k < components; ++k) {
      double constant =
          std::log(mixture_.weights[k]) - 0.5 * static_cast<double>(x_.cols) * std::log(2 * std::numbers::pi);
      for (std::int64_t i = 0; i < x_.cols; ++i) constant -= std::log(mixture_.factors[k](i, i));
      constants.push_back(constant);
    }
    std::vector<double> logs(static_cast<std::size_t>(x_.rows));
    parallel_for(threads_, (x_.rows + lanes - 1) / lanes, 1, [&](std::int64_t block) {
      const std::int64_t first = block * lanes, last = std::min(first + lanes, x_.rows);
      distances(first, last);
      for (std::int64_t r = first; r < last; ++r) {
        double* const share = shares_.view().row(r);
        for (std::int64_t k = 0; k < components; ++k) share[k] = constants[k] - 0.5 * share[k];
        const double largest = *std::max_element(share, share + components);
        double sum = 0;
        for (std::int64_t k = 0; k < components; ++k) sum += std::exp(share[k] - largest);
        logs[r] = largest + std::log(sum);
        for (std::int64_t k = 0; k < components; ++k) share[k] = std::exp(share[k] - logs[r]);
      }
    });
    double sum = 0;
    for (const double log : logs) sum += log;
    return sum / static_cast<double>(x_.rows);
  }

  /// In place of the shares of at most `lanes` rows their squared distances from the components, in units of
  /// those. Side by side, because the steps of one row wait for each other.
  void distances(std::int64_t first, std::int64_t last) {
    static thread_local std::vector<double> x, whitened;
    x.assign(static_cast<std::size_t>(x_.cols * lanes), 0.0);
    whitened.resize(x.size());
    for (std::int64_t r = first; r < last; ++r) {
      for (std::int64_t i = 0; i < x_.cols; ++i) x[i * lanes + r - first] = x_(r, i);
    }
    for (std::int64_t k = 0; k < shares_.cols; ++k) {
      const Matrix<double>& factor = mixture_.factors[k];
      double squares[lanes] = {};
      for (std::int64_t i = 0; i < x_.cols; ++i) {
        const double mean = mixture_.means(k, i), deviation = factor(i, i);
        double value[lanes];
        for (std::int64_t l = 0; l < lanes; ++l) value[l] = x[i * lanes + l] - mean;
        for (std::int64_t j = 0; j < i; ++j) {
          const double slope = factor(i, j), *const below = &whitened[j * lanes];
          for (std::int64_t l = 0; l < lanes; ++l) value[l] -= slope * below[l];
        }
        for (std::int64_t l = 0; l < lanes; ++l) {
          value[l] /= deviation;
          squares[l] += value[l] * value[l];
        }
        std::copy_n(value, lanes, &whitened[i * lanes]);
      }
      for (std::int64_t r = first; r < last; ++r) shares_(r, k) = squares[r - first];
    }
  }

  int threads_;
  const Matrix<float>& x_;
  Matrix<double> shares_;
  GaussianMixture mixture_;
};

}  // namespace

void GaussianMixture::move(std::uint64_t seed, std::int64_t first, Matrix<float>& rows) const {
  const math::PhiloxStream stream(RandomStream(seed, Purpose::generate, 5));
  std::vector<double> noise(static_cast<std::size_t>(rows.cols));
  for (std::int64_t r = 0; r < rows.rows; ++r) {
    double left = (static_cast<double>(stream.word(static_cast<std::uint64_t>(first + r))) + 0.5) * 0x1p-32;
    std::size_t k = 0;
    while (k + 1 < weights.size() && left >= weights[k]) left -= weights[k++];
    std::copy_n(rows.view().row(r), rows.cols, noise.begin());
    for (std::int64_t i = 0; i < rows.cols; ++i) {
      double value = means(static_cast<std::int64_t>(k), i);
      for (std::int64_t j = 0; j <= i; ++j) value += factors[k](i, j) * noise[j];
      rows(r, i) = static_cast<float>(value);
    }
  }
}

GaussianMixture fit_mixture(Context& context, const Matrix<float>& x, std::int64_t components,
                            std::uint64_t seed) {
  require(components >= 1 && components <= x.rows, "a mixture of {} components for {} rows", components,
          x.rows);
  const Clustering clusters = k_means(context, x, plus_plus_centers(x, components, seed, mixture_clusters));
  return MixtureFit(context, x, components).from(clusters.clusters);
}

}  // namespace sparcell

// What a model of counts says of cells at latent values, against what it decodes there.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "model/trainable.h"
#include "support/sparse.h"

namespace sparcell::testing {
namespace {

constexpr std::int64_t cells = 12, genes = 9, latent = 3;
constexpr double dispersion = 2;

/// Minus the log-probability of a count under a negative binomial.
double loss_of(double count, double mean) {
  const double both = dispersion + mean;
  return std::lgamma(dispersion) + std::lgamma(count + 1) - std::lgamma(count + dispersion) -
         dispersion * std::log(dispersion / both) - count * std::log(mean / both);
}

void check_log_likelihood(RateLink rates) {
  Csr<float> x = test::random_csr<float>(
      cells, genes, 0.5, 3, [](auto& generator) { return static_cast<double>(1 + generator() % 20); });
  RawCounts raw;
  raw.target_sum = 40;
  raw.values.assign(x.values.begin(), x.values.end());
  const Matrix<double> counts = test::dense(x);
  for (std::int64_t r = 0; r < cells; ++r) {
    raw.library.push_back(10 + static_cast<double>(r));
    for (std::int64_t k = x.offsets[r]; k < x.offsets[r + 1]; ++k)
      x.values[k] *= static_cast<float>(raw.target_sum / raw.library[r]);
  }
  ModelOptions options;
  options.type = ModelType::vae;
  options.likelihood = LikelihoodType::nb;
  options.rates = rates;
  options.latent = latent;
  options.network = {.hidden = {7}, .normalization = NormalizationLayer::layer, .dropout = {0.1}};
  options.train.batch = cells;
  Context context(find_device("cpu"), 1);
  const DeviceData<double> data(context, raw, x);
  const auto model = make_model<double>(context, options, data, 1);
  model->initialize();
  TrainingStart start;
  start.dispersion.assign(genes, dispersion);
  start.rate.assign(genes, 3);
  model->begin_from(start);

  Matrix<double> z(cells, latent);
  for (std::size_t i = 0; i < z.values.size(); ++i) z.values[i] = std::sin(static_cast<double>(i));
  std::vector<std::int32_t> order(cells);
  std::iota(order.begin(), order.end(), 0);
  const Buffer<std::int32_t> rows(context, order);
  const std::vector<double> got = model->log_likelihood(data, {.order = rows.data(), .count = cells}, z);
  const Matrix<double> at_target = model->decode(z);
  ASSERT_EQ(std::ssize(got), cells);
  for (std::int64_t r = 0; r < cells; ++r) {
    double expected = 0;
    for (std::int64_t g = 0; g < genes; ++g)
      expected -= loss_of(counts(r, g), at_target(r, g) * raw.library[r] / raw.target_sum);
    EXPECT_NEAR(got[r], expected, 1e-9) << r;
  }
}

TEST(LogLikelihood, IsThatOfCountsAtDecodedMeans) {
  for (const RateLink rates : {RateLink::exp, RateLink::softmax}) check_log_likelihood(rates);
}

}  // namespace
}  // namespace sparcell::testing

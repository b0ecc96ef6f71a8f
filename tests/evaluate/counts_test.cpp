// Baselines of counts: moments, draws, likelihoods; and the mixture that latent values are drawn from.
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <set>

#include "evaluate/count_moments.h"
#include "evaluate/gene_order.h"
#include "evaluate/mixture.h"
#include "evaluate/world.h"
#include "math/draw_count.h"
#include "math/philox.h"

namespace sparcell {
namespace {

/// Negative binomial genes of known rates and dispersions, library sizes from 500 to 2,500; one gene is not
/// among the selected ones.
struct Simulated {
  std::vector<double> rates{0.002, 0.01, 0.05, 0.1, 0.3}, dispersions{0.5, 1, 2, 5, 50};
  Dataset data;

  explicit Simulated(std::int64_t cells, bool log1p = true) {
    const math::PhiloxStream words(RandomStream(5, Purpose::simulate));
    std::uint64_t next = 0;
    std::vector<std::vector<double>> counts;
    RawCounts raw{.values = {}, .library = {}, .target_sum = 1000, .log1p = log1p};
    for (std::int64_t c = 0; c < cells; ++c) {
      const double library = 500 + 2000 * (words.word(next++) * 0x1p-32);
      counts.emplace_back();
      for (std::size_t g = 0; g < rates.size(); ++g) {
        counts.back().push_back(
            math::draw_count(library * rates[g], dispersions[g], [&](int) { return words.word(next++); }));
        if (counts.back().back() > 0) raw.values.push_back(static_cast<float>(counts.back().back()));
      }
      raw.library.push_back(library);
      for (double& count : counts.back()) count = normalized(count, library, raw);
    }
    data = test::dataset_of(counts);
    data.raw = raw;
  }
};

std::vector<std::int32_t> first_cells(std::int64_t count) {
  std::vector<std::int32_t> cells;
  for (std::int64_t c = 0; c < count; ++c) cells.push_back(static_cast<std::int32_t>(c));
  return cells;
}

TEST(CountMoments, FindRatesAndDispersions) {
  const Simulated world(4000);
  const CountMoments moments = count_moments(world.data, first_cells(4000));
  for (std::size_t g = 0; g < world.rates.size(); ++g) {
    EXPECT_NEAR(moments.rate[g], world.rates[g], 0.06 * world.rates[g]) << g;
    EXPECT_NEAR(moments.dispersion[g], world.dispersions[g], 0.15 * world.dispersions[g]) << g;
  }
}

TEST(CountMoments, OfConstantCountsAreNearlyPoissonAndOfNoneAtAllNothing) {
  Dataset data = test::dataset_of({{1, 0}, {1, 0}, {1, 0}});
  data.raw = {.values = {4, 4, 4}, .library = {40, 40, 40}, .target_sum = 1, .log1p = false};
  const CountMoments moments = count_moments(data, first_cells(3));
  EXPECT_DOUBLE_EQ(moments.rate[0], 0.1);
  EXPECT_EQ(moments.dispersion[0], highest_dispersion);
  EXPECT_EQ(moments.rate[1], 0);
  EXPECT_TRUE(std::isfinite(log_probability(data, first_cells(3), moments, 1)[0]));
}

TEST(CountMoments, LogProbabilityIsThatOfEveryCount) {
  const Simulated world(20);
  const CountMoments moments{world.rates, world.dispersions};
  const Matrix<double> values = test::dense(world.data.x);
  const std::vector<double> got = log_probability(world.data, first_cells(20), moments, 2);
  std::size_t entry = 0;
  for (std::int64_t c = 0; c < 20; ++c) {
    double sum = 0;
    for (std::size_t g = 0; g < 5; ++g) {
      const double k = values(c, static_cast<std::int64_t>(g)) == 0 ? 0 : world.data.raw.values[entry++];
      const double m = world.data.raw.library[c] * world.rates[g], t = world.dispersions[g];
      sum += std::lgamma(k + t) - std::lgamma(t) - std::lgamma(k + 1) + t * std::log(t / (t + m)) +
             k * std::log(m / (t + m));
    }
    EXPECT_NEAR(got[c], sum, 1e-9 * std::abs(sum));
  }
}

TEST(DrawCount, HasTheMomentsOfItsDistributionAlsoWhereZerosAreImpossible) {
  const math::PhiloxStream words(RandomStream(7, Purpose::simulate));
  for (const auto& [mean, dispersion] : {std::pair{0.3, 0.2}, {4.0, 1.5}, {3000.0, 9000.0}}) {
    constexpr int draws = 40000;
    double sum = 0, squares = 0, zeros = 0;
    std::uint64_t next = 0;
    for (int i = 0; i < draws; ++i) {
      const double count = math::draw_count(mean, dispersion, [&](int) { return words.word(next++); });
      sum += count;
      squares += (count - mean) * (count - mean);
      zeros += count == 0 ? 1 : 0;
    }
    const double variance = mean + mean * mean / dispersion;
    EXPECT_NEAR(sum / draws, mean, 4 * std::sqrt(variance / draws));
    EXPECT_NEAR(squares / draws, variance, 0.08 * variance);
    EXPECT_NEAR(zeros / draws, std::pow(dispersion / (dispersion + mean), dispersion), 0.01);
  }
}

TEST(NbLibrary, IsAsGoodAsRealCellsWhereGenesAreIndependent) {
  const Simulated world(1200);
  const test::Judged judged =
      test::judge(world.data, test::split_at(800, 1200),
                  {test::mapping_model("copy", world.data, 2, [](float x) { return x; })});
  EXPECT_LT(std::abs(judged.metric("nb_library", "energy_distance")), 0.02);
  EXPECT_LT(judged.metric("nb_library", "gene_wasserstein"),
            2 * judged.metric("split_half", "gene_wasserstein"));
  EXPECT_LT(judged.metric("nb_library", "iwelbo"), 0);
  EXPECT_TRUE(judged.has("shuffled_genes", "energy_distance"));
}

TEST(PlainCounts, HaveTheirSumAsLibrarySizeAndUnitsAndNamesOfTheirOwn) {
  const Simulated world(300, false);
  std::vector<std::vector<double>> shifted;
  const Matrix<double> real = test::dense(world.data.x);
  for (std::int64_t c = 200; c < 300; ++c) {
    shifted.emplace_back();
    for (std::int64_t g = 0; g < real.cols; ++g) shifted.back().push_back(real(c, g) + 1);
  }
  const test::Judged judged =
      test::judge(world.data, test::split_at(200, 300),
                  {test::mapping_model("copy", world.data, 2, [](float x) { return x; }),
                   test::generating_model("shifted", shifted)});
  EXPECT_NEAR(judged.metric("shifted", "library_size_wasserstein"), static_cast<double>(real.cols), 1e-3);
  std::set<std::string> names, units;
  for (const MetricInfo& info : judged.evaluation.metrics) {
    names.insert(info.name);
    units.insert(info.unit);
  }
  EXPECT_TRUE(names.contains("mse_linear_v1") && names.contains("wasserstein1_library_size_linear_v1"));
  EXPECT_TRUE(names.contains("r2_uniform_average_v1")) << "which has no unit";
  EXPECT_TRUE(units.contains("normalized expression squared"));
  EXPECT_FALSE(units.contains("log-normalized expression"));
}

TEST(NbLibrary, IsOnlyThereWhereCountsAre) {
  const Dataset data = test::dataset_of(test::normal_rows(60, 5, 2, 0.1, 1));
  const test::Judged judged = test::judge(data, test::split_at(40, 60),
                                          {test::mapping_model("copy", data, 2, [](float x) { return x; })});
  EXPECT_FALSE(judged.has("nb_library", "energy_distance"));
  EXPECT_TRUE(judged.has("gaussian_pca", "energy_distance"));
}

TEST(NbLibrary, IsWhatAModelOfCountsIsHeldAgainst) {
  const Simulated world(300);
  const CountMoments moments = count_moments(world.data, first_cells(200));
  JudgedModel model = test::mapping_model("vae", world.data, 2, [](float x) { return x; });
  model.of_counts = true;
  model.likelihood = [&](std::span<const std::int32_t> cells, std::int64_t draws) {
    EXPECT_EQ(draws, iwelbo_draws);
    CellLikelihoods judged;
    judged.iwelbo = log_probability(world.data, cells, moments, 1);
    for (double& log : judged.iwelbo) log += 0.5;
    judged.reconstruction.assign(cells.size(), -3.0);
    judged.kl.assign(cells.size(), 2.0);
    return judged;
  };
  const test::Judged judged = test::judge(world.data, test::split_at(200, 300), {model});
  EXPECT_NEAR(judged.metric("vae", "iwelbo") - judged.metric("nb_library", "iwelbo"), 0.5, 1e-9);
  EXPECT_EQ(judged.metric("vae", "elbo"), -5);
  EXPECT_EQ(judged.metric("vae", "elbo_kl"), 2);
  EXPECT_TRUE(judged.verdict("vae", "iwelbo", "nb_library").beats);
}

TEST(VariantsOfPca, AreClampedAtZeroAndShrunkByValidationCells) {
  // Independent genes of different variances, few training cells: the covariance's diagonal is what is true.
  std::vector<std::vector<double>> rows = test::normal_rows(290, 12, 0.2, 1, 3);
  for (auto& row : rows) {
    for (std::size_t g = 0; g < row.size(); ++g) row[g] = std::max(row[g], 0.0) * static_cast<double>(1 + g);
  }
  const Dataset data = test::dataset_of(rows);
  Split split;
  for (std::int32_t c = 0; c < 290; ++c)
    (c < 15 ? split.train : c < 150 ? split.validation : split.test).push_back(c);
  std::vector<JudgedModel> models{test::mapping_model("copy", data, 2, [](float x) { return x; }),
                                  test::mapping_model("wide", data, 4, [](float x) { return x; })};
  const test::Judged judged = test::judge(data, split, models);
  EXPECT_LT(judged.metric("pca_clamped", "mse"), judged.metric("pca", "mse"));
  EXPECT_TRUE(judged.has("pca_clamped_4", "mse"));
  EXPECT_TRUE(judged.has("pca_shrunk_4", "mse"));
  EXPECT_LT(judged.metric("pca_shrunk", "mse"), judged.metric("pca", "mse"));
  EXPECT_NEAR(judged.verdict("wide", "mse", "pca_clamped").difference, -judged.metric("pca_clamped_4", "mse"),
              1e-12);
  EXPECT_TRUE(judged.verdict("copy", "mse", "pca_shrunk").beats);
  ASSERT_EQ(judged.evaluation.fits.size(), 2u);
  EXPECT_EQ(judged.evaluation.fits[1].what, "pca_shrunk");
  EXPECT_EQ(judged.evaluation.fits[1].cells, 150);
}

TEST(VariantsOfPca, AreLeftOutWithALineWhereTheyMakeNoSense) {
  const Dataset data = test::dataset_of(test::normal_rows(60, 5, 0, 1, 1));
  const test::Judged judged = test::judge(data, test::split_at(40, 60),
                                          {test::mapping_model("copy", data, 2, [](float x) { return x; })});
  EXPECT_FALSE(judged.has("pca_clamped", "mse"));
  EXPECT_FALSE(judged.has("pca_shrunk", "mse"));
  EXPECT_TRUE(judged.logged("there is no pca_clamped: the data have negative values"));
  EXPECT_TRUE(judged.logged(
      "there is no pca_shrunk: its shrinkage is chosen on validation cells, and there are none"));
}

TEST(GeneOrders, ArePermutationsOfTheirOwn) {
  for (const std::int64_t cells : {1, 2, 3, 17, 64, 65, 1000}) {
    const GeneOrders orders(3, cells, RandomStream(3, Purpose::evaluation));
    std::vector<std::vector<std::int64_t>> places(3);
    for (std::int64_t gene = 0; gene < 3; ++gene) {
      for (std::int64_t i = 0; i < cells; ++i) places[gene].push_back(orders.place(gene, i));
      EXPECT_EQ(std::set<std::int64_t>(places[gene].begin(), places[gene].end()).size(), places[gene].size());
      EXPECT_LT(*std::max_element(places[gene].begin(), places[gene].end()), cells);
    }
    if (cells < 17) continue;
    EXPECT_NE(places[0], places[1]);
    EXPECT_NE(orders.place(0, cells + 1), orders.place(0, 1));
  }
}

/// Two clusters of known shape, a third of the rows in the first.
Matrix<float> two_clusters(std::int64_t rows) {
  Matrix<float> x(rows, 2);
  for (std::int64_t r = 0; r < rows; ++r) {
    const auto words =
        math::PhiloxStream(RandomStream(9, Purpose::simulate)).block(static_cast<std::uint64_t>(r));
    double a, b;
    math::normal_pair(words.word[0], words.word[1], a, b);
    const bool first = r % 3 == 0;
    x(r, 0) = static_cast<float>(first ? -4 + a : 3 + 0.5 * a);
    x(r, 1) = static_cast<float>(first ? 1 + 0.8 * a + 0.6 * b : 2 * b);
  }
  return x;
}

/// The mean log-likelihood of rows of two numbers.
double mean_log_likelihood(const GaussianMixture& mixture, const Matrix<float>& x) {
  double sum = 0;
  for (std::int64_t r = 0; r < x.rows; ++r) {
    double density = 0;
    for (std::size_t k = 0; k < mixture.weights.size(); ++k) {
      const Matrix<double>& l = mixture.factors[k];
      const auto component = static_cast<std::int64_t>(k);
      const double a = (x(r, 0) - mixture.means(component, 0)) / l(0, 0),
                   b = (x(r, 1) - mixture.means(component, 1) - l(1, 0) * a) / l(1, 1);
      density +=
          mixture.weights[k] * std::exp(-(a * a + b * b) / 2) / (2 * std::numbers::pi * l(0, 0) * l(1, 1));
    }
    sum += std::log(density);
  }
  return sum / static_cast<double>(x.rows);
}

TEST(Mixture, HasTheLogLikelihoodOfItsRowsHoweverManyThereAre) {
  for (const std::int64_t rows : {2, 7, 8, 9, 15, 1003}) {
    const Matrix<float> x = two_clusters(rows);
    Context one({}, 1), two({}, 2);
    const GaussianMixture mixture = fit_mixture(one, x, 2, 1);
    ASSERT_LT(mixture.iterations, 200);  // of the last of those the components are not known
    EXPECT_NEAR(mixture.log_likelihood, mean_log_likelihood(mixture, x), 1e-9) << rows;
    EXPECT_EQ(mixture.log_likelihood, fit_mixture(two, x, 2, 1).log_likelihood) << rows;
  }
}

TEST(Mixture, FindsClustersAndDrawsFromThem) {
  const Matrix<float> x = two_clusters(3000);
  Context context({}, 2);
  const GaussianMixture mixture = fit_mixture(context, x, 2, 1);
  const std::size_t first = mixture.means(0, 0) < mixture.means(1, 0) ? 0 : 1;
  EXPECT_NEAR(mixture.weights[first], 1.0 / 3, 0.01);
  EXPECT_NEAR(mixture.means(static_cast<std::int64_t>(first), 0), -4, 0.1);
  EXPECT_NEAR(mixture.means(static_cast<std::int64_t>(1 - first), 0), 3, 0.1);
  EXPECT_NEAR(mixture.factors[first](0, 0), 1, 0.05);
  EXPECT_NEAR(mixture.factors[first](1, 0), 0.8, 0.05);
  EXPECT_NEAR(mixture.factors[first](1, 1), 0.6, 0.05);
  EXPECT_NEAR(mixture.factors[1 - first](1, 1), 2, 0.1);

  Matrix<float> drawn = two_clusters(3000);
  for (std::int64_t r = 0; r < drawn.rows; ++r) {
    double a, b;
    const auto words =
        math::PhiloxStream(RandomStream(2, Purpose::generate)).block(static_cast<std::uint64_t>(r));
    math::normal_pair(words.word[0], words.word[1], a, b);
    drawn(r, 0) = static_cast<float>(a);
    drawn(r, 1) = static_cast<float>(b);
  }
  mixture.move(2, 0, drawn);
  double left = 0, mean = 0, square = 0;
  for (std::int64_t r = 0; r < drawn.rows; ++r) {
    if (drawn(r, 0) > -0.5f) continue;
    ++left;
    mean += drawn(r, 1);
    square += static_cast<double>(drawn(r, 1)) * drawn(r, 1);
  }
  EXPECT_NEAR(left / 3000, 1.0 / 3, 0.03);
  EXPECT_NEAR(mean / left, 1, 0.12);
  EXPECT_NEAR(square / left - (mean / left) * (mean / left), 1, 0.15);
}

TEST(Mixture, OfOneComponentIsMeanAndCovarianceAndOfEveryRowItsOwn) {
  const Matrix<float> x = two_clusters(50);
  Context context({}, 1);
  const GaussianMixture one = fit_mixture(context, x, 1, 1);
  double mean = 0, square = 0;
  for (std::int64_t r = 0; r < 50; ++r) mean += x(r, 0) / 50.0;
  for (std::int64_t r = 0; r < 50; ++r) square += (x(r, 0) - mean) * (x(r, 0) - mean) / 50.0;
  EXPECT_NEAR(one.means(0, 0), mean, 1e-9);
  EXPECT_NEAR(one.factors[0](0, 0), std::sqrt(square + 1e-6), 1e-9);
  const GaussianMixture all = fit_mixture(context, x, 50, 1);
  for (const double weight : all.weights) EXPECT_NEAR(weight, 0.02, 1e-6);
  EXPECT_GT(all.log_likelihood, one.log_likelihood);
  EXPECT_THROW(fit_mixture(context, x, 51, 1), InternalError);
}

}  // namespace
}  // namespace sparcell

// A whole evaluation against scikit-learn and scipy (tools/golden/evaluate.py, which has the same matrix).
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "evaluate/world.h"

namespace sparcell {
namespace {

constexpr std::int64_t cells = 90, train = 60, genes = 12, latent = 4, components = 3;

double value(std::int64_t cell, std::int64_t gene) {
  if (gene == 3 || (gene == 7 && cell >= train && cell < cells)) return 0;
  const std::int64_t mixed = (cell * cell * 31 + cell * gene * 17 + gene * gene * 13 + cell * 7) % 257;
  return mixed < 120
             ? 0
             : static_cast<double>(mixed - 120) / 64 + static_cast<double>((gene % 3) * (cell % 5)) / 8;
}

template <class Value>
std::vector<std::vector<double>> rows_of(std::int64_t count, Value&& value) {
  std::vector<std::vector<double>> rows(static_cast<std::size_t>(count), std::vector<double>(genes));
  for (std::int64_t c = 0; c < count; ++c) {
    for (std::int64_t g = 0; g < genes; ++g) rows[c][g] = value(c, g);
  }
  return rows;
}

struct Golden : testing::Test {
  Dataset data = test::dataset_of(rows_of(cells, value));
  Split split = test::split_at(train, cells);
  nlohmann::json expected = nlohmann::json::parse(std::ifstream("tests/golden/evaluate.json"));
  test::Judged judged;

  void SetUp() override {
    std::vector<JudgedModel> models{
        test::mapping_model("ae", data, latent, [](float x) { return 0.75f * x + 0.125f; })};
    models.push_back(test::generating_model("gan", rows_of(cells - train, [](std::int64_t c, std::int64_t g) {
                                              return value(c + 100, g) * 0.5 -
                                                     0.03125 * static_cast<double>(g % 2);
                                            })));
    judged = test::judge(data, split, models, {.components = components});
  }

  void expect_metrics(const std::string& who, const std::string& section, double tolerance,
                      const std::vector<std::string>& keys) {
    for (const std::string& key : keys) {
      const auto& number = expected[section][key];
      if (number.is_null()) {
        EXPECT_FALSE(judged.has(who, key)) << who << " " << key;
      } else {
        EXPECT_NEAR(judged.metric(who, key), number.get<double>(), tolerance) << who << " " << key;
      }
    }
  }
};

TEST_F(Golden, ReconstructionEqualsScikitLearn) {
  expect_metrics(
      "ae", "model", 1e-12,
      {"mse", "mae", "r2", "r2_varying", "varying_genes", "pearson_per_gene", "pearson_undefined"});
  // The training mean is f32 here.
  expect_metrics(
      "gene_mean", "gene_mean", 1e-6,
      {"mse", "mae", "r2", "r2_varying", "varying_genes", "pearson_per_gene", "pearson_undefined"});
}

TEST_F(Golden, PrincipalComponentsEqualScikitLearn) {
  // Products of f32 here. Without r2: whether a gene that is 0 everywhere is met exactly is rounding there.
  expect_metrics("pca", "pca", 2e-6, {"mse", "mae", "r2_varying", "varying_genes", "pearson_per_gene"});
  Context context({}, 2);
  Log silent([](Log::Level, const std::string&) {});
  const PrincipalComponents pca = fit_pca(context, data.x, split.train, latent, silent);
  const Matrix<float> scores = pca.transform(context, data.x, std::span(split.test).first(1));
  for (std::int64_t c = 0; c < latent; ++c) {
    EXPECT_NEAR(pca.variance[c], expected["explained_variance"][c].get<double>(), 1e-12);
    EXPECT_NEAR(std::abs(scores(0, c)), expected["absolute_scores_of_first_test_cell"][c].get<double>(),
                2e-6);
  }
}

TEST_F(Golden, GenerationEqualsScipy) {
  expect_metrics("gan", "generated", 2e-6, {"energy_distance", "mean_pearson_squared", "variance_ratio"});
  expect_metrics("gan", "generated", 1e-12, {"zero_fraction_error", "exact_zero_fraction_error"});
}

TEST_F(Golden, PerGeneColumnsAreThere) {
  const auto column = [&](const std::string& name) {
    for (const GeneColumn& c : judged.evaluation.per_gene) {
      if (c.name == name) return c.values;
    }
    ADD_FAILURE() << "no column " << name;
    return std::vector<double>(genes);
  };
  for (std::int64_t g = 0; g < genes; ++g) {
    EXPECT_NEAR(column("ae_r2")[g], expected["model"]["gene_r2"][g].get<double>(), 1e-12) << g;
    EXPECT_EQ(std::isnan(column("ae_pearson")[g]), g == 3 || g == 7) << g;
    EXPECT_EQ(column("mean_real")[g] == 0, g == 3 || g == 7) << g;
  }
  double mse = 0;
  for (double v : column("ae_mse")) mse += v / genes;
  EXPECT_NEAR(mse, judged.metric("ae", "mse"), 1e-15);
  for (const char* name :
       {"variance_real", "zero_fraction_real", "gan_mean", "gan_variance", "gan_zero_fraction", "pca_mse"}) {
    EXPECT_EQ(column(name).size(), static_cast<std::size_t>(genes)) << name;
  }
}

}  // namespace
}  // namespace sparcell

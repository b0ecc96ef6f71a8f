// A whole evaluation against scikit-learn and scipy (tools/golden/evaluate.py, which has the same
// matrix).
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "evaluate/latent.h"
#include "evaluate/world.h"

namespace sparcell {
namespace {

constexpr std::int64_t cells = 90, train = 60, genes = 12, latent = 4, components = 3, labels = 3;

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

  /// The first genes of every cell.
  Matrix<float> encode(std::span<const std::int32_t> of_cells) const {
    Matrix<float> values(std::ssize(of_cells), latent);
    for (std::int64_t i = 0; i < values.rows; ++i) {
      for (std::int64_t g = 0; g < latent; ++g) values(i, g) = static_cast<float>(value(of_cells[i], g));
    }
    return values;
  }

  void SetUp() override {
    data.perturbations.names = {"control", "g1", "g2+g5"};
    data.perturbations.parts = {{}, {"g1"}, {"g2", "g5"}};
    for (std::int32_t c = 0; c < cells; ++c) data.perturbations.of_cell.push_back(c % labels);
    std::vector<JudgedModel> models{
        test::mapping_model("ae", data, latent, [](float x) { return 0.75f * x + 0.125f; })};
    models[0].encode = [this](std::span<const std::int32_t> of_cells) { return encode(of_cells); };
    models.push_back(test::generating_model("gan", rows_of(cells - train, [](std::int64_t c, std::int64_t g) {
                                              return value(c + 100, g) * 0.5 -
                                                     0.03125 * static_cast<double>(g % 2);
                                            })));
    judged = test::judge(data, split, models, {.components = components, .as_counts = CountsToo::always});
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
  const std::vector<std::string> keys{"mse",           "mae",
                                      "r2",            "r2_varying",
                                      "varying_genes", "pearson_per_gene",
                                      "pearson_undefined"},
      of_counts{"counts_mse", "counts_mae", "counts_r2", "counts_r2_varying", "counts_pearson_per_gene"};
  expect_metrics("ae", "model", 1e-12, keys);
  expect_metrics("ae", "model", 1e-5, of_counts);  // exponentials of f32, of values up to 5
  for (const char* baseline : {"gene_mean", "centroid_mean", "control_mean"}) {
    // Means of training cells are f32 here.
    expect_metrics(baseline, baseline, 1e-6, keys);
    expect_metrics(baseline, baseline, 1e-4, of_counts);
  }
}

TEST_F(Golden, MeansOfPerturbationsEqualNumpy) {
  const std::vector<std::string> keys{"pseudobulk_mse",   "pseudobulk_mae",   "pseudobulk_l2",
                                      "delta_pearson",    "delta_cosine",     "delta_sign_accuracy",
                                      "centroid_pearson", "centroid_accuracy"};
  expect_metrics("ae", "model", 1e-6, keys);
  expect_metrics("linear", "linear", 1e-6, keys);
  expect_metrics("pca", "pca", 5e-6, keys);
}

TEST_F(Golden, TheLinearModelOfPerturbationsEqualsNumpy) {
  expect_metrics("linear", "linear", 1e-6, {"mse", "mae", "r2_varying", "pearson_per_gene"});
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

TEST_F(Golden, GenerationEqualsScipyAndScikitLearn) {
  // Scores of principal components are products of f32 here, areas are shares of pairs.
  expect_metrics("gan", "generated", 2e-6,
                 {"energy_distance", "energy_distance_squared", "mmd", "sliced_wasserstein",
                  "two_sample_auroc", "memorization", "precision", "recall", "coverage",
                  "library_size_wasserstein", "log_library_size_wasserstein", "correlation_agreement"});
  expect_metrics("gan", "generated", 1e-12,
                 {"gene_wasserstein", "genes_per_cell_wasserstein", "zero_fraction_error",
                  "exact_zero_fraction_error", "zeros_against_mean_error", "mean_pearson_squared", "mean_r2",
                  "mean_slope", "variance_ratio", "variance_r2", "variance_slope"});
}

TEST_F(Golden, LatentSpaceEqualsScikitLearn) {
  expect_metrics("ae", "latent", 1e-7, {"silhouette", "knn_purity", "linear_accuracy"});
}

TEST_F(Golden, KMeansFromTheSameStartEqualsScikitLearn) {
  const LabelledCells labelled = labelled_cells(data, split);
  const Matrix<float> x = encode(labelled.test);
  Matrix<float> start(labels, latent);
  std::copy_n(x.values.begin(), start.values.size(), start.values.begin());
  Context context({}, 2);
  const Clustering clustering = k_means(context, x, start);
  EXPECT_EQ(clustering.clusters, expected["k_means"]["clusters"].get<std::vector<std::int32_t>>());
  EXPECT_NEAR(clustering.inertia, expected["k_means"]["inertia"].get<double>(), 1e-5);
  EXPECT_NEAR(normalized_mutual_information(clustering.clusters, labelled.test_labels),
              expected["k_means"]["kmeans_nmi"].get<double>(), 1e-12);
  EXPECT_NEAR(adjusted_rand_index(clustering.clusters, labelled.test_labels),
              expected["k_means"]["kmeans_ari"].get<double>(), 1e-12);
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
  for (const char* name : {"variance_real", "zero_fraction_real", "gan_mean", "gan_variance",
                           "gan_zero_fraction", "gan_wasserstein", "pca_mse"}) {
    EXPECT_EQ(column(name).size(), static_cast<std::size_t>(genes)) << name;
  }
}

}  // namespace
}  // namespace sparcell

// Nothing that is fitted sees test cells: with other test cells of one perturbation, what is said of another
// one's stays to the bit.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "evaluate/world.h"

namespace sparcell {
namespace {

constexpr std::int64_t genes = 12, of_each = 20, perturbations = 6;  // the control is the first of them
constexpr std::int32_t altered = 5;

/// Of each perturbation, in turn, ten cells train, four validate, six test; G1 ... are perturbed genes.
struct World {
  Dataset data;
  Split split;

  explicit World(bool alter) {
    std::vector<std::vector<double>> rows = test::normal_rows(perturbations * of_each, genes, 1, 1, 5);
    for (std::int64_t c = 0; c < std::ssize(rows); ++c) {
      const std::int64_t p = c % perturbations, place = c / perturbations;
      for (double& value : rows[c]) value = std::max(0.0, value);
      rows[c][p] += p > 0 ? 2 : 0;
      if (alter && p == altered && place >= 14) {
        for (std::int64_t g = 0; g < genes; ++g) rows[c][g] = 9 * rows[c][(g + 5) % genes] + 3;
      }
      (place < 10   ? split.train
       : place < 14 ? split.validation
                    : split.test)
          .push_back(static_cast<std::int32_t>(c));
    }
    data = test::dataset_of(rows);
    data.perturbations.names = {"control"};
    data.perturbations.parts = {{}};
    for (std::int64_t p = 1; p < perturbations; ++p) {
      data.perturbations.names.push_back(fmt::format("g{}", p));
      data.perturbations.parts.push_back({fmt::format("g{}", p)});
    }
    for (std::int64_t c = 0; c < std::ssize(rows); ++c)
      data.perturbations.of_cell.push_back(static_cast<std::int32_t>(c % perturbations));
  }

  Evaluation judge(ComponentsOf of) const {
    JudgedModel model = test::mapping_model("ae", data, 3, [](float x) { return 0.5f * x; });
    model.predict = [](std::int32_t p) {
      return std::vector<float>(genes, 1.0f + 0.1f * static_cast<float>(p));
    };
    EvaluateOptions options;
    options.components_of = of;
    return test::judge(data, split, {model}, options).evaluation;
  }
};

/// What depends on other perturbations' test cells by its definition.
bool compares_test_cells(const std::string& column) {
  return column.ends_with("centroid_accuracy") || column.ends_with("silhouette") ||
         column.ends_with("knn_purity");
}

TEST(FittedOn, TestCellsOfOnePerturbationChangeNothingThatIsSaidOfAnother) {
  const Evaluation as_is = World(false).judge(ComponentsOf::train),
                   other = World(true).judge(ComponentsOf::train);
  const PerturbationTable &a = as_is.per_perturbation, &b = other.per_perturbation;
  ASSERT_EQ(a.columns.size(), b.columns.size());
  int compared = 0, changed = 0;
  for (std::size_t c = 0; c < a.columns.size(); ++c) {
    const std::string& name = a.columns[c].name;
    ASSERT_EQ(name, b.columns[c].name);
    for (std::size_t row = 0; row < a.names.size(); ++row) {
      const double before = a.columns[c].values[row], after = b.columns[c].values[row];
      if (a.perturbations[row] == altered) {
        changed += before != after ? 1 : 0;
      } else if (!compares_test_cells(name)) {
        EXPECT_TRUE(before == after || (std::isnan(before) && std::isnan(after)))
            << name << " of " << a.names[row];
        ++compared;
      }
    }
  }
  EXPECT_GT(compared, 100);
  EXPECT_GT(changed, 20) << "the test cells that were altered are not seen at all";
  std::vector<std::string> columns;
  for (const GeneColumn& column : a.columns) columns.push_back(column.name);
  EXPECT_THAT(columns,
              testing::IsSupersetOf({"linear_pseudobulk_l2", "pca_pseudobulk_l2", "pca_mse", "pca_shrunk_mse",
                                     "pca_clamped_mse", "centroid_mean_mse", "control_mean_mse",
                                     "pca_linear_accuracy", "training_mean_predicted_l2"}));
}

TEST(FittedOn, ComponentsAreOfTheCellsThatTheirNameSays) {
  for (const ComponentsOf of : {ComponentsOf::train, ComponentsOf::validation}) {
    const Evaluation as_is = World(false).judge(of), other = World(true).judge(of);
    EXPECT_EQ(as_is.pca.components.values, other.pca.components.values);
    std::vector<std::string> fits;
    for (const FitRecord& fit : other.fits) {
      EXPECT_EQ(fit.test_cells, 0) << fit.what;
      fits.push_back(fit.what);
    }
    EXPECT_EQ(std::count(fits.begin(), fits.end(), "components"), of == ComponentsOf::validation ? 1 : 0);
    EXPECT_EQ(std::count(fits.begin(), fits.end(), "pca_shrunk"), 1);
  }
}

}  // namespace
}  // namespace sparcell

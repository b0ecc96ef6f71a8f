// Baselines on real cells against MODELS.md's table of what scikit-learn reached on 20 splits of the same
// cells.
#include <gtest/gtest.h>

#include <cmath>

#include "evaluate/world.h"
#include "sparcell/filter.h"
#include "sparcell/read.h"
#include "support/data.h"

namespace sparcell {
namespace {

constexpr int seeds = 5, reference_seeds = 20;

TEST(Norman, BaselinesReachTheReferenceWithinTheSpreadOfSplits) {
  SPARCELL_NEEDS_DATA(folder);
  Log silent([](Log::Level, const std::string&) {});
  ReadOptions options;
  options.path = folder / "norman19_lognorm_3375x500.h5ad";
  options.perturbation.preset = LabelPreset::pertpy;
  options.perturbation.column = "condition";
  const Dataset data = filter(read(options, MatrixNeed::any, silent),
                              {.obs = {{"dataset", {"norman19"}}}, .perturbations = {"single"}}, silent);
  ASSERT_EQ(data.cell_count(), 1895);
  ASSERT_EQ(data.gene_count(), 500);

  double gene_mean = 0, pca = 0, pca_r2 = 0, varying = 0, energy = 0;
  for (int seed = 0; seed < seeds; ++seed) {
    const Split split = sparcell::split(data, {}, static_cast<std::uint64_t>(seed));
    std::vector<JudgedModel> models{test::mapping_model("copy", data, 64, [](float x) { return x; })};
    const test::Judged judged = test::judge(data, split, models, {.resamples = 100});
    gene_mean += judged.metric("gene_mean", "mse") / seeds;
    pca += judged.metric("pca", "mse") / seeds;
    pca_r2 += judged.metric("pca", "r2_varying") / seeds;
    varying += judged.metric("pca", "varying_genes") / seeds;
    energy += judged.metric("split_half", "energy_distance") / seeds;
  }
  const double errors = 3 * std::sqrt(1.0 / seeds + 1.0 / reference_seeds);
  EXPECT_NEAR(gene_mean, 0.01574, errors * 0.00039);
  EXPECT_NEAR(pca, 0.000631, errors * 0.000051);
  EXPECT_NEAR(pca_r2, 0.420, errors * 0.021);
  EXPECT_NEAR(varying, 138, 15);
  EXPECT_NEAR(energy, 0, 0.01);
}

}  // namespace
}  // namespace sparcell

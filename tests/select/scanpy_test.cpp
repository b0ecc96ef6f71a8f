// normalize and select on the real count files against scanpy: tests/golden/stations.json, made by
// tools/golden/stations.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>
#include <set>

#include "sparcell/filter.h"
#include "sparcell/normalize.h"
#include "sparcell/read.h"
#include "sparcell/select.h"
#include "support/data.h"
#include "support/datasets.h"

namespace sparcell {
namespace {

using nlohmann::json;

class RealCounts : public testing::TestWithParam<const char*> {
 protected:
  Context context{{}, 2};
  test::Lines lines;

  /// The file without empty cells and genes.
  Dataset read_counts(const std::filesystem::path& folder) {
    ReadOptions options;
    options.path = (folder / GetParam()).string();
    options.perturbation.preset = LabelPreset::none;
    FilterOptions without_empty;
    without_empty.min_counts = 1;
    without_empty.min_cells = 1;
    return filter(read(options, MatrixNeed::counts, lines.log, 2), without_empty, lines.log);
  }
  static json golden() {
    std::ifstream file("tests/golden/stations.json");
    return json::parse(file)["files"][GetParam()];
  }
  static std::vector<std::int32_t> every_cell(const Dataset& data) {
    std::vector<std::int32_t> cells(static_cast<std::size_t>(data.cell_count()));
    std::iota(cells.begin(), cells.end(), 0);
    return cells;
  }
};

TEST_P(RealCounts, NormalizeAsScanpy) {
  SPARCELL_NEEDS_DATA(folder);
  const json expected = golden();
  Dataset data = read_counts(folder);
  ASSERT_EQ(data.cell_count(), expected["cells"]);
  ASSERT_EQ(data.gene_count(), expected["genes"]);
  const Normalization fitted = normalize(context, data, {}, every_cell(data));
  EXPECT_NEAR(fitted.target_sum, expected["target_sum"], 1e-6 * fitted.target_sum);
  double sum = 0, squares = 0;
  for (double v : data.x.values) {
    sum += v;
    squares += v * v;
  }
  EXPECT_NEAR(sum / expected["sum"].get<double>(), 1, 1e-6);
  EXPECT_NEAR(squares / expected["sum_of_squares"].get<double>(), 1, 1e-6);
  for (const auto& sample : expected["samples"]) {
    const std::int64_t row = sample[0], place = sample[1];
    const double value = sample[2];
    EXPECT_NEAR(data.x.values[data.x.offsets[row] + place], value, 1e-6 * value)
        << "cell " << row << ", entry " << place;
  }
}

TEST_P(RealCounts, SelectAsScanpy) {
  SPARCELL_NEEDS_DATA(folder);
  const json expected = golden();
  Dataset data = read_counts(folder);
  normalize(context, data, {}, every_cell(data));
  SelectOptions options;
  options.genes = expected["select"];
  for (SelectFlavor flavor :
       {SelectFlavor::variance, SelectFlavor::seurat, SelectFlavor::cell_ranger, SelectFlavor::seurat_v3}) {
    const json& scanpy = expected["flavors"][name_of(flavor)];
    if (scanpy.contains("fails")) continue;
    options.flavor = flavor;
    const Selection ours = select(context, data, options, every_cell(data), lines.log);
    ASSERT_EQ(static_cast<std::int64_t>(ours.genes.size()), options.genes);
    const auto above = scanpy["above"].get<std::set<std::int32_t>>();
    const auto tied = scanpy["tied"].get<std::set<std::int32_t>>();
    const auto shared = std::count_if(ours.genes.begin(), ours.genes.end(), [&](std::int32_t gene) {
      return above.contains(gene) || tied.contains(gene);
    });
    // scikit-misc's float arithmetic is repeated to rounding only, and ranks of near ties may change with it.
    const double least = flavor == SelectFlavor::seurat_v3 ? 0.995 : 1.0;
    EXPECT_GE(static_cast<double>(shared), least * static_cast<double>(options.genes)) << name_of(flavor);
  }
}

INSTANTIATE_TEST_SUITE_P(Files, RealCounts,
                         testing::Values("jurkat_counts_7500x2000.h5ad", "norman19_counts_3375x500.h5ad",
                                         "pbmc4k_33694_10x_v3.h5",
                                         "formats/10x_v3_filtered_feature_bc_matrix.h5",
                                         "formats/10x_v2_filtered_gene_bc_matrices_h5.h5"),
                         [](const auto& file) {
                           std::string name = file.param;
                           std::replace_if(
                               name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
                           return name;
                         });

}  // namespace
}  // namespace sparcell

// src/evaluate/METRICS.md is the registry as a page. SPARCELL_WRITE_PAGES=1 writes it anew.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>

#include "sparcell/evaluate.h"
#include "support/temporary.h"

namespace sparcell {
namespace {

constexpr const char* page_path = "src/evaluate/METRICS.md";

std::string words_of(Better better) {
  switch (better) {
    case Better::smaller:
      return "smaller";
    case Better::larger:
      return "larger";
    case Better::nearer_one:
      return "nearer 1";
    case Better::nearer_half:
      return "nearer 0.5";
    default:
      return "";
  }
}

std::string in_cell(const std::string& text) {  // a bar would end the cell
  std::string result;
  for (const char c : text) {
    if (c == '|') result += '\\';
    result += c;
  }
  return result;
}

std::string page() {
  std::string text =
      "# Metrics\n"
      "\n"
      "Written from the registry in `metric_table.cpp` (`tests/evaluate/metrics_page_test.cpp`). The short\n"
      "key stays; the versioned name says the definition, here in 50 principal components. `result.json` has both.\n"
      "\n"
      "Verdicts hold a model against a baseline by a 95 % interval of the difference: of means over test cells and\n"
      "over perturbations, from eight on, at each end the wider of Student's t and a studentized bootstrap (of\n"
      "`linear_accuracy` Student's t); of distances and R² a jackknife over groups of cells; over seeds Student's t\n"
      "over runs. Against `split_half` a permutation test of the distance decides: cells that one of two distances\n"
      "tells from real ones at p <= 0.05 are told from them. How often such intervals hold the truth was measured\n"
      "(`tools/bench/MEASURED.md`).\n"
      "\n"
      "Every verdict is one comparison at its own 95 %: nothing corrects for their number, so that of forty where\n"
      "nothing differs one is won by chance. All of a run's verdicts are of the same test cells: what these favour\n"
      "by chance they favour in several verdicts at once, and \"beats 4 of 7\" is not seven findings. Intervals over\n"
      "cells speak of other cells of the same perturbations and batches, not of other perturbations; those over\n"
      "perturbations do, those over seeds of other runs on the same data, whether these share a split or not.\n"
      "\n"
      "`split_half` compares halves of the test cells, models as many cells as there are test cells: on metrics\n"
      "that depend on the number of cells (`sliced_wasserstein`, `gene_wasserstein`, `zero_fraction_error`, those\n"
      "of library sizes and genes per cell, `precision`, `recall`, `coverage`) a model may pass it by its greater\n"
      "number alone. With `evaluate.generated_per_test_cell` models and baselines make more cells: unbiased\n"
      "distances have the same expectation then and vary less, those metrics fall with the number.\n"
      "\n"
      "Principal components of few training cells with many genes are directions in which just those cells spread:\n"
      "in them a Gaussian of their variance, and even copies of training cells, are told from test cells. With\n"
      "`evaluate.components_of: validation` components are fitted on cells that neither trained nor judge, and the\n"
      "names say so (`edistance_euclidean_unbiased_pca50_validation_v1`).\n"
      "\n"
      "Beside `test`, a model in `result.json` has `validation`: `mse` and `iwelbo` of the same definitions on\n"
      "validation cells, and `energy_distance` to them (at most 2,000 of them, in components of the other half,\n"
      "from 1,000 generated ones at least),\n"
      "which `train.monitor: energy_distance` goes by. Sweeps choose by these; test cells judge the choice.\n"
      "\n"
      "With `normalize.log1p: false` values are normalized counts: units say so, a library size is their sum, and\n"
      "the versioned names of what changes end in `_linear_v1`.\n";
  for (const std::string_view group : Names<MetricGroup>::values) {
    text += fmt::format(
        "\n## {}\n\n| key | metric | definition | unit | better | test cells | name |\n"
        "| --- | --- | --- | --- | --- | --- | --- |\n",
        group);
    for (const MetricInfo& metric : metric_registry()) {
      if (name_of(metric.group) != group) continue;
      text += fmt::format("| `{}` | {} | {} | {} | {} | {} | `{}` |\n", metric.key, in_cell(metric.label),
                          in_cell(metric.definition), metric.unit, words_of(metric.better), metric.cells,
                          metric.name);
    }
  }
  return text;
}

TEST(MetricsPage, IsTheRegistry) {
  const std::string expected = page();
  if (std::getenv("SPARCELL_WRITE_PAGES") != nullptr) std::ofstream(page_path) << expected;
  EXPECT_EQ(file_bytes(page_path), expected)
      << "SPARCELL_WRITE_PAGES=1 evaluate_tests --gtest_filter='MetricsPage.*' writes it anew";
}

TEST(MetricsPage, EveryMetricSaysWhatItIs) {
  std::set<std::string> keys, names;
  for (const MetricInfo& metric : metric_registry()) {
    EXPECT_TRUE(keys.insert(metric.key).second) << metric.key;
    EXPECT_TRUE(names.insert(metric.name).second) << metric.name;
    EXPECT_THAT(metric.name, testing::ContainsRegex("_v[0-9]+$")) << metric.key;
    EXPECT_THAT(metric.definition, testing::EndsWith(".")) << metric.key;
    EXPECT_THAT(metric.definition, testing::Not(testing::HasSubstr(",,"))) << metric.key;
    EXPECT_FALSE(metric.label.empty()) << metric.key;
    EXPECT_GE(metric.cells, 1) << metric.key;
  }
}

TEST(MetricsPage, TheReadmeCountsThem) {
  EXPECT_THAT(file_bytes("README.md"), testing::HasSubstr(fmt::format("[{} metrics](src/evaluate/METRICS.md)",
                                                                      metric_registry().size())));
}

}  // namespace
}  // namespace sparcell

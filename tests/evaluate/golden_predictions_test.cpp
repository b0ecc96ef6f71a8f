// The metrics of predicted perturbations against scipy and scikit-learn (tools/golden/predictions.py, which
// has the same matrix).
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "evaluate/prediction.h"
#include "evaluate/world.h"

namespace sparcell {
namespace {

constexpr std::int64_t cells = 180, genes = 1200, labels = 9;
const std::vector<std::vector<std::string>> parts{{},     {"g1"},       {"g2"},       {"g3"}, {"g4"},
                                                  {"g5"}, {"g1", "g2"}, {"g3", "g9"}, {"g7"}};
const std::set<std::int64_t> unseen{5, 6, 7, 8};

double value(std::int64_t cell, std::int64_t gene) {
  const std::int64_t label = cell % labels;
  const std::int64_t mixed = (cell * cell * 31 + cell * gene * 17 + gene * gene * 13 + cell * 7) % 257;
  if (gene == 3 || mixed < (gene % 11 == 5 ? 250 : 100)) return 0;
  const bool moved = gene % 5 == label % 5;
  return static_cast<double>(mixed) / 256 + static_cast<double>(gene * 7 % 13) / 16 +
         (moved ? static_cast<double>(label * gene % 7) / 2 : 0);
}

double predicted_value(std::int64_t label, std::int64_t gene) {
  const bool moved = gene % 5 == label % 5;
  return static_cast<double>(gene * 7 % 13) / 16 + (moved ? static_cast<double>(label * gene % 7) / 4 : 0) +
         static_cast<double>((label * label + gene * 3) % 16) / 64;
}

TEST(GoldenPredictions, EveryMetricOfModelAndBaselinesEqualsScipyAndScikitLearn) {
  std::vector<std::vector<double>> rows(cells, std::vector<double>(genes));
  for (std::int64_t c = 0; c < cells; ++c) {
    for (std::int64_t g = 0; g < genes; ++g) rows[c][g] = value(c, g);
  }
  Dataset data = test::dataset_of(rows);
  data.perturbations.parts = parts;
  data.perturbations.names = {"control"};
  for (std::size_t p = 1; p < parts.size(); ++p)
    data.perturbations.names.push_back(parts[p].size() == 1 ? parts[p][0] : parts[p][0] + "+" + parts[p][1]);
  Split split;
  for (std::int32_t c = 0; c < cells; ++c) {
    data.perturbations.of_cell.push_back(c % labels);
    (c / labels % 2 == 0 && !unseen.contains(c % labels) ? split.train : split.test).push_back(c);
  }
  JudgedModel model;
  model.name = "model";
  model.latent = 2;
  model.predict = [](std::int32_t p) {
    std::vector<float> mean;
    for (std::int64_t g = 0; g < genes; ++g) mean.push_back(static_cast<float>(predicted_value(p, g)));
    return mean;
  };
  std::vector<std::string> keys;
  for (const MetricInfo& metric : prediction_metrics()) keys.push_back(metric.key);
  const test::Judged judged = test::judge(data, split, {model}, {.metrics = keys});

  const auto expected = nlohmann::json::parse(std::ifstream("tests/golden/predictions.json"));
  std::set<std::string> compared;
  for (const auto& [who, numbers] : expected.items()) {
    for (const std::string& key : keys) {
      ASSERT_EQ(judged.has(who, key), numbers.contains(key)) << who << " " << key;
      if (!numbers.contains(key)) continue;
      // Perturbations are counted by distances in f32, of which none is near another here.
      EXPECT_NEAR(judged.metric(who, key), numbers[key].get<double>(), 1e-10) << who << " " << key;
      compared.insert(key);
    }
  }
  EXPECT_EQ(compared.size(), keys.size()) << "metrics that no one defines are not tested";
  EXPECT_EQ(expected.size(), 5u);
}

}  // namespace
}  // namespace sparcell

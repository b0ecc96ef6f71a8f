#include "sparcell/normalize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "support/datasets.h"
#include "support/device_arrays.h"
#include "support/temporary.h"

namespace sparcell {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;

/// Sums 4, 10, 0, 6, 100.
Dataset example() { return test::dataset({{1, 3, 0}, {0, 4, 6}, {0, 0, 0}, {2, 2, 2}, {0, 0, 100}}); }

NormalizeOptions to(double target, bool log1p = false) {
  NormalizeOptions options;
  options.target_sum = {.word = "", .number = target};
  options.log1p = log1p;
  return options;
}

struct Normalize : testing::Test {
  Context context = test::test_context(2);
  std::vector<std::int32_t> all{0, 1, 2, 3, 4};

  double median(std::vector<std::int32_t> cells) {
    Dataset data = example();
    return normalize(context, data, {}, cells).target_sum;
  }
};

TEST_F(Normalize, ANumberIsTheSumOfEveryCell) {
  Dataset data = example();
  const Normalization fitted = normalize(context, data, to(20), all);
  EXPECT_THAT(data.x.values, ElementsAre(5, 15, 8, 12, FloatNear(6.6666667f, 1e-6f),
                                         FloatNear(6.6666667f, 1e-6f), FloatNear(6.6666667f, 1e-6f), 20));
  EXPECT_FALSE(data.counts);
  EXPECT_TRUE(fitted.enabled);
  EXPECT_TRUE(fitted.counts);
  EXPECT_FALSE(fitted.log1p);
  EXPECT_EQ(fitted.target_sum, 20);
}

TEST_F(Normalize, TakesTheLogarithm) {
  Dataset data = example();
  normalize(context, data, to(20, true), all);
  EXPECT_NEAR(data.x.values[0], std::log(6.0), 1e-6);
  EXPECT_NEAR(data.x.values.back(), std::log(21.0), 1e-6);
}

TEST_F(Normalize, MedianOfFitCellsThatHaveCounts) {
  EXPECT_EQ(median(all), 8);  // of 4, 6, 10, 100: the cell without counts does not count
  EXPECT_EQ(median({0, 1, 3}), 6);
  EXPECT_EQ(median({4, 0}), 52);
  EXPECT_EQ(median({2, 1}), 10);
  Dataset data = example();
  EXPECT_THAT(
      error_of([&] { normalize(context, data, {}, std::vector<std::int32_t>{2}); }),
      HasSubstr("normalize.target_sum: none of the 1 cells that the median is fitted on has a count"));
}

TEST_F(Normalize, ApplyRepeatsWhatWasFitted) {
  Dataset fitted_on = example();
  const Normalization fitted = normalize(context, fitted_on, {}, std::vector<std::int32_t>{0, 1, 3});
  Dataset other = test::dataset({{0, 5, 5}});
  apply(context, other, fitted);
  EXPECT_NEAR(other.x.values[0], std::log1p(3.0), 1e-6);
  EXPECT_FALSE(other.counts);
}

TEST_F(Normalize, NoneUsesTheValuesAsTheyAre) {
  NormalizeOptions none;
  none.enabled = false;
  Dataset data = example();
  data.x.values[0] = -1.5f;
  data.counts = false;
  const LargeArray<float> before = data.x.values;
  const Normalization fitted = normalize(context, data, none, all);
  EXPECT_FALSE(fitted.enabled);
  EXPECT_EQ(fitted.target_sum, 0);
  apply(context, data, fitted);
  EXPECT_EQ(data.x.values, before);
}

TEST_F(Normalize, ValuesThatAreNotCountsAreRefused) {
  Dataset data = example();
  data.counts = false;
  EXPECT_THAT(error_of([&] { normalize(context, data, {}, all); }),
              HasSubstr("normalize needs counts, but X of file.h5ad holds other values"));
  EXPECT_THAT(error_of([&] { apply(context, data, {.enabled = true, .target_sum = 1, .log1p = true}); }),
              HasSubstr("or use the values as they are with normalize: none"));
}

TEST_F(Normalize, ScalerIsOfTheFitCells) {
  const Dataset data = test::dataset({{1, 0, 7, 0}, {3, 0, 7, 0}, {8, 9, 7, 4}});
  const Scaler scaler = fit_scaler(context, data.x, std::vector<std::int32_t>{0, 1});
  EXPECT_THAT(scaler.mean, ElementsAre(2, 0, 7, 0));
  EXPECT_THAT(scaler.scale, ElementsAre(1, 1, 1, 1));
  const Scaler of_all = fit_scaler(context, data.x, std::vector<std::int32_t>{0, 1, 2});
  EXPECT_NEAR(of_all.scale[0], std::sqrt((9 + 1 + 16) / 3.0), 1e-6);
  EXPECT_NEAR(of_all.scale[1], std::sqrt(18.0), 1e-6);
}

TEST_F(Normalize, RoundingIsNoVariance) {
  // 0.1f a thousand times: the sums' rounding leaves a variance that is not exactly 0.
  const Dataset data = test::dataset(std::vector<std::vector<double>>(1000, {0.1, 1e4 / 3}));
  std::vector<std::int32_t> cells(1000);
  std::iota(cells.begin(), cells.end(), 0);
  EXPECT_THAT(fit_scaler(context, data.x, cells).scale, ElementsAre(1, 1));
}

}  // namespace
}  // namespace sparcell

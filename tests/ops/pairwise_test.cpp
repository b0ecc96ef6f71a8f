// Sums of distances between groups, against every pair in long double.
#include "sparcell/ops/pairwise.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "support/guarded.h"

namespace sparcell {
namespace {

template <class T>
struct Pairwise : testing::Test {
  // Of one distance, relative: rounding of `cols` squares; sums are f64 in both.
  static constexpr double tolerance = std::is_same_v<T, float> ? 1e-6 : 1e-13;
};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(Pairwise, Scalars);

template <class T>
Matrix<T> points(std::int64_t rows, std::int64_t cols, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal;
  Matrix<T> x(rows, cols);
  for (T& value : x.values) value = static_cast<T>(normal(generator));
  return x;
}

template <class T>
double brute_force(const Matrix<T>& x, std::int64_t x_first, std::int64_t x_last, const Matrix<T>& y,
                   std::int64_t y_first, std::int64_t y_last) {
  long double sum = 0;
  for (std::int64_t i = x_first; i < x_last; ++i) {
    for (std::int64_t j = y_first; j < y_last; ++j) {
      long double square = 0;
      for (std::int64_t c = 0; c < x.cols; ++c) {
        const long double d = static_cast<long double>(x(i, c)) - static_cast<long double>(y(j, c));
        square += d * d;
      }
      sum += std::sqrt(square);
    }
  }
  return static_cast<double>(sum);
}

TYPED_TEST(Pairwise, EqualsEveryPairAtSizesAroundTheTiles) {
  Context context({}, 2);
  for (std::int64_t rows : {1, 3, 4, 5, 31, 33, 63, 64, 65, 257}) {
    for (std::int64_t cols : {1, 7, 50}) {
      const auto x = points<TypeParam>(rows, cols, 1), y = points<TypeParam>(2 * rows + 1, cols, 2);
      const std::vector<std::int64_t> x_groups{0, rows / 2, rows / 2, rows}, y_groups{0, 1, y.rows};
      test::Guarded<double> sums(6);
      pairwise_distance_sums<TypeParam>(context, x.view(), y.view(), x_groups, y_groups, {sums.data(), 3, 2});
      for (int g = 0; g < 3; ++g) {
        for (int h = 0; h < 2; ++h) {
          const double exact = brute_force(x, x_groups[g], x_groups[g + 1], y, y_groups[h], y_groups[h + 1]);
          ASSERT_NEAR(sums[g * 2 + h], exact, this->tolerance * exact)
              << rows << " x " << cols << ", " << g << ", " << h;
        }
      }
    }
  }
}

TYPED_TEST(Pairwise, ReadsRowsWithAStrideAndGivesTheSameBitsForEveryNumberOfThreads) {
  const auto x = points<TypeParam>(300, 20, 3);
  const MatrixView<const TypeParam> part{x.values.data() + 5, 300, 10, 20};
  const std::vector<std::int64_t> groups{0, 100, 300};
  std::vector<Matrix<double>> results;
  for (int threads : {1, 2, 3}) {
    Context context({}, threads);
    Matrix<double> sums(2, 2);
    pairwise_distance_sums<TypeParam>(context, part, part, groups, groups, sums.view());
    results.push_back(sums);
  }
  EXPECT_EQ(results[0].values, results[1].values);
  EXPECT_EQ(results[0].values, results[2].values);
  Matrix<TypeParam> copy(300, 10);
  for (int r = 0; r < 300; ++r) std::copy_n(part.row(r), 10, copy.view().row(r));
  EXPECT_NEAR(results[0](0, 1), brute_force(copy, 0, 100, copy, 100, 300),
              this->tolerance * results[0](0, 1));
}

TYPED_TEST(Pairwise, APointIsAtDistanceZeroFromItselfHoweverFarFromTheOrigin) {
  Context context;
  Matrix<TypeParam> x(1, 3, TypeParam(1e6));
  Matrix<double> sums(1, 1);
  const std::vector<std::int64_t> groups{0, 1};
  pairwise_distance_sums<TypeParam>(context, x.view(), x.view(), groups, groups, sums.view());
  EXPECT_EQ(sums(0, 0), 0);
}

TYPED_TEST(Pairwise, NamesWhatDoesNotFit) {
  Context context;
  Matrix<TypeParam> x(4, 3), y(4, 2);
  Matrix<double> sums(1, 1);
  const std::vector<std::int64_t> groups{0, 4}, outside{0, 5}, falling{0, 3, 2, 4};
  const auto run = [&](auto& a, auto& b, auto& ga, auto& gb) {
    pairwise_distance_sums<TypeParam>(context, a.view(), b.view(), ga, gb, sums.view());
  };
  EXPECT_THROW(run(x, y, groups, groups), InternalError);
  EXPECT_THROW(run(x, x, outside, groups), InternalError);
  EXPECT_THROW(run(x, x, groups, falling), InternalError);
}

}  // namespace
}  // namespace sparcell

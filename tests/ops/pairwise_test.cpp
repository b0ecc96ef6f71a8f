// Sums of distances between groups, against every pair in long double.
#include "sparcell/ops/pairwise.h"

#include "ops/op_test.h"

namespace sparcell {
namespace {

using test::DeviceMatrix;

template <class T>
struct Pairwise : test::OpTest<T> {
  // Of one distance, relative: rounding of `cols` squares; sums are f64 in both.
  static constexpr double tolerance = std::is_same_v<T, float> ? 1e-6 : 1e-13;
};
TYPED_TEST_SUITE(Pairwise, test::Scalars);

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
  Context context = test::test_context(2);
  for (std::int64_t rows : {1, 3, 4, 5, 31, 33, 63, 64, 65, 257}) {
    for (std::int64_t cols : {1, 7, 50}) {
      const auto x = points<TypeParam>(rows, cols, 1), y = points<TypeParam>(2 * rows + 1, cols, 2);
      const std::vector<std::int64_t> x_groups{0, rows / 2, rows / 2, rows}, y_groups{0, 1, y.rows};
      const DeviceMatrix<TypeParam> on_x(context, x), on_y(context, y);
      const DeviceMatrix<double> out(context, 3, 2);
      pairwise_distance_sums<TypeParam>(context, on_x, on_y, x_groups, y_groups, out);
      const Matrix<double> sums = out.to_host();
      for (int g = 0; g < 3; ++g) {
        for (int h = 0; h < 2; ++h) {
          const double exact = brute_force(x, x_groups[g], x_groups[g + 1], y, y_groups[h], y_groups[h + 1]);
          ASSERT_NEAR(sums(g, h), exact, this->tolerance * exact)
              << rows << " x " << cols << ", " << g << ", " << h;
        }
      }
    }
  }
}

TYPED_TEST(Pairwise, OfManyPointsOfAGroupHasTheSameBitsForEveryNumberOfThreads) {
  const auto x = points<TypeParam>(700, 10, 3);
  const std::vector<std::int64_t> groups{0, 100, 700};
  std::vector<Matrix<double>> results;
  for (int threads : {1, 2, 3}) {
    Context context = test::test_context(threads);
    const DeviceMatrix<TypeParam> on_x(context, x);
    const DeviceMatrix<double> sums(context, 2, 2);
    pairwise_distance_sums<TypeParam>(context, on_x, on_x, groups, groups, sums);
    results.push_back(sums.to_host());
  }
  EXPECT_EQ(results[0].values, results[1].values);
  EXPECT_EQ(results[0].values, results[2].values);
  EXPECT_NEAR(results[0](0, 1), brute_force(x, 0, 100, x, 100, 700), this->tolerance * results[0](0, 1));
}

TYPED_TEST(Pairwise, APointIsAtDistanceZeroFromItselfHoweverFarFromTheOrigin) {
  Context context = test::test_context();
  const DeviceMatrix<TypeParam> x(context, Matrix<TypeParam>(1, 3, TypeParam(1e6)));
  const DeviceMatrix<double> sums(context, 1, 1);
  const std::vector<std::int64_t> groups{0, 1};
  pairwise_distance_sums<TypeParam>(context, x, x, groups, groups, sums);
  EXPECT_EQ(sums.to_host()(0, 0), 0);
}

TYPED_TEST(Pairwise, NamesWhatDoesNotFit) {
  Context context = test::test_context();
  const DeviceMatrix<TypeParam> x(context, 4, 3), y(context, 4, 2);
  const DeviceMatrix<double> sums(context, 1, 1);
  const std::vector<std::int64_t> groups{0, 4}, outside{0, 5}, falling{0, 3, 2, 4};
  const auto run = [&](auto& a, auto& b, auto& ga, auto& gb) {
    pairwise_distance_sums<TypeParam>(context, a, b, ga, gb, sums);
  };
  EXPECT_THROW(run(x, y, groups, groups), InternalError);
  EXPECT_THROW(run(x, x, outside, groups), InternalError);
  EXPECT_THROW(run(x, x, groups, falling), InternalError);
}

}  // namespace
}  // namespace sparcell

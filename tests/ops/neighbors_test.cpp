// Nearest neighbours and unions of balls, against every pair sorted.
#include "sparcell/ops/neighbors.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "ops/op_test.h"

namespace sparcell::test {
namespace {

template <class T>
struct Neighbors : OpTest<T> {};
TYPED_TEST_SUITE(Neighbors, Scalars);

double distance(const Matrix<double>& x, std::int64_t i, const Matrix<double>& y, std::int64_t j) {
  double squares = 0;
  for (std::int64_t c = 0; c < x.cols; ++c) squares += (x(i, c) - y(j, c)) * (x(i, c) - y(j, c));
  return std::sqrt(squares);
}

/// Distance and row of every point of y but `skipped`, nearest first.
std::vector<std::pair<double, std::int32_t>> sorted_neighbors(const Matrix<double>& x, std::int64_t i,
                                                              const Matrix<double>& y, std::int64_t skipped) {
  std::vector<std::pair<double, std::int32_t>> all;
  for (std::int64_t j = 0; j < y.rows; ++j) {
    if (j != skipped) all.emplace_back(distance(x, i, y, j), static_cast<std::int32_t>(j));
  }
  std::sort(all.begin(), all.end());
  return all;
}

TYPED_TEST(Neighbors, AreTheFirstOfAllPairsSorted) {
  Context context = test_context(2);
  for (std::int64_t rows : edge_sizes) {
    const Matrix<double> x = random_matrix(7, 5, 1), y = random_matrix(rows, 5, 2);
    for (std::int64_t k : {std::int64_t{1}, std::min<std::int64_t>(rows, 6)}) {
      const DeviceMatrix<TypeParam> on_x(context, x), on_y(context, y);
      const DeviceMatrix<TypeParam> distances(context, x.rows, k);
      const DeviceMatrix<std::int32_t> indices(context, x.rows, k);
      nearest_neighbors<TypeParam>(context, on_x, on_y, false, distances, indices);
      const auto got = distances.to_host();
      const auto rows_of = indices.to_host();
      for (std::int64_t i = 0; i < x.rows; ++i) {
        const auto expected = sorted_neighbors(x, i, y, -1);
        for (std::int64_t j = 0; j < k; ++j) {
          ASSERT_EQ(rows_of(i, j), expected[j].second) << rows << " points, " << i << ", " << j;
          ASSERT_NEAR(got(i, j), expected[j].first, few_roundings.of<TypeParam>() * expected[j].first * 5);
        }
      }
    }
  }
}

TYPED_TEST(Neighbors, APointIsNotItsOwnWhereRowsAreSkipped) {
  Context context = test_context(2);
  const Matrix<double> x = random_matrix(70, 3, 4);
  const DeviceMatrix<TypeParam> points(context, x);
  const DeviceMatrix<TypeParam> distances(context, 70, 2);
  const DeviceMatrix<std::int32_t> indices(context, 70, 2);
  nearest_neighbors<TypeParam>(context, points, points, true, distances, indices);
  const auto rows = indices.to_host();
  for (std::int64_t i = 0; i < 70; ++i) {
    const auto expected = sorted_neighbors(x, i, x, i);
    EXPECT_EQ(rows(i, 0), expected[0].second);
    EXPECT_EQ(rows(i, 1), expected[1].second);
  }
}

TYPED_TEST(Neighbors, OfEqualDistancesTheLowerRowIsNearer) {
  Context context = test_context(2);
  Matrix<double> x(1, 1), y(100, 1, 5.0);
  y(40, 0) = y(90, 0) = 1;
  const DeviceMatrix<TypeParam> on_x(context, x), on_y(context, y);
  const DeviceMatrix<TypeParam> distances(context, 1, 4);
  const DeviceMatrix<std::int32_t> indices(context, 1, 4);
  nearest_neighbors<TypeParam>(context, on_x, on_y, false, distances, indices);
  EXPECT_EQ(indices.to_host().values, (std::vector<std::int32_t>{40, 90, 0, 1}));
}

TYPED_TEST(Neighbors, BallsHoldWhatIsAsNearAsTheirRadius) {
  Context context = test_context(2);
  for (std::int64_t rows : edge_sizes) {
    const Matrix<double> x = random_matrix(37, 2, 5), y = random_matrix(rows, 2, 6);
    std::vector<double> radii;
    for (std::int64_t j = 0; j < rows; ++j) radii.push_back(0.05 * static_cast<double>(j % 7));
    const DeviceMatrix<TypeParam> on_x(context, x), on_y(context, y);
    const DeviceArray<TypeParam> on_radii(context, radii);
    const DeviceArray<std::int32_t> inside(context, x.rows);
    inside_balls<TypeParam>(context, on_x, on_y, on_radii, inside);
    const auto got = inside.to_host();
    for (std::int64_t i = 0; i < x.rows; ++i) {
      int expected = 0;
      for (std::int64_t j = 0; j < rows; ++j) expected |= distance(x, i, y, j) <= radii[j] ? 1 : 0;
      ASSERT_EQ(got[i], expected) << rows << " balls, point " << i;
    }
  }
  const DeviceMatrix<TypeParam> point(context, Matrix<double>(1, 3, 0.5));
  const DeviceArray<TypeParam> zero(context, std::vector<double>{0});
  const DeviceArray<std::int32_t> inside(context, 1);
  inside_balls<TypeParam>(context, point, point, zero, inside);
  EXPECT_EQ(inside.value(), 1);  // a ball of radius 0 holds its centre
}

TYPED_TEST(Neighbors, BallsAreOccupiedByWhatIsAsNearAsTheirRadius) {
  Context context = test_context(2);
  for (std::int64_t rows : edge_sizes) {
    const Matrix<double> x = random_matrix(rows, 2, 7), y = random_matrix(37, 2, 8);
    std::vector<double> radii;
    for (std::int64_t i = 0; i < rows; ++i) radii.push_back(0.05 * static_cast<double>(i % 7));
    const DeviceMatrix<TypeParam> on_x(context, x), on_y(context, y);
    const DeviceArray<TypeParam> on_radii(context, radii);
    const DeviceArray<std::int32_t> occupied(context, rows);
    occupied_balls<TypeParam>(context, on_x, on_y, on_radii, occupied);
    const auto got = occupied.to_host();
    for (std::int64_t i = 0; i < rows; ++i) {
      int expected = 0;
      for (std::int64_t j = 0; j < y.rows; ++j) expected |= distance(x, i, y, j) <= radii[i] ? 1 : 0;
      ASSERT_EQ(got[i], expected) << rows << " balls, ball " << i;
    }
  }
  const DeviceMatrix<TypeParam> point(context, Matrix<double>(1, 3, 0.5));
  const DeviceArray<TypeParam> zero(context, std::vector<double>{0});
  const DeviceArray<std::int32_t> occupied(context, 1);
  occupied_balls<TypeParam>(context, point, point, zero, occupied);
  EXPECT_EQ(occupied.value(), 1);  // a ball of radius 0 holds its centre
}

TYPED_TEST(Neighbors, NamesWhatDoesNotFit) {
  Context context = test_context();
  Matrix<TypeParam> x(4, 3), y(5, 3), narrow(5, 2), distances(4, 2), many(4, 5);
  Matrix<std::int32_t> indices(4, 2), more(4, 5);
  EXPECT_THROW(
      nearest_neighbors<TypeParam>(context, x.view(), narrow.view(), false, distances.view(), indices.view()),
      InternalError);
  EXPECT_THROW(
      nearest_neighbors<TypeParam>(context, x.view(), y.view(), false, distances.view(), more.view()),
      InternalError);
  EXPECT_THROW(nearest_neighbors<TypeParam>(context, x.view(), y.view(), true, many.view(), more.view()),
               InternalError);
  std::vector<TypeParam> radii(4);
  std::vector<std::int32_t> inside(4);
  EXPECT_THROW(inside_balls<TypeParam>(context, x.view(), y.view(), radii, inside), InternalError);
  EXPECT_THROW(occupied_balls<TypeParam>(context, y.view(), x.view(), radii, inside), InternalError);
  EXPECT_THROW(occupied_balls<TypeParam>(context, x.view(), narrow.view(), radii, inside), InternalError);
}

}  // namespace
}  // namespace sparcell::test

#include "sparcell/ops/gene_moments.h"

#include "ops/op_test.h"
#include "support/sparse.h"

namespace sparcell {
namespace {

template <class T>
struct GeneMoments : test::OpTest<T> {
  // Of e^v - 1 in f32 (3e-7 each, squared in the variance); sums are f64 in both.
  static constexpr double expm1_tolerance = std::is_same_v<T, float> ? 1e-6 : 1e-12;
};
TYPED_TEST_SUITE(GeneMoments, test::Scalars);

struct Moments {
  std::vector<double> mean, variance;
};

/// In two passes over the dense matrix, in long double.
template <class Transform>
Moments two_pass(const Matrix<double>& x, const std::vector<std::int32_t>& rows, Transform transform) {
  Moments out{std::vector<double>(x.cols), std::vector<double>(x.cols)};
  for (std::int64_t c = 0; c < x.cols; ++c) {
    long double mean = 0, variance = 0;
    for (std::int32_t r : rows) mean += transform(x(r, c), c);
    mean /= rows.size();
    for (std::int32_t r : rows) {
      const long double d = transform(x(r, c), c) - mean;
      variance += d * d;
    }
    out.mean[c] = static_cast<double>(mean);
    out.variance[c] = static_cast<double>(variance / rows.size());
  }
  return out;
}

std::vector<std::int32_t> every_row(std::int64_t count, int step = 1) {
  std::vector<std::int32_t> rows;
  for (std::int64_t r = 0; r < count; r += step) rows.push_back(static_cast<std::int32_t>(r));
  return rows;
}

template <class T>
Csr<T> positive(std::int64_t rows, std::int64_t cols, unsigned seed) {
  std::lognormal_distribution<double> values(0, 0.7);
  return test::random_csr<T>(rows, cols, 0.4, seed, [&](auto& g) { return values(g); });
}

template <class T>
Moments moments_of(int threads, const Csr<T>& x, const std::vector<std::int32_t>& rows, MomentsOf of,
                   const std::vector<double>& clip) {
  Context context = test::test_context(threads);
  const test::DeviceCsr<T> on_device(context, x);
  const test::DeviceArray<std::int32_t> chosen(context, rows);
  const test::DeviceArray<double> limits(context, clip), mean(context, x.cols), variance(context, x.cols);
  gene_moments<T>(context, on_device, chosen, of, limits, mean, variance);
  return {mean.to_host(), variance.to_host()};
}

template <class T, class Transform>
void compare(const Csr<T>& x, const std::vector<std::int32_t>& rows, int threads, MomentsOf of,
             const std::vector<double>& clip, Transform transform, double tolerance) {
  const auto [mean, variance] = moments_of(threads, x, rows, of, clip);
  const Moments expected = two_pass(test::dense(x), rows, transform);
  for (std::int64_t c = 0; c < x.cols; ++c) {
    ASSERT_NEAR(mean[c], expected.mean[c], tolerance * expected.mean[c]) << "gene " << c << " of " << x.cols;
    ASSERT_NEAR(variance[c], expected.variance[c],
                tolerance * (expected.variance[c] + expected.mean[c] * expected.mean[c]))
        << "gene " << c << " of " << x.cols << ", " << threads << " threads";
  }
}

TYPED_TEST(GeneMoments, AreThoseOfTheDenseMatrix) {
  for (int threads : {1, 2}) {
    for (std::int64_t cols : {1, 31, 32, 33, 255, 256, 257, 1009}) {
      const auto x = positive<TypeParam>(300, cols, 3);
      const auto as_is = [](double v, std::int64_t) { return v; };
      compare(x, every_row(300), threads, MomentsOf::values, {}, as_is, 1e-12);
      compare(x, every_row(300, 2), threads, MomentsOf::values, {}, as_is, 1e-12);
      compare(x, {17}, threads, MomentsOf::values, {}, as_is, 1e-12);
    }
  }
}

TYPED_TEST(GeneMoments, OfTheExponentialMinusOne) {
  const auto x = positive<TypeParam>(300, 257, 4);
  const auto expm1 = [](double v, std::int64_t) { return std::expm1(v); };
  for (int threads : {1, 2}) {
    compare(x, every_row(300), threads, MomentsOf::expm1, {}, expm1, this->expm1_tolerance);
  }
}

TYPED_TEST(GeneMoments, OfClippedValues) {
  const auto x = positive<TypeParam>(300, 257, 5);
  std::vector<double> clip(257);
  for (std::size_t c = 0; c < clip.size(); ++c) clip[c] = 0.01 * static_cast<double>(c);
  const auto cut = [&](double v, std::int64_t c) { return std::min(v, clip[c]); };
  const auto both = [&](double v, std::int64_t c) { return std::min(std::expm1(v), clip[c]); };
  for (int threads : {1, 2}) {
    compare(x, every_row(300), threads, MomentsOf::values, clip, cut, 1e-12);
    compare(x, every_row(300), threads, MomentsOf::expm1, clip, both, this->expm1_tolerance);
  }
}

TYPED_TEST(GeneMoments, RowsLongerThanATileAndRowsNamedTwice) {
  const auto x = positive<TypeParam>(5, 4099, 6);
  compare(
      x, {0, 1, 1, 4}, 2, MomentsOf::expm1, {}, [](double v, std::int64_t) { return std::expm1(v); },
      this->expm1_tolerance);
}

/// A GPU cuts rows into 264 parts and takes them 32 and 4 at a time: the sizes lie at the edges of both.
TYPED_TEST(GeneMoments, OfManyRows) {
  const auto x = positive<TypeParam>(300, 33, 8);
  const auto as_is = [](double v, std::int64_t) { return v; };
  for (int count : {264 * 4 + 1, 264 * 32, 264 * 32 + 1, 264 * 67}) {
    SCOPED_TRACE(count);
    std::vector<std::int32_t> rows;
    for (int i = 0; i < count; ++i) rows.push_back(i * 7 % 300);
    compare(x, rows, 2, MomentsOf::values, {}, as_is, 1e-12);
  }
}

TYPED_TEST(GeneMoments, EqualBitsForEqualThreadsAndEqualColumns) {
  std::mt19937 generator(7);
  std::lognormal_distribution<double> values;
  std::vector<std::vector<double>> rows(500);
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const double twin = r % 3 == 0 ? 0 : values(generator);
    rows[r] = {twin, values(generator), twin};
  }
  const auto x = test::csr_of<TypeParam>(rows);
  const Moments first = moments_of(2, x, every_row(500), MomentsOf::values, {});
  const Moments second = moments_of(2, x, every_row(500), MomentsOf::values, {});
  EXPECT_EQ(first.mean, second.mean);
  EXPECT_EQ(first.variance, second.variance);
  EXPECT_EQ(first.mean[0], first.mean[2]);
  EXPECT_EQ(first.variance[0], first.variance[2]);
}

TYPED_TEST(GeneMoments, RefusesWrongShapesAndNoRows) {
  using T = TypeParam;
  Context context = test::test_context();
  const test::DeviceCsr<T> x(context, test::csr_of<T>({{1, 2, 3}}));
  const test::DeviceArray<std::int32_t> rows(context, std::vector<std::int32_t>{0});
  const test::DeviceArray<double> three(context, 3), two(context, 2);
  const auto of = MomentsOf::values;
  EXPECT_THROW(gene_moments<T>(context, x, rows, of, {}, two, three), InternalError);
  EXPECT_THROW(gene_moments<T>(context, x, rows, of, {}, three, two), InternalError);
  EXPECT_THROW(gene_moments<T>(context, x, rows, of, two, three, three), InternalError);
  EXPECT_THROW(gene_moments<T>(context, x, {}, of, {}, three, three), InternalError);
}

}  // namespace
}  // namespace sparcell

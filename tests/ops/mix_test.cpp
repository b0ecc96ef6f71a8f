#include "sparcell/ops/mix.h"

#include "ops/mixing.h"

namespace sparcell {
namespace {

using test::DeviceArray;
using test::DeviceBatch;
using test::DeviceCsr;

template <class T>
struct Mix : test::OpTest<T> {};
TYPED_TEST_SUITE(Mix, test::Scalars);

using test::mixed_by_definition;

/// A batch of all rows of `x`, whose entries are exchanged for those of `reference`.
template <class T>
struct Mixed {
  Matrix<T> values, standardized;

  Mixed(const Csr<double>& x, const Matrix<double>& reference, double probability, int threads = 1,
        const std::vector<double>& mean = {}, const std::vector<double>& inverse_scale = {}) {
    Context context = test::test_context(threads);
    const DeviceCsr<T> cells(context, x);
    const test::DeviceGenes<T> genes(context, reference);
    const DeviceArray<T> shift(context, mean), factor(context, inverse_scale);
    std::vector<std::int32_t> order;
    for (std::int64_t r = 0; r < x.rows; ++r) order.push_back(static_cast<std::int32_t>(r));
    const DeviceBatch rows(context, order);
    const test::DeviceMatrix<T> out(context, x.rows, x.cols), second(context, x.rows, x.cols);
    gather_mixed<T>(context, cells, rows, test::mixing(genes.view(), probability), out, {shift, factor},
                    mean.empty() ? MatrixView<T>{} : MatrixView<T>(second));
    values = out.to_host();
    if (!mean.empty()) standardized = second.to_host();
  }
};

TYPED_TEST(Mix, FollowsItsDefinition) {
  for (std::int64_t cols : test::edge_sizes) {
    SCOPED_TRACE(cols);
    const auto x = test::random_counts<double>(23, cols, 0.3, 1);
    const Matrix<double> reference = test::dense(test::random_counts<double>(41, cols, 0.3, 2));
    const Mixed<TypeParam> got(x, reference, 0.6);
    test::expect_near(got.values, mixed_by_definition(x, reference, 0.6), 0);
  }
}

TYPED_TEST(Mix, WithoutProbabilityIsTheBatchItself) {
  const auto x = test::random_counts<double>(23, 65, 0.3, 1);
  const Mixed<TypeParam> got(x, Matrix<double>(0, 65), 0);
  test::expect_near(got.values, test::dense(x), 0);
}

TYPED_TEST(Mix, StandardizesWhatItMixed) {
  const std::int64_t cols = 257;
  const auto x = test::random_counts<double>(23, cols, 0.3, 1);
  const Matrix<double> reference = test::dense(test::random_counts<double>(41, cols, 0.3, 2));
  const auto mean = test::random_values(cols, 3), inverse_scale = test::random_values(cols, 4);
  const Mixed<TypeParam> got(x, reference, 0.6, 1, mean, inverse_scale);
  Matrix<double> expected = mixed_by_definition(x, reference, 0.6);
  for (std::int64_t i = 0; i < x.rows; ++i) {
    for (std::int64_t g = 0; g < cols; ++g) expected(i, g) = (expected(i, g) - mean[g]) * inverse_scale[g];
  }
  test::expect_near(got.standardized, expected, test::few_roundings.of<TypeParam>());
}

TYPED_TEST(Mix, ReplacesAsOftenAsSaidByValuesOfTheGene) {
  // Rows of zeros meet a reference without zeros: what is replaced shows. A third of each gene's cells have
  // 1, the others 2. The mean share is probability / 2.
  const std::int64_t cells = 600, genes = 64;
  Csr<double> x;
  x.rows = cells;
  x.cols = genes;
  x.offsets.assign(static_cast<std::size_t>(cells + 1), 0);
  Matrix<double> reference(30, genes);
  for (std::int64_t r = 0; r < reference.rows; ++r) {
    for (std::int64_t g = 0; g < genes; ++g) reference(r, g) = r < 10 ? 1 : 2;
  }
  const Mixed<TypeParam> got(x, reference, 0.6);
  double ones = 0, twos = 0;
  for (const TypeParam value : got.values.values) {
    ones += value == TypeParam(1);
    twos += value == TypeParam(2);
  }
  const double replaced = (ones + twos) / static_cast<double>(cells * genes);
  EXPECT_NEAR(replaced, 0.3, 4 * 0.6 / std::sqrt(12.0 * cells));  // four deviations of the mean of the shares
  EXPECT_NEAR(ones / (ones + twos), 1 / 3.0, 4 * std::sqrt(2 / 9.0 / (ones + twos)));
}

TYPED_TEST(Mix, EqualBitsForAnyThreads) {
  const auto x = test::random_counts<double>(123, 65, 0.3, 5);
  const Matrix<double> reference = test::dense(test::random_counts<double>(41, 65, 0.3, 2));
  EXPECT_EQ((Mixed<TypeParam>(x, reference, 0.5, 1).values.values),
            (Mixed<TypeParam>(x, reference, 0.5, 2).values.values));
}

TYPED_TEST(Mix, RefusesWrongShapes) {
  using T = TypeParam;
  Context context = test::test_context();
  const DeviceCsr<T> x(context, test::csr_of<double>({{1, 0, 2}, {0, 0, 1}}));
  const DeviceBatch rows(context, {1});
  const DeviceArray<std::int64_t> offsets(context, std::vector<std::int64_t>{0, 0, 0, 0});
  const DeviceArray<T> three(context, 3), two(context, 2), none(context, 0);
  const test::DeviceMatrix<T> out(context, 1, 3), narrow(context, 1, 2);
  const GeneValues<T> other{2, offsets.data(), none.data()};
  const auto mix = [&](const GeneValues<T>& from, double probability, MatrixView<T> to,
                       std::span<const T> mean, MatrixView<T> second) {
    gather_mixed<T>(context, x, rows, test::mixing(from, probability), to, {mean, mean}, second);
  };
  EXPECT_NO_THROW(mix(other, 0.5, out, three, out));
  EXPECT_THROW(mix(other, 0.5, narrow, {}, {}), InternalError);
  EXPECT_THROW(mix(other, 1.5, out, {}, {}), InternalError);
  EXPECT_THROW(mix({}, 0.5, out, {}, {}), InternalError);
  EXPECT_THROW(mix(other, 0.5, out, two, out), InternalError);
  EXPECT_THROW(mix(other, 0.5, out, three, {}), InternalError);
  EXPECT_THROW(mix(other, 0.5, out, three, narrow), InternalError);
}

}  // namespace
}  // namespace sparcell

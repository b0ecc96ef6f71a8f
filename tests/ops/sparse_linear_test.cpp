#include "sparcell/ops/sparse_linear.h"

#include "ops/op_test.h"
#include "support/sparse.h"

namespace sparcell {
namespace {

template <class T>
struct SparseLinear : test::OpTest<T> {};
TYPED_TEST_SUITE(SparseLinear, test::Scalars);

/// A data set with empty rows and columns, and a batch of it in which rows repeat.
struct Cells {
  Csr<double> x;
  std::vector<std::int32_t> order;

  Cells(std::int64_t genes, std::int64_t batch, double density = 0.2)
      : x(test::random_counts<double>(97, genes, density, 1)) {
    for (std::int64_t i = 0; i < batch; ++i) order.push_back(static_cast<std::int32_t>((i * 10) % 97));
  }
  std::int64_t batch() const { return static_cast<std::int64_t>(order.size()); }
  /// The batch as a dense matrix.
  Matrix<double> dense() const {
    const Matrix<double> full = test::dense(x);
    Matrix<double> out(batch(), x.cols);
    for (std::int64_t i = 0; i < batch(); ++i) {
      for (std::int64_t g = 0; g < x.cols; ++g) out(i, g) = full(order[i], g);
    }
    return out;
  }
};

template <class T>
Matrix<T> forward(int threads, const Cells& cells, const Matrix<double>& weight) {
  Context context = test::test_context(threads);
  const test::DeviceCsr<T> x(context, cells.x);
  const test::DeviceBatch rows(context, cells.order);
  const test::DeviceMatrix<T> w(context, weight), out(context, cells.batch(), weight.cols);
  sparse_linear<T>(context, x, rows, w, out);
  return out.to_host();
}

template <class T>
Matrix<T> weight_gradient(int threads, const Cells& cells, const Matrix<double>& grad_out,
                          const Matrix<double>& before) {
  Context context = test::test_context(threads);
  const test::DeviceCsr<T> x(context, cells.x);
  const test::DeviceBatch rows(context, cells.order);
  const test::DeviceMatrix<T> g(context, grad_out), grad_weight(context, before);
  sparse_linear_weight_gradient<T>(context, x, rows, g, grad_weight);
  return grad_weight.to_host();
}

/// Sums of at most 250 products of counts below 20 with numbers below 2.
constexpr double magnitude = 250;

/// Those of op_test.h, and widths about the 16 numbers that fill a register.
std::vector<std::int64_t> widths() {
  std::vector<std::int64_t> all{3, 10, 15, 16, 17};
  all.insert(all.end(), std::begin(test::edge_sizes), std::end(test::edge_sizes));
  return all;
}

TYPED_TEST(SparseLinear, IsTheDenseProduct) {
  for (std::int64_t width : widths()) {
    for (std::int64_t genes : {1, 33, 257}) {
      SCOPED_TRACE(fmt::format("{} genes to {}", genes, width));
      const Cells cells(genes, 33);
      const Matrix<double> x = cells.dense(), weight = test::random_matrix(genes, width, 2);
      Matrix<double> expected(33, width);
      for (std::int64_t i = 0; i < 33; ++i) {
        for (std::int64_t g = 0; g < genes; ++g) {
          for (std::int64_t h = 0; h < width; ++h) expected(i, h) += x(i, g) * weight(g, h);
        }
      }
      const auto got = forward<TypeParam>(2, cells, weight);
      test::expect_near(got, expected, test::long_sums.of<TypeParam>(), magnitude);
      EXPECT_EQ(got.values, forward<TypeParam>(1, cells, weight).values);
    }
  }
}

template <class T>
void check_weight_gradient(const Cells& cells, std::int64_t width) {
  SCOPED_TRACE(fmt::format("batch of {}, {} genes to {}", cells.batch(), cells.x.cols, width));
  const std::int64_t genes = cells.x.cols;
  const Matrix<double> x = cells.dense(), grad_out = test::random_matrix(cells.batch(), width, 3);
  const Matrix<double> before = test::random_matrix(genes, width, 4);
  Matrix<double> expected = before;
  for (std::int64_t i = 0; i < cells.batch(); ++i) {
    for (std::int64_t g = 0; g < genes; ++g) {
      for (std::int64_t h = 0; h < width; ++h) expected(g, h) += x(i, g) * grad_out(i, h);
    }
  }
  const auto got = weight_gradient<T>(2, cells, grad_out, before);
  test::expect_near(got, expected, test::long_sums.of<T>(), magnitude);
  EXPECT_EQ(got.values, weight_gradient<T>(1, cells, grad_out, before).values);
}

TYPED_TEST(SparseLinear, WeightGradientIsTheDenseProductAndAccumulates) {
  for (std::int64_t width : widths()) {
    for (std::int64_t batch : {1, 33, 257}) check_weight_gradient<TypeParam>(Cells(65, batch), width);
  }
}

TYPED_TEST(SparseLinear, IsTheSameHoweverOutputsAreSharedOut) {
  for (std::int64_t width : {48, 64, 144, 192, 328}) {
    const Cells cells(65, 33);
    const Matrix<double> weight = test::random_matrix(65, width, 2),
                         grad_out = test::random_matrix(33, width, 3);
    for (int threads : {2, 3, 5}) {
      SCOPED_TRACE(fmt::format("{} outputs, {} threads", width, threads));
      EXPECT_EQ(forward<TypeParam>(threads, cells, weight).values,
                forward<TypeParam>(1, cells, weight).values);
      EXPECT_EQ(weight_gradient<TypeParam>(threads, cells, grad_out, weight).values,
                weight_gradient<TypeParam>(1, cells, grad_out, weight).values);
    }
    check_weight_gradient<TypeParam>(cells, width);
  }
}

TYPED_TEST(SparseLinear, WeightGradientOfBatchesThatAGpuTakesByGenes) {
  for (std::int64_t width : {3, 128, 130}) check_weight_gradient<TypeParam>(Cells(33, 600), width);
}

TYPED_TEST(SparseLinear, WeightGradientOfCellsOfManyGenes) {
  for (std::int64_t genes : {900, 3000}) check_weight_gradient<TypeParam>(Cells(genes, 9, 0.9), 6);
}

TYPED_TEST(SparseLinear, EmptyGenesKeepTheirWeightGradient) {
  const auto before = test::random_matrix(65, 64, 5);
  const auto got = weight_gradient<TypeParam>(1, Cells(65, 33), test::random_matrix(33, 64, 6), before);
  for (std::int64_t g = 2; g < 65; g += 5) {  // the columns that random_counts leaves empty
    for (std::int64_t h = 0; h < 64; ++h) ASSERT_EQ(got(g, h), static_cast<TypeParam>(before(g, h)));
  }
}

TYPED_TEST(SparseLinear, OfNoRowsIsNothing) {
  const auto before = test::random_matrix(7, 5, 7);
  EXPECT_EQ(forward<TypeParam>(1, Cells(7, 0), before).rows, 0);
  const auto got = weight_gradient<TypeParam>(1, Cells(7, 0), Matrix<double>(0, 5), before);
  test::expect_near(got, before, 0);
}

TYPED_TEST(SparseLinear, RefusesWrongShapes) {
  using T = TypeParam;
  Context context = test::test_context();
  const test::DeviceCsr<T> x(context, test::csr_of<double>({{1, 0, 2}, {0, 0, 1}}));
  const test::DeviceBatch rows(context, {1, 0});
  const test::DeviceMatrix<T> three_by_four(context, 3, 4), two_by_four(context, 2, 4),
      two_by_five(context, 2, 5);
  EXPECT_THROW(sparse_linear<T>(context, x, rows, two_by_four, two_by_four), InternalError);
  EXPECT_THROW(sparse_linear<T>(context, x, rows, three_by_four, two_by_five), InternalError);
  EXPECT_THROW(sparse_linear<T>(context, x, rows, three_by_four, three_by_four), InternalError);
  EXPECT_THROW(sparse_linear_weight_gradient<T>(context, x, rows, two_by_four, two_by_four), InternalError);
  EXPECT_THROW(sparse_linear_weight_gradient<T>(context, x, rows, two_by_five, three_by_four), InternalError);
  EXPECT_THROW(sparse_linear_weight_gradient<T>(context, x, rows, three_by_four, three_by_four),
               InternalError);
}

}  // namespace
}  // namespace sparcell

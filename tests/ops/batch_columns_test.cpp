#include "sparcell/ops/batch_columns.h"

#include <limits>

#include "ops/op_test.h"
#include "support/sparse.h"

namespace sparcell {
namespace {

template <class T>
struct Columns : testing::Test {};
TYPED_TEST_SUITE(Columns, test::Scalars);

/// A batch on the device with its columns.
template <class T>
class Batch {
 public:
  Batch(Context& context, const Matrix<double>& x)
      : x_(context, x),
        begin_(context, x.cols),
        end_(context, x.cols),
        cell_(context, x.rows * x.cols),
        values_(context, x.rows * x.cols),
        columns_{x.rows, x.cols, begin_.data(), end_.data(), cell_.data(), values_.data()} {
    find_columns<T>(context, x_, columns_);
  }
  const BatchColumns<T>& columns() const { return columns_; }

 private:
  test::DeviceMatrix<T> x_;
  test::DeviceArray<std::int64_t> begin_, end_;
  test::DeviceArray<std::int32_t> cell_;
  test::DeviceArray<T> values_;
  BatchColumns<T> columns_;
};

/// What a gene has, cell by cell.
using Entries = std::vector<std::pair<std::int64_t, double>>;

template <class T>
std::vector<Entries> entries_of(const BatchColumns<T>& x) {
  std::vector<Entries> genes;
  for (std::int64_t g = 0; g < x.cols; ++g) {
    genes.emplace_back();
    for (std::int64_t k = x.begin[g]; k < x.end[g]; ++k)
      genes.back().emplace_back(x.cell[k], static_cast<double>(x.values[k]));
  }
  return genes;
}

std::vector<Entries> entries_of(const Matrix<double>& x) {
  std::vector<Entries> genes(static_cast<std::size_t>(x.cols));
  for (std::int64_t i = 0; i < x.rows; ++i) {
    for (std::int64_t g = 0; g < x.cols; ++g) {
      if (x(i, g) != 0) genes[static_cast<std::size_t>(g)].emplace_back(i, x(i, g));
    }
  }
  return genes;
}

/// Small counts of `cells` x `genes`, with empty cells and genes.
Matrix<double> some_counts(std::int64_t cells, std::int64_t genes, double density = 0.2) {
  return test::dense(test::random_counts<double>(cells, genes, density, 1));
}

TYPED_TEST(Columns, AreTheEntriesThatAreNotZero) {
  for (const std::int64_t genes : test::edge_sizes) {
    for (const std::int64_t cells : {1, 33, 257}) {
      for (const double density : {0.0, 0.2, 1.0}) {
        SCOPED_TRACE(fmt::format("{} x {}, {}", cells, genes, density));
        const Matrix<double> x = some_counts(cells, genes, density);
        for (const int threads : {1, 2}) {
          Context context({}, threads);
          const Batch<TypeParam> batch(context, x);
          EXPECT_EQ(entries_of(batch.columns()), entries_of(x));
        }
      }
    }
  }
}

TYPED_TEST(Columns, OfAMatrixWithoutZeros) {
  Context context;
  const Batch<TypeParam> batch(context, test::random_matrix(129, 65, 1));
  for (const Entries& gene : entries_of(batch.columns())) EXPECT_EQ(gene.size(), 129u);
}

TYPED_TEST(Columns, NotANumberIsAnEntryAndMinusZeroNone) {
  Context context;
  Matrix<double> x(2, 3);
  x.values = {0, std::numeric_limits<double>::quiet_NaN(), -0.0, -0.0, 0, -2};
  const Batch<TypeParam> batch(context, x);
  const std::vector<Entries> genes = entries_of(batch.columns());
  EXPECT_TRUE(genes[0].empty());
  ASSERT_EQ(genes[1].size(), 1u);
  EXPECT_TRUE(std::isnan(genes[1][0].second));
  EXPECT_EQ(genes[2], (Entries{{1, -2}}));
}

/// With what genes are standardized; empty: with nothing.
struct Standard {
  std::vector<double> mean, inverse_scale;

  Standard(std::int64_t genes, bool standardized)
      : mean(test::random_values(standardized ? genes : 0, 5)),
        inverse_scale(test::random_values(standardized ? genes : 0, 6)) {}

  Matrix<double> of(Matrix<double> x) const {
    if (mean.empty()) return x;
    for (std::int64_t i = 0; i < x.rows; ++i) {
      for (std::int64_t g = 0; g < x.cols; ++g) {
        const auto gene = static_cast<std::size_t>(g);
        x(i, g) = (x(i, g) - mean[gene]) * inverse_scale[gene];
      }
    }
    return x;
  }
};

/// Sums of at most 257 standardized counts below 20, times numbers below 2.
constexpr double magnitude = 1000;

template <class T>
Matrix<T> product(int threads, const Matrix<double>& x, const Standard& standard,
                  const Matrix<double>& weight, bool accumulate, const Matrix<double>& before) {
  Context context({}, threads);
  const Batch<T> batch(context, x);
  const test::DeviceArray<T> mean(context, standard.mean), scale(context, standard.inverse_scale);
  const test::DeviceMatrix<T> w(context, weight), out(context, before);
  columns_linear<T>(context, batch.columns(), mean, scale, w, accumulate, out);
  return out.to_host();
}

template <class T>
Matrix<T> weight_gradient(int threads, const Matrix<double>& x, const Standard& standard,
                          const Matrix<double>& grad_out, const Matrix<double>& before) {
  Context context({}, threads);
  const Batch<T> batch(context, x);
  const test::DeviceArray<T> mean(context, standard.mean), scale(context, standard.inverse_scale);
  const test::DeviceMatrix<T> g(context, grad_out), grad_weight(context, before);
  columns_linear_weight_gradient<T>(context, batch.columns(), mean, scale, g, grad_weight);
  return grad_weight.to_host();
}

template <class T>
void check_product(std::int64_t genes, std::int64_t width, bool standardized) {
  SCOPED_TRACE(fmt::format("{} genes to {}, standardized: {}", genes, width, standardized));
  const Standard standard(genes, standardized);
  const Matrix<double> x = some_counts(33, genes), seen = standard.of(x),
                       weight = test::random_matrix(genes, width, 2),
                       before = test::random_matrix(33, width, 3);
  Matrix<double> expected(33, width), added = before;
  for (std::int64_t i = 0; i < 33; ++i) {
    for (std::int64_t g = 0; g < genes; ++g) {
      for (std::int64_t h = 0; h < width; ++h) expected(i, h) += seen(i, g) * weight(g, h);
    }
    for (std::int64_t h = 0; h < width; ++h) added(i, h) += expected(i, h);
  }
  const double tolerance = test::long_sums.of<T>();
  const auto got = product<T>(2, x, standard, weight, false, before);
  test::expect_near(got, expected, tolerance, magnitude);
  EXPECT_EQ(got.values, product<T>(1, x, standard, weight, false, before).values);
  test::expect_near(product<T>(2, x, standard, weight, true, before), added, tolerance, magnitude);
}

TYPED_TEST(Columns, ProductIsThatOfTheStandardizedBatch) {
  for (const std::int64_t width : {1, 10, 15, 16, 17, 63, 64, 65, 90, 256}) {
    for (const std::int64_t genes : {1, 33, 257}) {
      for (const bool standardized : {false, true}) check_product<TypeParam>(genes, width, standardized);
    }
  }
}

template <class T>
void check_weight_gradient(std::int64_t cells, std::int64_t width, bool standardized) {
  SCOPED_TRACE(fmt::format("{} cells, {} outputs, standardized: {}", cells, width, standardized));
  const std::int64_t genes = 65;
  const Standard standard(genes, standardized);
  const Matrix<double> x = some_counts(cells, genes), seen = standard.of(x),
                       grad_out = test::random_matrix(cells, width, 3),
                       before = test::random_matrix(genes, width, 4);
  Matrix<double> expected = before;
  for (std::int64_t i = 0; i < cells; ++i) {
    for (std::int64_t g = 0; g < genes; ++g) {
      for (std::int64_t h = 0; h < width; ++h) expected(g, h) += seen(i, g) * grad_out(i, h);
    }
  }
  const auto got = weight_gradient<T>(2, x, standard, grad_out, before);
  test::expect_near(got, expected, test::long_sums.of<T>(), magnitude);
  EXPECT_EQ(got.values, weight_gradient<T>(1, x, standard, grad_out, before).values);
}

TYPED_TEST(Columns, WeightGradientIsThatOfTheStandardizedBatchAndAccumulates) {
  for (const std::int64_t width : {1, 10, 16, 17, 64, 65, 90}) {
    for (const std::int64_t cells : {1, 33, 257}) {
      for (const bool standardized : {false, true})
        check_weight_gradient<TypeParam>(cells, width, standardized);
    }
  }
}

TYPED_TEST(Columns, OfNoCellsOrGenesIsNothing) {
  const Matrix<double> weight = test::random_matrix(5, 7, 1), out = test::random_matrix(2, 7, 2);
  const Standard standard(5, true), none(0, false);
  EXPECT_EQ((product<TypeParam>(1, {0, 5}, standard, weight, false, {0, 7}).rows), 0);
  test::expect_near(weight_gradient<TypeParam>(1, {0, 5}, standard, {0, 7}, weight), weight, 0);
  test::expect_near(product<double>(1, {2, 0}, none, {0, 7}, false, out), {2, 7}, 0);
}

TYPED_TEST(Columns, RefuseWrongShapes) {
  using T = TypeParam;
  Context context;
  const Batch<T> batch(context, some_counts(2, 3));
  const BatchColumns<T>& x = batch.columns();
  const test::DeviceMatrix<T> two_by_three(context, 2, 3), two_by_four(context, 2, 4),
      three_by_four(context, some_counts(3, 4));
  const test::DeviceArray<T> three(context, std::vector<T>{1, 2, 3}), two(context, std::vector<T>{1, 2});
  const std::span<const T> none;
  EXPECT_THROW(find_columns<T>(context, three_by_four, x), InternalError);
  const auto linear = [&](std::span<const T> mean, std::span<const T> scale, MatrixView<const T> weight,
                          MatrixView<T> out) {
    columns_linear<T>(context, x, mean, scale, weight, false, out);
  };
  EXPECT_NO_THROW(linear(three, three, three_by_four, two_by_four));
  EXPECT_THROW(linear(none, none, two_by_four, two_by_four), InternalError);
  EXPECT_THROW(linear(none, none, three_by_four, three_by_four), InternalError);
  EXPECT_THROW(linear(none, none, three_by_four, two_by_three), InternalError);
  EXPECT_THROW(linear(two, two, three_by_four, two_by_four), InternalError);
  EXPECT_THROW(linear(three, none, three_by_four, two_by_four), InternalError);
  const auto gradient = [&](std::span<const T> mean, std::span<const T> scale, MatrixView<const T> grad_out,
                            MatrixView<T> to) {
    columns_linear_weight_gradient<T>(context, x, mean, scale, grad_out, to);
  };
  EXPECT_THROW(gradient(none, none, two_by_four, two_by_four), InternalError);
  EXPECT_THROW(gradient(none, none, three_by_four, three_by_four), InternalError);
  EXPECT_THROW(gradient(none, none, two_by_three, three_by_four), InternalError);
  EXPECT_THROW(gradient(three, two, two_by_four, three_by_four), InternalError);
}

TEST(ColumnsDevice, OnlyTheCpuHasThem) {
  Context context = test::test_context();
  const Buffer<float> x(context, std::vector<float>(6, 0)), values(context, 6);
  const Buffer<std::int64_t> begin(context, 3), end(context, 3);
  const Buffer<std::int32_t> cells(context, 6);
  const auto find = [&] {
    find_columns<float>(context, {x.data(), 2, 3},
                        {2, 3, begin.data(), end.data(), cells.data(), values.data()});
  };
  if (context.device().is_cuda()) {
    EXPECT_THROW(find(), InternalError);
  } else {
    EXPECT_NO_THROW(find());
  }
}

}  // namespace
}  // namespace sparcell

// Covariances of sparse rows, against two passes over the dense matrix in long double.
#include "sparcell/ops/covariance.h"

#include "ops/op_test.h"
#include "support/sparse.h"

namespace sparcell {
namespace {

constexpr double untouched = -77;

double covariance_of(const Matrix<double>& x, std::int64_t g, std::int64_t h) {
  long double mean_g = 0, mean_h = 0, sum = 0;
  for (std::int64_t r = 0; r < x.rows; ++r) mean_g += x(r, g), mean_h += x(r, h);
  mean_g /= x.rows, mean_h /= x.rows;
  for (std::int64_t r = 0; r < x.rows; ++r) sum += (x(r, g) - mean_g) * (x(r, h) - mean_h);
  return static_cast<double>(sum / (x.rows - 1));
}

Matrix<double> upper_triangle(std::int64_t genes) {
  Matrix<double> products(genes, genes, untouched);
  for (std::int64_t g = 0; g < genes; ++g)
    std::fill(products.view().row(g) + g, products.view().row(g) + genes, 0.0);
  return products;
}

/// The covariance of x, given in two chunks.
template <class T>
Matrix<double> in_chunks(const Csr<T>& x, std::int64_t first_rows, int threads) {
  Context context = test::test_context(threads);
  const test::DeviceCsr<T> on_device(context, x);
  const test::DeviceMatrix<double> products(context, upper_triangle(x.cols));
  const test::DeviceArray<double> sums(context, std::vector<double>(static_cast<std::size_t>(x.cols)));
  const CsrView<const T> all = on_device;
  const CsrView<const T> first{first_rows, x.cols, all.offsets, all.indices, all.values};
  const CsrView<const T> second{x.rows - first_rows, x.cols, all.offsets + first_rows, all.indices,
                                all.values};
  add_products<T>(context, first, products, sums);
  add_products<T>(context, second, products, sums);
  products_to_covariance<double>(context, sums, x.rows, products);
  return products.to_host();
}

template <class T>
struct Covariance : test::OpTest<T> {};
TYPED_TEST_SUITE(Covariance, test::Scalars);

TYPED_TEST(Covariance, EqualsTwoPassesWhetherSparseOrDense) {
  std::lognormal_distribution<double> values(0, 0.7);
  for (double density : {0.05, 0.9}) {
    for (const auto& [rows, genes] : {std::pair{2, 23}, {33, 65}, {300, 23}, {1100, 7}}) {
      const auto x = test::random_csr<TypeParam>(rows, genes, density, 5, [&](auto& g) { return values(g); });
      const auto exact = test::dense(x);
      const Matrix<double> got = in_chunks(x, rows / 3, 2);
      for (std::int64_t g = 0; g < genes; ++g) {
        for (std::int64_t h = 0; h < genes; ++h) {
          // Sums are f64 in both; what a product of means cancels is of order 1.
          ASSERT_NEAR(got(g, h), h < g ? untouched : covariance_of(exact, g, h), 1e-12)
              << density << " " << g << " " << h;
        }
      }
    }
  }
}

TYPED_TEST(Covariance, SparseSumsDoNotDependOnThreads) {
  const auto x = test::random_counts<TypeParam>(200, 31, 0.1, 9);
  EXPECT_EQ(in_chunks(x, 100, 1).values, in_chunks(x, 100, 3).values);
}

TYPED_TEST(Covariance, NamesWhatDoesNotFit) {
  Context context = test::test_context();
  const test::DeviceCsr<TypeParam> x(context, test::random_counts<TypeParam>(5, 4, 0.5, 1));
  const test::DeviceMatrix<double> products(context, 4, 4), wrong(context, 4, 3);
  const test::DeviceArray<double> sums(context, 4);
  EXPECT_THROW(add_products<TypeParam>(context, x, wrong, sums), InternalError);
  EXPECT_THROW(products_to_covariance<double>(context, sums, 1, products), InternalError);
}

}  // namespace
}  // namespace sparcell

#include "sparcell/ops/pair_products.h"

#include "ops/op_test.h"

namespace sparcell {
namespace {

using test::DeviceMatrix;

template <class T>
struct PairProducts : test::OpTest<T> {};
TYPED_TEST_SUITE(PairProducts, test::Scalars);

constexpr std::pair<std::int64_t, std::int64_t> shapes[] = {{1, 1}, {31, 8}, {33, 8}, {64, 3}, {257, 5}};

TYPED_TEST(PairProducts, MultipliesElementByElement) {
  using T = TypeParam;
  for (const auto& [rows, cols] : shapes) {
    SCOPED_TRACE(fmt::format("{} x {}", rows, cols));
    const auto a = test::random_matrix(rows, cols, 1), b = test::random_matrix(rows, cols, 2);
    Matrix<double> expected = a, square = a;
    for (std::size_t i = 0; i < a.values.size(); ++i) {
      expected.values[i] *= b.values[i];
      square.values[i] *= a.values[i];
    }
    Context context = test::test_context(2);
    const DeviceMatrix<T> x(context, a), y(context, b), out(context, rows, cols);
    elementwise_product<T>(context, x, y, out);
    test::expect_near(out.to_host(), expected, test::few_roundings.of<T>());
    elementwise_product<T>(context, x, x, x);
    test::expect_near(x.to_host(), square, test::few_roundings.of<T>());
  }
}

/// Three genes a cell: the sum over their three pairs, written out.
TYPED_TEST(PairProducts, OfSumsAndSquaresIsTheSumOverPairs) {
  using T = TypeParam;
  for (const auto& [rows, cols] : shapes) {
    SCOPED_TRACE(fmt::format("{} x {}", rows, cols));
    const auto p = test::random_matrix(rows, cols, 3), o = test::random_matrix(rows, cols, 4),
               n = test::random_matrix(rows, cols, 5);
    Matrix<double> sums = p, squares = p, expected = p;
    for (std::size_t i = 0; i < p.values.size(); ++i) {
      const double a = p.values[i], b = o.values[i], c = n.values[i];
      sums.values[i] = a + b + c;
      squares.values[i] = a * a + b * b + c * c;
      expected.values[i] = a * b + a * c + b * c;
    }
    Context context = test::test_context(2);
    const DeviceMatrix<T> s(context, sums), t(context, squares), out(context, rows, cols);
    pair_products<T>(context, s, t, out);
    test::expect_near(out.to_host(), expected, test::few_roundings.of<T>(), 40);
  }
}

/// Cells that each hold gene 0 and one other: differences of the sum of weighted products by gene 0's
/// numbers.
TYPED_TEST(PairProducts, BackwardIsTheDifferenceByAGene) {
  using T = TypeParam;
  constexpr std::int64_t cells = 9, cols = 5;
  auto q = test::random_matrix(cells + 1, cols, 6);
  const auto g = test::random_matrix(cells, cols, 7);
  const auto loss = [&] {
    double sum = 0;
    for (std::int64_t i = 0; i < cells; ++i) {
      for (std::int64_t c = 0; c < cols; ++c) sum += g(i, c) * q(0, c) * q(i + 1, c);
    }
    return sum;
  };
  Matrix<double> expected(1, cols), with_sums(1, cols), plain(1, cols), own(1, cols);
  for (std::int64_t c = 0; c < cols; ++c) {
    own(0, c) = q(0, c);
    for (std::int64_t i = 0; i < cells; ++i) {
      with_sums(0, c) += g(i, c) * (q(0, c) + q(i + 1, c));
      plain(0, c) += g(i, c);
    }
    const double at = q(0, c), h = 1e-6;
    q(0, c) = at + h;
    const double above = loss();
    q(0, c) = at - h;
    expected(0, c) = (above - loss()) / (2 * h);
    q(0, c) = at;
  }
  Context context = test::test_context();
  const DeviceMatrix<T> of_gene(context, own), G(context, with_sums), H(context, plain),
      grad(context, 1, cols);
  pair_products_backward<T>(context, of_gene, G, H, grad);
  test::expect_near(grad.to_host(), expected, test::central_difference.of<T>());
}

TYPED_TEST(PairProducts, OfNothingIsNothing) {
  using T = TypeParam;
  Context context = test::test_context();
  const DeviceMatrix<T> none(context, 0, 4);
  elementwise_product<T>(context, none, none, none);
  pair_products<T>(context, none, none, none);
  pair_products_backward<T>(context, none, none, none, none);
}

TYPED_TEST(PairProducts, RefusesWrongShapes) {
  using T = TypeParam;
  Context context = test::test_context();
  const DeviceMatrix<T> x(context, 3, 4), low(context, 2, 4), narrow(context, 3, 3);
  EXPECT_THROW(elementwise_product<T>(context, low, x, x), InternalError);
  EXPECT_THROW(elementwise_product<T>(context, x, narrow, x), InternalError);
  EXPECT_THROW(pair_products<T>(context, x, x, low), InternalError);
  EXPECT_THROW(pair_products<T>(context, x, narrow, x), InternalError);
  EXPECT_THROW(pair_products_backward<T>(context, low, x, x, x), InternalError);
  EXPECT_THROW(pair_products_backward<T>(context, x, low, x, x), InternalError);
  EXPECT_THROW(pair_products_backward<T>(context, x, x, narrow, x), InternalError);
}

}  // namespace
}  // namespace sparcell

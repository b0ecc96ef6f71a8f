#include "sparcell/ops/matmul.h"

#include "ops/op_test.h"

namespace sparcell {
namespace {

template <class T>
struct Matmul : test::OpTest<T> {};
TYPED_TEST_SUITE(Matmul, test::Scalars);

double element(const Matrix<double>& x, Transpose transpose, std::int64_t r, std::int64_t c) {
  return transpose == Transpose::yes ? x(c, r) : x(r, c);
}

/// The product by its definition, and the sum of the terms' magnitudes, which scales the error.
struct Product {
  Matrix<double> value, magnitude;
};

Product product(Transpose ta, Transpose tb, const Matrix<double>& a, const Matrix<double>& b,
                std::int64_t k) {
  const std::int64_t m = ta == Transpose::yes ? a.cols : a.rows, n = tb == Transpose::yes ? b.rows : b.cols;
  Product out{Matrix<double>(m, n), Matrix<double>(m, n)};
  for (std::int64_t r = 0; r < m; ++r) {
    for (std::int64_t c = 0; c < n; ++c) {
      for (std::int64_t i = 0; i < k; ++i) {
        const double term = element(a, ta, r, i) * element(b, tb, i, c);
        out.value(r, c) += term;
        out.magnitude(r, c) += std::abs(term);
      }
    }
  }
  return out;
}

template <class T>
void check(int threads, std::int64_t m, std::int64_t k, std::int64_t n, Transpose ta, Transpose tb, T beta) {
  SCOPED_TRACE(fmt::format("{} x {} x {}, transposed {} and {}, beta {}, {} threads", m, k, n,
                           ta == Transpose::yes, tb == Transpose::yes, beta, threads));
  const bool swap_a = ta == Transpose::yes, swap_b = tb == Transpose::yes;
  const auto a = test::random_matrix(swap_a ? k : m, swap_a ? m : k, 1);
  const auto b = test::random_matrix(swap_b ? n : k, swap_b ? k : n, 2);
  const auto before = test::random_matrix(m, n, 3);
  Product expected = product(ta, tb, a, b, k);
  if (beta == T(1)) {
    for (std::size_t i = 0; i < before.values.size(); ++i) expected.value.values[i] += before.values[i];
  }
  Context context = test::test_context(threads);
  const test::DeviceMatrix<T> left(context, a), right(context, b);
  const auto run = [&](const test::DeviceMatrix<T>& out) {
    matmul<T>(context, ta, tb, left, right, beta, out);
    const Matrix<T> got = out.to_host();
    for (std::int64_t r = 0; r < m; ++r) {
      for (std::int64_t c = 0; c < n; ++c) {
        ASSERT_NEAR(
            got(r, c), expected.value(r, c),
            test::long_sums.of<T>() * std::max(expected.magnitude(r, c), std::abs(expected.value(r, c))))
            << "row " << r << ", column " << c;
      }
    }
  };
  if (beta == T(1)) {
    run(test::DeviceMatrix<T>(context, before));
  } else {
    run(test::DeviceMatrix<T>(context, m, n));  // poisoned: beta 0 must not read it
  }
}

TYPED_TEST(Matmul, IsTheSumOfProducts) {
  for (int threads : {1, 2}) {
    for (Transpose ta : {Transpose::no, Transpose::yes}) {
      for (Transpose tb : {Transpose::no, Transpose::yes}) {
        for (TypeParam beta : {TypeParam(0), TypeParam(1)}) {
          check(threads, 33, 64, 65, ta, tb, beta);
          check(threads, 65, 257, 31, ta, tb, beta);
          check(threads, 257, 1, 63, ta, tb, beta);
        }
      }
    }
  }
}

TYPED_TEST(Matmul, AtTheEdgesOfBlocks) {
  for (std::int64_t size : test::edge_sizes) {
    check<TypeParam>(2, size, 33, 7, Transpose::no, Transpose::yes, 0);
    check<TypeParam>(2, 7, size, 33, Transpose::yes, Transpose::no, 1);
    check<TypeParam>(2, 33, 7, size, Transpose::no, Transpose::no, 0);
  }
}

template <class T>
std::vector<T> of_threads(int threads, const Matrix<double>& a, const Matrix<double>& b, Transpose ta,
                          Transpose tb, const Matrix<double>& before) {
  Context context = test::test_context(threads);
  const test::DeviceMatrix<T> left(context, a), right(context, b), out(context, before);
  matmul<T>(context, ta, tb, left, right, T(1), out);
  return out.to_host().values;
}

TYPED_TEST(Matmul, OfABatchIsTheSameHoweverThreadsShareIt) {
  using T = TypeParam;
  struct Size {
    std::int64_t batch, in, out;
  };
  const auto no = Transpose::no, yes = Transpose::yes;
  for (const Size& size :
       {Size{128, 256, 1000}, Size{67, 101, 333}, Size{257, 64, 400}, Size{65, 300, 193}}) {
    SCOPED_TRACE(fmt::format("a batch of {}, {} to {}", size.batch, size.in, size.out));
    check<T>(3, size.batch, size.in, size.out, no, yes, 0);
    check<T>(3, size.out, size.batch, size.in, yes, no, 1);
    if (!std::is_same_v<T, float>) continue;
    const auto input = test::random_matrix(size.batch, size.in, 1),
               weight = test::random_matrix(size.out, size.in, 2),
               output = test::random_matrix(size.batch, size.out, 3);
    for (const int threads : {2, 3, 5}) {
      EXPECT_EQ(of_threads<T>(threads, input, weight, no, yes, output),
                of_threads<T>(1, input, weight, no, yes, output));
      EXPECT_EQ(of_threads<T>(threads, output, input, yes, no, weight),
                of_threads<T>(1, output, input, yes, no, weight));
    }
  }
}

TYPED_TEST(Matmul, OfNoRowsOrColumnsIsNothing) {
  check<TypeParam>(1, 0, 3, 4, Transpose::no, Transpose::no, 0);
  check<TypeParam>(1, 3, 4, 0, Transpose::yes, Transpose::yes, 1);
}

TYPED_TEST(Matmul, RefusesShapesThatDoNotFitAndOtherBetas) {
  using T = TypeParam;
  Context context = test::test_context();
  const test::DeviceMatrix<T> a(context, 2, 3), b(context, 3, 4), out(context, 2, 4), none(context, 2, 0),
      empty(context, 0, 4);
  const auto no = Transpose::no, yes = Transpose::yes;
  EXPECT_THROW(matmul<T>(context, yes, no, a, b, 0, out), InternalError);
  EXPECT_THROW(matmul<T>(context, no, yes, a, b, 0, out), InternalError);
  EXPECT_THROW(matmul<T>(context, no, no, a, b, 0, a), InternalError);
  EXPECT_THROW(matmul<T>(context, no, no, a, b, 0, b), InternalError);
  EXPECT_THROW(matmul<T>(context, no, no, a, b, T(0.5), out), InternalError);
  EXPECT_THROW(matmul<T>(context, no, no, none, empty, 0, out), InternalError);
}

}  // namespace
}  // namespace sparcell

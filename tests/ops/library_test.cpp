#include "sparcell/ops/library.h"

#include "math/philox.h"
#include "ops/op_test.h"

namespace sparcell {
namespace {

using test::DeviceArray, test::DeviceMatrix;

template <class T>
struct Library : test::OpTest<T> {};
TYPED_TEST_SUITE(Library, test::Scalars);

const RandomStream stream(31, Purpose::generator_input, 4);
const std::vector<double> scale{3.5, 0.25};

TYPED_TEST(Library, QuantilesAreThoseOfTheTable) {
  using T = TypeParam;
  const std::vector<double> table{-2, -1, -0.5, 0, 4};
  for (std::int64_t rows : test::edge_sizes) {
    SCOPED_TRACE(rows);
    Context context = test::test_context();
    const DeviceArray<T> entries(context, table);
    const DeviceMatrix<T> out(context, rows, 1);
    draw_quantiles<T>(context, stream, entries, out);
    Matrix<double> expected(rows, 1);
    for (std::int64_t i = 0; i < rows; ++i) {
      const double place =
          4 * math::uniform<double>(math::PhiloxStream(stream).word(static_cast<std::uint64_t>(i)));
      const auto low = static_cast<std::size_t>(place);
      expected(i, 0) = table[low] + (place - static_cast<double>(low)) * (table[low + 1] - table[low]);
    }
    test::expect_near(out.to_host(), expected, test::few_roundings.of<T>(), 4);
  }
}

/// Cells with zeros, one of them without counts, and sizes.
struct Problem {
  Matrix<double> x, grad, size;

  Problem(std::int64_t rows, std::int64_t cols)
      : x(test::random_matrix(rows, cols, 1)),
        grad(test::random_matrix(rows, cols, 2)),
        size(test::random_matrix(rows, 1, 3)) {
    for (double& value : x.values) value = std::max(value, 0.0);
    for (std::int64_t c = 0; c < cols && rows > 1; ++c) x(1, c) = 0;
  }

  Matrix<double> scaled() const {
    Matrix<double> out(x.rows, x.cols);
    for (std::int64_t r = 0; r < x.rows; ++r) {
      double sum = 0;
      for (std::int64_t c = 0; c < x.cols; ++c) sum += std::expm1(x(r, c));
      const double factor = sum > 0 ? std::exp(scale[0] + scale[1] * size(r, 0)) / sum : 0;
      for (std::int64_t c = 0; c < x.cols; ++c) out(r, c) = std::log1p(factor * std::expm1(x(r, c)));
    }
    return out;
  }
};

template <class T>
void check_scaled(const Problem& problem) {
  SCOPED_TRACE(fmt::format("{} x {}", problem.x.rows, problem.x.cols));
  const Matrix<double> expected = problem.scaled();
  std::vector<T> of_one_thread;
  for (int threads : {1, 2}) {
    Context context = test::test_context(threads);
    const DeviceMatrix<T> x(context, problem.x), size(context, problem.size),
        out(context, problem.x.rows, problem.x.cols);
    const DeviceArray<T> units(context, scale);
    scale_to_library<T>(context, x, size, units, out);
    const Matrix<T> got = out.to_host();
    test::expect_near(got, expected, test::elementary.of<T>(), 1);
    if (threads == 1) of_one_thread = got.values;
    EXPECT_EQ(got.values, of_one_thread);
    scale_to_library<T>(context, x, size, units, x);
    EXPECT_EQ(x.to_host().values, of_one_thread) << "in its own memory";
  }
}

TYPED_TEST(Library, CellsHaveTheTotalsThatTheyAreGiven) {
  for (std::int64_t cols : test::edge_sizes) check_scaled<TypeParam>(Problem(9, cols));
  for (std::int64_t rows : test::edge_sizes) check_scaled<TypeParam>(Problem(rows, 9));
  check_scaled<TypeParam>(Problem(33, 3001));
}

TYPED_TEST(Library, GradientsAreCentralDifferences) {
  using T = TypeParam;
  constexpr double h = 1e-6;
  for (std::int64_t cols : {5, 33, 257}) {  // with one gene a cell's total is the gene: nothing to move
    SCOPED_TRACE(cols);
    Problem problem(3, cols);
    const auto along = [&](std::int64_t row) {
      double sum = 0;
      const Matrix<double> out = problem.scaled();
      for (std::int64_t c = 0; c < cols; ++c) sum += problem.grad(row, c) * out(row, c);
      return sum;
    };
    Matrix<double> expected(3, cols);
    for (std::int64_t r : {0, 2}) {  // a cell without counts stays one: its row is 0
      for (std::int64_t c = 0; c < cols; ++c) {
        const double before = problem.x(r, c);
        problem.x(r, c) = before + h;
        const double above = along(r);
        problem.x(r, c) = before - h;
        expected(r, c) = (above - along(r)) / (2 * h);
        problem.x(r, c) = before;
      }
    }
    for (int threads : {1, 2}) {
      Context context = test::test_context(threads);
      const DeviceMatrix<T> x(context, problem.x), size(context, problem.size), grad(context, problem.grad),
          grad_x(context, 3, cols);
      const DeviceArray<T> units(context, scale);
      scale_to_library_backward<T>(context, x, size, units, grad, grad_x);
      test::expect_near(grad_x.to_host(), expected, test::central_difference.of<T>(), 30);
      scale_to_library_backward<T>(context, x, size, units, grad, grad);
      EXPECT_EQ(grad.to_host().values, grad_x.to_host().values) << "in the gradient's memory";
    }
  }
}

TYPED_TEST(Library, OfNothingAndOfWrongShapes) {
  using T = TypeParam;
  Context context = test::test_context();
  const DeviceMatrix<T> none(context, 0, 3), no_size(context, 0, 1), fits(context, 2, 3), high(context, 3, 3),
      size(context, 2, 1);
  const DeviceArray<T> two(context, scale), one(context, std::vector<double>{1});
  scale_to_library<T>(context, none, no_size, two, none);
  scale_to_library_backward<T>(context, none, no_size, two, none, none);
  draw_quantiles<T>(context, stream, two, no_size);
  EXPECT_THROW(draw_quantiles<T>(context, stream, one, size), InternalError);
  EXPECT_THROW(draw_quantiles<T>(context, stream, two, fits), InternalError);
  EXPECT_THROW(scale_to_library<T>(context, fits, size, one, fits), InternalError);
  EXPECT_THROW(scale_to_library<T>(context, high, size, two, high), InternalError);
  EXPECT_THROW(scale_to_library<T>(context, fits, size, two, high), InternalError);
  EXPECT_THROW(scale_to_library_backward<T>(context, fits, size, two, high, fits), InternalError);
  EXPECT_THROW(scale_to_library_backward<T>(context, fits, size, two, fits, high), InternalError);
}

}  // namespace
}  // namespace sparcell

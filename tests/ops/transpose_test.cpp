#include "sparcell/ops/transpose.h"

#include <gtest/gtest.h>

#include "ops/op_test.h"

namespace sparcell::test {
namespace {

template <class T>
struct Transposed : OpTest<T> {};
TYPED_TEST_SUITE(Transposed, Scalars);

TYPED_TEST(Transposed, MovesEveryElementAtSizesAroundTheTiles) {
  Context context = test_context(2);
  for (std::int64_t rows : edge_sizes) {
    for (std::int64_t cols : {1, 31, 32, 33, 70}) {
      const Matrix<double> x = random_matrix(rows, cols, 1);
      const DeviceMatrix<TypeParam> in(context, x), out(context, cols, rows);
      transpose<TypeParam>(context, in, out);
      const auto got = out.to_host();
      for (std::int64_t r = 0; r < rows; ++r) {
        for (std::int64_t c = 0; c < cols; ++c)
          ASSERT_EQ(got(c, r), static_cast<TypeParam>(x(r, c))) << r << ", " << c;
      }
    }
  }
}

TYPED_TEST(Transposed, NamesWhatDoesNotFit) {
  Context context = test_context();
  Matrix<TypeParam> in(2, 3), out(2, 3);
  EXPECT_THROW(transpose<TypeParam>(context, in.view(), out.view()), InternalError);
}

}  // namespace
}  // namespace sparcell::test

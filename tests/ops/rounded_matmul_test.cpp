// Products of training steps whose operands a CPU rounds to bfloat16 (a GPU's: cuda_on_host/products).
#include <gmock/gmock.h>

#include "ops/op_test.h"
#include "sparcell/core/products.h"
#include "sparcell/ops/matmul.h"

namespace sparcell {
namespace {

/// x with 8 significant bits, by arithmetic; halves go to even numbers.
double rounded(double x) {
  int exponent = 0;
  const double mantissa = std::ldexp(std::frexp(x, &exponent), 8);
  return std::ldexp(std::nearbyint(mantissa), exponent - 8);
}

class RoundedMatmul : public testing::Test {
 protected:
  void SetUp() override {
    try {
      set_training_products(bf16, {.precision = Precision::bf16});
    } catch (const UsageError& refused) {
      GTEST_SKIP() << refused.what();
    }
  }

  Matrix<float> multiply(Context& context, std::int64_t m, std::int64_t k, std::int64_t n,
                         Transpose ta = Transpose::no, Transpose tb = Transpose::no, float beta = 0) {
    const bool swap_a = ta == Transpose::yes, swap_b = tb == Transpose::yes;
    a = test::random_matrix(swap_a ? k : m, swap_a ? m : k, 1);
    b = test::random_matrix(swap_b ? n : k, swap_b ? k : n, 2);
    before = test::random_matrix(m, n, 3);
    const test::DeviceMatrix<float> left(context, a), right(context, b);
    const test::DeviceMatrix<float> out =
        beta == 0 ? test::DeviceMatrix<float>(context, m, n) : test::DeviceMatrix<float>(context, before);
    matmul<float>(context, ta, tb, left, right, beta, out);
    return out.to_host();
  }
  Matrix<float> multiply_in_training(Context& context, std::int64_t m, std::int64_t k, std::int64_t n,
                                     Transpose ta = Transpose::no, Transpose tb = Transpose::no,
                                     float beta = 0) {
    const TrainingProducts training(context);
    return multiply(context, m, k, n, ta, tb, beta);
  }

  Context bf16{{}, 2}, f32{{}, 2};
  Matrix<double> a, b, before;  ///< of the last product
};

TEST_F(RoundedMatmul, IsTheSumOfProductsOfRoundedOperands) {
  constexpr std::int64_t m = 80, k = 97, n = 81;
  for (Transpose ta : {Transpose::no, Transpose::yes}) {
    for (Transpose tb : {Transpose::no, Transpose::yes}) {
      for (float beta : {0.0f, 1.0f}) {
        SCOPED_TRACE(
            fmt::format("transposed {} and {}, beta {}", ta == Transpose::yes, tb == Transpose::yes, beta));
        const Matrix<float> got = multiply_in_training(bf16, m, k, n, ta, tb, beta);
        for (std::int64_t r = 0; r < m; ++r) {
          for (std::int64_t c = 0; c < n; ++c) {
            double expected = 0, magnitude = 0;
            for (std::int64_t i = 0; i < k; ++i) {
              const double term = rounded(static_cast<float>(ta == Transpose::yes ? a(i, r) : a(r, i))) *
                                  rounded(static_cast<float>(tb == Transpose::yes ? b(c, i) : b(i, c)));
              expected += term;
              magnitude += std::abs(term);
            }
            if (beta != 0) expected += static_cast<float>(before(r, c));
            // Products of 8 bits are exact in f32: what is rounded are k sums of at most the magnitude.
            const double tolerance = static_cast<double>(k) * std::ldexp(magnitude + 1, -24);
            ASSERT_NEAR(got(r, c), expected, tolerance) << "row " << r << ", column " << c;
          }
        }
      }
    }
  }
}

TEST_F(RoundedMatmul, HasEqualBitsEachTime) {
  const auto first = multiply_in_training(bf16, 257, 1009, 255).values;
  EXPECT_EQ(multiply_in_training(bf16, 257, 1009, 255).values, first);
  Context other({}, 2);
  set_training_products(other, {.precision = Precision::bf16});
  multiply_in_training(other, 80, 97, 81);  // which other shapes came before is nothing to it
  EXPECT_EQ(multiply_in_training(other, 257, 1009, 255).values, first);
}

TEST_F(RoundedMatmul, IsOfTrainingStepsAlone) {
  EXPECT_NE(multiply_in_training(bf16, 80, 97, 81).values, multiply_in_training(f32, 80, 97, 81).values);
  EXPECT_EQ(multiply(bf16, 80, 97, 81).values, multiply(f32, 80, 97, 81).values);
}

TEST_F(RoundedMatmul, LeavesSmallProductsAsTheyAre) {
  EXPECT_EQ(multiply_in_training(bf16, 128, 256, 1).values, multiply_in_training(f32, 128, 256, 1).values);
  EXPECT_TRUE(multiply_in_training(bf16, 0, 1000, 1000).values.empty());
}

TEST_F(RoundedMatmul, EndsWithTheOptionsThatAskForIt) {
  set_training_products(bf16, {});
  EXPECT_EQ(multiply_in_training(bf16, 80, 97, 81).values, multiply_in_training(f32, 80, 97, 81).values);
}

}  // namespace
}  // namespace sparcell

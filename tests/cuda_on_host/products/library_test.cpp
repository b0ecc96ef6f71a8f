// What kernels/cuda/libraries asks of cuBLASLt, seen by a stand-in for it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "cuda_on_host/cublaslt/stand_in.h"
#include "products/operands.h"
#include "support/temporary.h"

namespace sparcell::test {
namespace {

using cuda_on_host::cublaslt::calls;
using cuda_on_host::cublaslt::fail_next;
using testing::AllOf;
using testing::HasSubstr;

constexpr const char* heuristic = "cublasLtMatmulAlgoGetHeuristic";

TEST(Library, IsAskedOnceForEachShapeAndAlignment) {
  Emulated context;
  const int before = calls(heuristic);
  const Operands aligned(context, 8, 16, 8), same_shape(context, 8, 16, 8), other_shape(context, 8, 16, 12),
      shifted(context, 8, 16, 8, 1);
  aligned.multiply();
  aligned.multiply();
  same_shape.multiply();
  EXPECT_EQ(calls(heuristic), before + 1);
  other_shape.multiply();
  EXPECT_EQ(calls(heuristic), before + 2);
  shifted.multiply();  // 4 bytes behind a multiple of 16: another algorithm, or the stand-in refuses it
  shifted.multiply();
  EXPECT_EQ(calls(heuristic), before + 3);
  aligned.multiply_in_training();
  EXPECT_EQ(calls(heuristic), before + 4);
}

TEST(Library, GivesEqualBitsForEqualProducts) {
  Emulated one, other;
  const std::vector<float> first = Operands(one, 33, 257, 20).multiply();
  EXPECT_EQ(Operands(one, 33, 257, 20).multiply(), first);
  EXPECT_EQ(Operands(other, 33, 257, 20).multiply(), first);
}

/// x with so many significant bits, by arithmetic; halves go to even numbers or away from zero.
double rounded(double x, int bits, bool to_even) {
  int exponent = 0;
  const double mantissa = std::ldexp(std::frexp(x, &exponent), bits);
  return std::ldexp(to_even ? std::nearbyint(mantissa) : std::round(mantissa), exponent - bits);
}

struct Rounding {
  Precision precision;
  int bits;
  bool to_even;
};

class Precisions : public testing::TestWithParam<Rounding> {};

TEST_P(Precisions, RoundTheOperandsOfTrainingStepsAlone) {
  const auto [precision, bits, to_even] = GetParam();
  Emulated context({.precision = precision}), in_f32;
  const Operands operands(context, 9, 100, 7);
  const std::vector<float> got = operands.multiply_in_training();
  for (std::int64_t r = 0; r < operands.m; ++r) {
    for (std::int64_t c = 0; c < operands.n; ++c) {
      double expected = 0, magnitude = 0;
      for (std::int64_t i = 0; i < operands.k; ++i) {
        const double term = rounded(operands.host_a[r * operands.k + i], bits, to_even) *
                            rounded(operands.host_b[i * operands.n + c], bits, to_even);
        expected += term;
        magnitude += std::abs(term);
      }
      // Sums are f32: k roundings of at most the sum of magnitudes.
      const double tolerance = static_cast<double>(operands.k) * std::ldexp(magnitude, -24);
      EXPECT_NEAR(got[r * operands.n + c], expected, tolerance) << "row " << r << ", column " << c;
    }
  }
  EXPECT_NE(got, Operands(in_f32, 9, 100, 7).multiply_in_training());
  EXPECT_EQ(operands.multiply(), Operands(in_f32, 9, 100, 7).multiply());
}

INSTANTIATE_TEST_SUITE_P(Rounded, Precisions,
                         testing::Values(Rounding{Precision::tf32, 11, false},
                                         Rounding{Precision::bf16, 8, true}),
                         [](const auto& info) { return name_of(info.param.precision); });

TEST(Library, NamesTheCallThatFails) {
  for (const char* function : {"cublasLtCreate", "cublasLtMatmulDescCreate", "cublasLtMatmulDescSetAttribute",
                               "cublasLtMatrixLayoutCreate", "cublasLtMatmulPreferenceCreate",
                               "cublasLtMatmulPreferenceSetAttribute", heuristic, "cublasLtMatmul"}) {
    Context context(find_device("cuda"), 1);
    const Operands operands(context, 4, 8, 4);
    fail_next(function, CUBLAS_STATUS_NOT_SUPPORTED);
    EXPECT_THAT(
        error_of([&] { operands.multiply(); }, ExitCode::internal),
        AllOf(HasSubstr("cuBLASLt failed: cublaslt()."), HasSubstr("gives CUBLAS_STATUS_NOT_SUPPORTED")))
        << function;
    EXPECT_NO_THROW(operands.multiply()) << function << ": nothing is kept of a product that failed";
  }
}

TEST(Library, HasAName) {
  EXPECT_EQ(cuda::product_library(),
            fmt::format("cuBLASLt {}.{}.{}", CUBLAS_VER_MAJOR, CUBLAS_VER_MINOR, CUBLAS_VER_PATCH));
}

}  // namespace
}  // namespace sparcell::test

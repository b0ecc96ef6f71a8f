// Logarithms in f64 as polynomials, for loops that vectorize: the standard library's do not.
#pragma once

#include <bit>
#include <cstdint>

#include "math/elementary.h"

namespace sparcell::math {

/// log x for x > 0 (normal numbers); error below 1 ulp (FreeBSD's e_log.c,
/// with the exponent taken by arithmetic that AVX2 has).
SPARCELL_HD double log_of_normal(double x) {
  constexpr std::uint64_t root_half = 0x3fe6a09e667f3bcd, one = 0x3ff0000000000000,
                          two_to_52 = 0x4330000000000000;
  const auto bits = std::bit_cast<std::uint64_t>(x);
  const std::uint64_t exponent = (bits - root_half + one) >> 52;  // biased
  const double e = std::bit_cast<double>(exponent | two_to_52) - (0x1p52 + 1023);
  const double f = std::bit_cast<double>(bits - (exponent << 52) + one) - 1;  // [sqrt(1/2) - 1, sqrt(2) - 1)
  const double s = f / (2 + f), z = s * s, half_square = 0.5 * f * f;
  double p = 1.479819860511658591e-01;
  p = fma(p, z, 1.531383769920937332e-01);
  p = fma(p, z, 1.818357216161805012e-01);
  p = fma(p, z, 2.222219843214978396e-01);
  p = fma(p, z, 2.857142874366239149e-01);
  p = fma(p, z, 3.999999999940941908e-01);
  p = fma(p, z, 6.666666666666735130e-01);
  const double low = fma(s, half_square + z * p, e * 1.90821492927058770002e-10);
  return fma(e, 6.93147180369123816490e-01, f - (half_square - low));
}

/// log(1 + x) for x >= 0, in the same way; relative error below 1e-15. `inverse` is 1 / (1 + x).
SPARCELL_HD double log1p_of_positive(double x, double inverse) {
  const double u = 1 + x;
  return log_of_normal(u) + (x - (u - 1)) * inverse;  // what u lost
}
SPARCELL_HD double log1p_of_positive(double x) { return log1p_of_positive(x, 1 / (1 + x)); }

}  // namespace sparcell::math

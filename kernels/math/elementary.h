// Elementary functions written as polynomials: the same bits on host and device, and loops over them
// vectorize. Fused multiply-adds are explicit, so that no compiler's contraction changes a result. Errors are
// given against correctly rounded values and tested.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "math/host_device.h"

namespace sparcell::math {

SPARCELL_HD float fma(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
SPARCELL_HD double fma(double a, double b, double c) { return __builtin_fma(a, b, c); }
SPARCELL_HD float square_root(float x) { return __builtin_sqrtf(x); }
SPARCELL_HD double square_root(double x) { return __builtin_sqrt(x); }

/// x within bounds; NaN stays. In two steps, each of which is one instruction.
template <class T>
SPARCELL_HD T clamped(T x, T lowest, T highest) {
  const T above = x < lowest ? lowest : x;
  return above > highest ? highest : above;
}

/// e^r of x = n log 2 + r, so that e^x is 2^n times it: what the exponentials below begin with.
SPARCELL_HD float exp_of_rest(float x, float n) {
  float r = fma(n, -0.693145751953125f, x);
  r = fma(n, -1.42860682030941723e-6f, r);
  float p = 1.9875691500e-4f;
  p = fma(p, r, 1.3981999507e-3f);
  p = fma(p, r, 8.3334519073e-3f);
  p = fma(p, r, 4.1665795894e-2f);
  p = fma(p, r, 1.6666665459e-1f);
  p = fma(p, r, 5.0000001201e-1f);
  return fma(p, r * r, r) + 1.0f;
}

/// e^x where x is known to be in [-87.3, 87.3], and then exp's bits.
SPARCELL_HD float exp_within(float x) {
  const float n = __builtin_rintf(x * 1.44269504088896341f);
  return exp_of_rest(x, n) * std::bit_cast<float>((static_cast<std::int32_t>(n) + 127) << 23);
}

/// e^x; the error is below 1.5 ulp (f32). Results below the smallest normal number are 0, above the largest
/// infinity.
SPARCELL_HD float exp(float x) {
  const float within = clamped(x, -87.3f, 88.72283f);
  const float n = __builtin_rintf(within * 1.44269504088896341f);
  const float p = exp_of_rest(within, n);
  // In two factors, so that neither leaves the range of exponents.
  const auto half = static_cast<std::int32_t>(n) / 2;
  const auto rest = static_cast<std::int32_t>(n) - half;
  const float scale1 = std::bit_cast<float>((half + 127) << 23);
  const float scale2 = std::bit_cast<float>((rest + 127) << 23);
  const float y = p * scale1 * scale2;
  return x < -87.3f ? 0.0f : (x > 88.72283f ? std::numeric_limits<float>::infinity() : (x != x ? x : y));
}

/// e^x where x is known not to be above 0, and then exp's bits: one factor is enough.
SPARCELL_HD float exp_of_negative(float x) {
  const float y = exp_within(x < -87.3f ? -87.3f : x);
  return x < -87.3f ? 0.0f : y;
}

/// log(1 + m) for m in [sqrt(1/2) - 1, sqrt(2) - 1], plus e log 2: what the logarithms below end with.
SPARCELL_HD float log_of_parts(float m, float e) {
  const float z = m * m;
  float p = 7.0376836292e-2f;
  p = fma(p, m, -1.1514610310e-1f);
  p = fma(p, m, 1.1676998740e-1f);
  p = fma(p, m, -1.2420140846e-1f);
  p = fma(p, m, 1.4249322787e-1f);
  p = fma(p, m, -1.6668057665e-1f);
  p = fma(p, m, 2.0000714765e-1f);
  p = fma(p, m, -2.4999993993e-1f);
  p = fma(p, m, 3.3333331174e-1f);
  float y = p * m * z;
  y = fma(e, -2.12194440e-4f, y);
  y = fma(-0.5f, z, y);
  return fma(e, 0.693359375f, m + y);
}

/// The power of two that takes x > 0 (normal) into [sqrt(1/2), sqrt(2)).
SPARCELL_HD std::int32_t log_exponent(float x) {
  return (std::bit_cast<std::int32_t>(x) - 0x3f3504f3) >> 23;  // the bits of sqrt(1/2)
}

/// log x for x > 0 (normal numbers); error below 1 ulp (f32). log 0 is -infinity, log of a negative number
/// NaN.
SPARCELL_HD float log(float x) {
  const std::int32_t exponent = log_exponent(x);
  const float m = std::bit_cast<float>(std::bit_cast<std::int32_t>(x) - (exponent << 23)) - 1.0f;
  const float y = log_of_parts(m, static_cast<float>(exponent));
  const float special =
      x == 0.0f ? -std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  return x > 0.0f ? (x < std::numeric_limits<float>::infinity() ? y : x) : special;
}

/// log(1 + x) where x is known to be in (-1, 1e38), and then log1p's bits.
SPARCELL_HD float log1p_within(float x) {
  const float u = 1.0f + x;
  // 1 + x = 2^e (1 + m) with m = 2^-e x + (2^-e - 1), which one rounding gives: what u lost does not matter.
  const std::int32_t exponent = log_exponent(u);
  const float scale = std::bit_cast<float>(0x3f800000 - (exponent << 23));
  return log_of_parts(fma(x, scale, scale - 1.0f), static_cast<float>(exponent));
}

/// log(1 + x) for x > -1; relative error below 2e-7 (f32), also for small x. -infinity for -1, NaN below;
/// infinity from 1e38 on.
SPARCELL_HD float log1p(float x) {
  const float u = 1.0f + x, y = log1p_within(x);
  const float special =
      u == 0.0f ? -std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN();
  return u > 0.0f ? (u < 1e38f ? y : std::numeric_limits<float>::infinity()) : special;
}

/// e^x - 1; relative error below 3e-7 (f32), also for small x. Infinity above 88.3.
SPARCELL_HD float expm1(float x) {
  const float within = clamped(x, -87.3f, 88.3f);
  const float n = __builtin_rintf(within * 1.44269504088896341f);
  float r = fma(n, -0.693145751953125f, within);
  r = fma(n, -1.42860682030941723e-6f, r);
  float p = 1.9875691500e-4f;
  p = fma(p, r, 1.3981999507e-3f);
  p = fma(p, r, 8.3334519073e-3f);
  p = fma(p, r, 4.1665795894e-2f);
  p = fma(p, r, 1.6666665459e-1f);
  p = fma(p, r, 5.0000001201e-1f);
  p = fma(p, r * r, r);  // e^r - 1
  // 2^n e^r - 1 = 2^n (e^r - 1) + (2^n - 1): nothing cancels.
  const float scale = std::bit_cast<float>((static_cast<std::int32_t>(n) + 127) << 23);
  const float y = fma(scale, p, scale - 1.0f);
  return x > 88.3f ? std::numeric_limits<float>::infinity() : (x != x ? x : y);
}

/// sin(2 pi t) and cos(2 pi t) for t in [0, 1]; absolute error below 2e-7 (f32).
SPARCELL_HD void sincos_2pi(float t, float& sine, float& cosine) {
  const float quadrant = __builtin_rintf(t * 4.0f);
  const float x = (t - quadrant * 0.25f) * 6.28318530717958648f;  // [-pi/4, pi/4]; the difference is exact
  const float z = x * x;
  float s = -1.9515295891e-4f;
  s = fma(s, z, 8.3321608736e-3f);
  s = fma(s, z, -1.6666654611e-1f);
  s = fma(s * z, x, x);
  float c = 2.443315711809948e-5f;
  c = fma(c, z, -1.388731625493765e-3f);
  c = fma(c, z, 4.166664568298827e-2f);
  c = fma(c * z, z, fma(-0.5f, z, 1.0f));
  const auto q = static_cast<std::int32_t>(quadrant);
  const float a = (q & 1) != 0 ? c : s;
  const float b = (q & 1) != 0 ? s : c;
  sine = (q & 2) != 0 ? -a : a;
  cosine = ((q + 1) & 2) != 0 ? -b : b;
}

// f64 proves formulas and has no need of equal bits across devices: the standard library's functions.
SPARCELL_HD double exp(double x) { return std::exp(x); }
SPARCELL_HD double exp_within(double x) { return std::exp(x); }
SPARCELL_HD double exp_of_negative(double x) { return std::exp(x); }
SPARCELL_HD double expm1(double x) { return std::expm1(x); }
SPARCELL_HD double log(double x) { return std::log(x); }
SPARCELL_HD double log1p(double x) { return std::log1p(x); }
SPARCELL_HD double log1p_within(double x) { return std::log1p(x); }
SPARCELL_HD void sincos_2pi(double t, double& sine, double& cosine) {
  sine = std::sin(6.283185307179586476925 * t);
  cosine = std::cos(6.283185307179586476925 * t);
}

}  // namespace sparcell::math

// Sums over threads in a fixed order.
#pragma once

#include <vector>

#include "sparcell/core/parallel.h"

namespace sparcell::cpu {

/// The sum of part(first, last) over contiguous parts of [0, count), added in the order of the parts.
template <class Part>
double ordered_sum(int threads, std::int64_t count, std::int64_t grain, Part&& part) {
  std::vector<double> partial(static_cast<std::size_t>(threads), 0.0);
  parallel_parts(threads, count, grain, [&](std::int64_t first, std::int64_t last, int p) {
    partial[static_cast<std::size_t>(p)] = part(first, last);
  });
  double sum = 0;
  for (double p : partial) sum += p;
  return sum;
}

/// Sum of f(i) over [0, count) in several lanes, so that the loop vectorizes with one order on every machine.
/// The lanes are of T, the total of at most `chunk` terms each is added in f64. Part of its caller always, so that
/// it is as wide as that (wide.h).
template <class T, class Term>
inline __attribute__((always_inline)) double lane_sum(std::int64_t count, Term&& term) {
  constexpr std::int64_t lanes = 16, chunk = 1024;
  double total = 0;
  for (std::int64_t first = 0; first < count; first += chunk) {
    const std::int64_t size = std::min(chunk, count - first);
    T sums[lanes] = {};
    std::int64_t i = 0;
    for (; i + lanes <= size; i += lanes) {
      for (std::int64_t lane = 0; lane < lanes; ++lane) sums[lane] += term(first + i + lane);
    }
    for (std::int64_t lane = 0; i < size; ++i, ++lane) sums[lane] += term(first + i);
    for (T sum : sums) total += static_cast<double>(sum);
  }
  return total;
}

/// Sum of a long row in more lanes than one addition waits for, which are added in pairs, the last ones in
/// f64.
template <class T>
inline __attribute__((always_inline)) double row_sum(const T* x, std::int64_t count) {
  constexpr std::int64_t lanes = 64;
  T sums[lanes] = {};
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    for (std::int64_t lane = 0; lane < lanes; ++lane) sums[lane] += x[i + lane];
  }
  for (std::int64_t lane = 0; i < count; ++i, ++lane) sums[lane] += x[i];
  for (std::int64_t lane = 0; lane < 32; ++lane) sums[lane] += sums[32 + lane];
  for (std::int64_t lane = 0; lane < 16; ++lane) sums[lane] += sums[16 + lane];
  double eight[8], four[4];
  for (std::int64_t lane = 0; lane < 8; ++lane)
    eight[lane] = static_cast<double>(sums[lane]) + static_cast<double>(sums[8 + lane]);
  for (std::int64_t lane = 0; lane < 4; ++lane) four[lane] = eight[lane] + eight[4 + lane];
  return (four[0] + four[2]) + (four[1] + four[3]);
}

}  // namespace sparcell::cpu

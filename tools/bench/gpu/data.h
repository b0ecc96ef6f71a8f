// Cells and numbers for the benchmark's rows.
#pragma once

#include <cmath>
#include <numeric>

#include "row.h"
#include "sparcell/core/matrix.h"

namespace sparcell::bench_gpu {

inline constexpr double density = 0.1;

/// Numbers that are as good as random, far faster than <random>: xorshift64* (Vigna 2016).
class Fast {
 public:
  explicit Fast(std::uint64_t seed) : state_(seed * 0x9e3779b97f4a7c15ull + 1) {}
  std::uint64_t word() {
    state_ ^= state_ >> 12, state_ ^= state_ << 25, state_ ^= state_ >> 27;
    return state_ * 0x2545f4914f6cdd1dull;
  }
  float uniform() { return static_cast<float>(word() >> 40) * 0x1p-24f; }

 private:
  std::uint64_t state_;
};

/// Cells with the look of log-normalized counts: gaps between entries are uniform, 1 / density in the mean.
inline Csr<float> random_cells(std::int64_t cells, std::int64_t genes) {
  constexpr auto widest_gap = static_cast<std::uint64_t>(2 / density - 1);
  Fast random(static_cast<std::uint64_t>(genes));
  Csr<float> x;
  x.rows = cells;
  x.cols = genes;
  const auto expected = static_cast<std::size_t>(1.02 * density * static_cast<double>(cells * genes));
  x.indices.reserve(expected), x.values.reserve(expected);
  for (std::int64_t r = 0; r < cells; ++r) {
    for (std::int64_t g = static_cast<std::int64_t>(random.word() % widest_gap); g < genes;
         g += 1 + static_cast<std::int64_t>(random.word() % widest_gap)) {
      x.indices.push_back(static_cast<std::int32_t>(g));
      x.values.push_back(0.2f + 3 * random.uniform());
    }
    x.offsets.push_back(static_cast<std::int64_t>(x.indices.size()));
  }
  return x;
}

/// Numbers of [low, high) on the device.
inline Buffer<float> uniform_values(Context& context, std::int64_t count, float low, float high) {
  std::vector<float> host(static_cast<std::size_t>(count));
  Fast random(static_cast<std::uint64_t>(count));
  for (float& value : host) value = low + (high - low) * random.uniform();
  return {context, std::span<const float>(host)};
}

template <class T>
std::vector<T> download(Context& context, const T* device, std::int64_t count) {
  std::vector<T> host(static_cast<std::size_t>(count));
  context.memory().copy_to_host(host.data(), device, host.size() * sizeof(T));
  return host;
}

/// |got - expected| / |expected|; NaN or infinity where a value is.
template <class T, class U>
double relative_error(const std::vector<T>& got, const std::vector<U>& expected) {
  double difference = 0, norm = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double e = static_cast<double>(expected[i]), d = static_cast<double>(got.at(i)) - e;
    difference += d * d, norm += e * e;
  }
  return std::sqrt(difference / norm);
}

}  // namespace sparcell::bench_gpu

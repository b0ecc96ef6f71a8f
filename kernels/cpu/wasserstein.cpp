// Rows are sorted by their bits: radix sort with digits of 11 bits, three passes for f32. A digit in which
// all values agree is passed over, and rows that are sorted already, or constant, cost one look. Zeros, which
// are most of a gene's values, are counted and not sorted.
#include "sparcell/ops/wasserstein.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "math/ordered_bits.h"
#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

using math::Bits;

constexpr int digit_bits = 11;
constexpr std::int64_t digits = std::int64_t{1} << digit_bits;
constexpr std::int64_t few = 256;  // values that std::sort is as fast for

/// One stable pass; false, with nothing moved, where all keys have the same digit.
template <class Key>
bool sort_by_digit(const std::vector<Key>& from, std::vector<Key>& to, int shift) {
  std::array<std::int64_t, digits> places{};
  const auto digit = [shift](Key key) { return static_cast<std::size_t>(key >> shift) & (digits - 1); };
  for (const Key key : from) ++places[digit(key)];
  if (places[digit(from[0])] == static_cast<std::int64_t>(from.size())) return false;
  std::int64_t before = 0;
  for (std::int64_t& place : places) before += std::exchange(place, before);
  for (const Key key : from) to[static_cast<std::size_t>(places[digit(key)]++)] = key;
  return true;
}

template <class Key>
void sort_keys(std::vector<Key>& keys, std::vector<Key>& spare) {
  if (std::ssize(keys) < few) return std::sort(keys.begin(), keys.end());
  spare.resize(keys.size());
  for (int shift = 0; shift < static_cast<int>(sizeof(Key) * 8); shift += digit_bits) {
    if (sort_by_digit(keys, spare, shift)) keys.swap(spare);
  }
}

template <class T>
void sort_row(T* row, std::int64_t count, std::vector<Bits<T>>& keys, std::vector<Bits<T>>& spare) {
  if (std::is_sorted(row, row + count)) return;
  const Bits<T> zero = math::ordered_bits(T(0));
  keys.resize(static_cast<std::size_t>(count));
  std::int64_t others = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    const Bits<T> key = math::ordered_bits(row[i]);
    keys[others] = key;
    others += key != zero ? 1 : 0;
  }
  keys.resize(static_cast<std::size_t>(others));
  sort_keys(keys, spare);
  const auto positive = std::lower_bound(keys.begin(), keys.end(), zero);
  T* const zeros = std::transform(keys.begin(), positive, row, math::from_ordered_bits<T>);
  T* const rest = std::fill_n(zeros, count - others, T(0));
  std::transform(positive, keys.end(), rest, math::from_ordered_bits<T>);
}

/// |a - b| summed in lanes, so that additions do not wait for each other.
template <class T>
double sum_of_differences(const T* a, const T* b, std::int64_t count) {
  constexpr std::int64_t lanes = 8;
  double sums[lanes] = {};
  const auto difference = [&](std::int64_t i) {
    return std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
  };
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    for (std::int64_t lane = 0; lane < lanes; ++lane) sums[lane] += difference(i + lane);
  }
  for (std::int64_t lane = 0; i < count; ++i, ++lane) sums[lane] += difference(i);
  return std::accumulate(std::begin(sums), std::end(sums), 0.0);
}

/// Quantile functions are steps at multiples of 1 / m and 1 / n; widths are counted in units of 1 / (m n).
template <class T>
double distance(const T* a, std::int64_t m, const T* b, std::int64_t n) {
  if (m == n) return sum_of_differences(a, b, m) / static_cast<double>(m);
  double sum = 0;
  std::int64_t at = 0;
  for (std::int64_t i = 0, j = 0; i < m && j < n;) {
    const std::int64_t a_end = (i + 1) * n, b_end = (j + 1) * m, end = std::min(a_end, b_end);
    sum += static_cast<double>(end - at) * std::abs(static_cast<double>(a[i]) - static_cast<double>(b[j]));
    at = end;
    i += a_end == end ? 1 : 0;
    j += b_end == end ? 1 : 0;
  }
  return sum / (static_cast<double>(m) * static_cast<double>(n));
}

}  // namespace

template <class T>
void cpu::sort_rows(Context& context, MatrixView<T> rows) {
  parallel_parts(context.threads(), rows.rows, 1, [&](std::int64_t first, std::int64_t last, int) {
    std::vector<Bits<T>> keys, spare;
    for (std::int64_t r = first; r < last; ++r) sort_row(rows.row(r), rows.cols, keys, spare);
  });
}
SPARCELL_INSTANTIATE(cpu::sort_rows);

template <class T>
void cpu::wasserstein_distances(Context& context, MatrixView<const T> a, MatrixView<const T> b,
                                std::span<double> distances) {
  parallel_for(context.threads(), a.rows, 1,
               [&](std::int64_t r) { distances[r] = distance(a.row(r), a.cols, b.row(r), b.cols); });
}
SPARCELL_INSTANTIATE(cpu::wasserstein_distances);

}  // namespace sparcell

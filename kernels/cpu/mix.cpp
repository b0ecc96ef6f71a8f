#include "sparcell/ops/mix.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

#include "cpu/dropout.h"
#include "cpu/rows.h"
#include "cpu/wide.h"
#include "math/mix.h"
#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

constexpr std::int32_t own = -1;  // of an entry that stays: no number of a cell

/// The numbers of the cells that entries look at, and which of them find a value there: `stored` says how
/// many cells have one of the gene.
SPARCELL_WIDE void find_cells(const std::uint32_t* words, const std::int32_t* stored, std::int64_t count,
                              double share, double cells, std::int32_t* cell, std::uint8_t* has_value) {
  for (std::int64_t i = 0; i < count; ++i) {
    const double number = math::mixing_number(words[i]);
    cell[i] = static_cast<std::int32_t>(number < share ? number * cells : own);
  }
  for (std::int64_t i = 0; i < count; ++i)
    has_value[i] = static_cast<std::uint32_t>(cell[i]) < static_cast<std::uint32_t>(stored[i]) ? 1 : 0;
}

/// An entry that takes another cell's value. Those lie anywhere: they are on their way while other entries of
/// the row are looked at.
template <class T>
struct Found {
  std::int64_t column;
  const T* value;
};

/// Zeros at `count` <= keep_tile entries from column `first` on that are replaced; adds those that find a
/// value.
template <class T>
void mix_tile(const GeneValues<T>& other, const std::int32_t* stored, const std::uint32_t* words,
              double share, std::int64_t first, std::int64_t count, T* row, std::vector<Found<T>>& found) {
  std::int32_t cell[cpu::keep_tile];
  std::uint8_t has_value[cpu::keep_tile] = {};
  find_cells(words, stored + first, count, share, math::mixed_cells(other.cells, share), cell, has_value);
  for (std::int64_t i = 0; i < count; ++i) row[first + i] = cell[i] == own ? row[first + i] : T(0);
  for (std::int64_t begin = 0; begin < cpu::keep_tile; begin += 8) {  // few have
    std::uint64_t eight;
    std::memcpy(&eight, has_value + begin, sizeof eight);
    for (; eight != 0; eight &= eight - 1) {
      const std::int64_t i = begin + std::countr_zero(eight) / 8;
      const T* const value = other.values + other.offsets[first + i] + cell[i];
      __builtin_prefetch(value);
      found.push_back({first + i, value});
    }
  }
}

/// Replaces entries of one row whose first element in the stream is `first`.
template <class T>
void mix_row(const GeneValues<T>& other, const std::vector<std::int32_t>& stored,
             const math::PhiloxStream& stream, std::uint64_t first, double share, T* row) {
  static thread_local std::vector<Found<T>> found;
  found.clear();
  const auto cols = static_cast<std::int64_t>(stored.size());
  for (std::int64_t c = 0; c < cols; c += cpu::keep_tile) {
    const cpu::TileWords words(stream, first + static_cast<std::uint64_t>(c));
    mix_tile(other, stored.data(), words.begin(), share, c, std::min(cpu::keep_tile, cols - c), row, found);
  }
  for (const Found<T>& entry : found) row[entry.column] = *entry.value;
}

}  // namespace

template <class T>
void cpu::gather_mixed(Context& context, CsrView<const T> x, BatchRows rows, GeneValues<T> other,
                       double probability, RandomStream shares, RandomStream draws, MatrixView<T> out,
                       std::span<const T> mean, std::span<const T> inverse_scale,
                       MatrixView<T> standardized) {
  const math::PhiloxStream share_stream(shares), draw_stream(draws);
  std::vector<std::int32_t> stored(static_cast<std::size_t>(probability > 0 ? x.cols : 0));
  for (std::size_t g = 0; g < stored.size(); ++g)
    stored[g] = static_cast<std::int32_t>(other.offsets[g + 1] - other.offsets[g]);
  parallel_for(context.threads(), rows.count, 4, [&](std::int64_t i) {
    T* row = out.row(i);
    densify(x, row_of(rows, i), {}, {}, row);
    if (probability > 0) {
      const auto cell = static_cast<std::uint64_t>(i);
      const double share = probability * math::uniform<double>(share_stream.word(cell));
      mix_row(other, stored, draw_stream, cell * static_cast<std::uint64_t>(x.cols), share, row);
    }
    if (standardized.data == nullptr) return;
    T* seen = standardized.row(i);
    for (std::int64_t c = 0; c < x.cols; ++c) seen[c] = (row[c] - mean[c]) * inverse_scale[c];
  });
}
SPARCELL_INSTANTIATE(cpu::gather_mixed);

}  // namespace sparcell

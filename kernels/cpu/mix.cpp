#include "sparcell/ops/mix.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "cpu/flags.h"
#include "cpu/rows.h"
#include "cpu/stream_words.h"
#include "cpu/wide.h"
#include "math/mix.h"
#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

constexpr std::int64_t tile = cpu::long_tile;

/// How entries of a cell are replaced (math/mix.h).
struct CellMixing {
  double cells;             ///< number * this is that of the cell
  std::uint32_t last_word;  ///< of those that are: number < share, without a conversion

  CellMixing(double share, std::int64_t cells)
      : cells(math::mixed_cells(cells, share)),
        last_word(static_cast<std::uint32_t>(std::ceil(share * 4294967296.0) - 1)) {}
};

/// Which entries take the value of a cell that has one of the gene: `stored` says how many cells have.
SPARCELL_WIDE void find_values(const std::uint32_t* words, const double* stored, std::int64_t count,
                               const CellMixing& mixing, std::uint8_t* has_value) {
  const std::uint32_t last_word = mixing.last_word;
  const double cells = mixing.cells;
  for (std::int64_t i = 0; i < count; ++i) {
    const bool below = math::mixing_number(words[i]) * cells < stored[i];
    has_value[i] = below && words[i] <= last_word ? 1 : 0;
  }
}

/// An entry that takes another cell's value. Those lie anywhere: they are on their way while the next row is
/// looked at.
template <class T>
struct Found {
  T* entry;
  const T* value;
};

/// Zeros at those of the `count` <= tile entries from column `first` on that are replaced; adds to `found`
/// those that find a value.
template <class T>
void mix_tile(const GeneValues<T>& other, const double* stored, const std::uint32_t* words,
              const CellMixing& mixing, std::int64_t first, std::int64_t count, T* row,
              std::vector<Found<T>>& found) {
  std::uint8_t has_value[tile] = {};
  find_values(words, stored + first, count, mixing, has_value);
  T* const own = row + first;
  for (std::int64_t i = 0; i < count; ++i) own[i] = words[i] <= mixing.last_word ? T(0) : own[i];
  cpu::for_each_flag<tile>(has_value, [&](std::int64_t i) {
    const std::int64_t gene = first + i;
    const auto cell = static_cast<std::int64_t>(math::mixing_number(words[i]) * mixing.cells);
    const T* const value = other.values + other.offsets[gene] + cell;
    __builtin_prefetch(value);
    found.push_back({own + i, value});
  });
}

/// mix_tile of one row, whose first element in the stream is `first`.
template <class T>
void mix_row(const GeneValues<T>& other, const std::vector<double>& stored, const math::PhiloxStream& stream,
             std::uint64_t first, const CellMixing& mixing, T* row, std::vector<Found<T>>& found) {
  const auto cols = static_cast<std::int64_t>(stored.size());
  for (std::int64_t c = 0; c < cols; c += tile) {
    const cpu::StreamWords<tile> words(stream, first + static_cast<std::uint64_t>(c));
    mix_tile(other, stored.data(), words.begin(), mixing, c, std::min(tile, cols - c), row, found);
  }
}

}  // namespace

template <class T>
void cpu::gather_mixed(Context& context, CsrView<const T> x, BatchRows rows, Mixing<T> mixing,
                       MatrixView<T> out, Standardization<T> standardization, MatrixView<T> standardized) {
  const GeneValues<T>& other = mixing.other;
  const double probability = mixing.probability;
  const math::PhiloxStream share_stream(mixing.shares), draw_stream(mixing.draws);
  std::vector<double> stored(static_cast<std::size_t>(probability > 0 ? x.cols : 0));
  for (std::size_t g = 0; g < stored.size(); ++g)
    stored[g] = static_cast<double>(other.offsets[g + 1] - other.offsets[g]);
  const auto begin = [&](std::int64_t i, std::vector<Found<T>>& found) {
    densify(x, row_of(rows, i), {}, out.row(i));
    if (probability <= 0) return;
    const auto cell = static_cast<std::uint64_t>(i);
    const double share = probability * math::uniform<double>(share_stream.word(cell));
    mix_row(other, stored, draw_stream, cell * static_cast<std::uint64_t>(x.cols), {share, other.cells},
            out.row(i), found);
  };
  const auto finish = [&](std::int64_t i, std::vector<Found<T>>& found) {
    for (const Found<T>& entry : found) *entry.entry = *entry.value;
    found.clear();
    if (standardized.data == nullptr) return;
    const auto [mean, inverse_scale] = standardization;
    const T* const row = out.row(i);
    T* seen = standardized.row(i);
    for (std::int64_t c = 0; c < x.cols; ++c) seen[c] = (row[c] - mean[c]) * inverse_scale[c];
  };
  parallel_parts(context.threads(), rows.count, 4, [&](std::int64_t first, std::int64_t last, int) {
    static thread_local std::vector<Found<T>> found, before;
    for (std::int64_t i = first; i < last; ++i) {
      begin(i, found);
      if (i > first) finish(i - 1, before);
      std::swap(found, before);
    }
    finish(last - 1, before);
  });
}
SPARCELL_INSTANTIATE(cpu::gather_mixed);

}  // namespace sparcell

// A batch by columns: the entries that are not 0, gene by gene. Threads take slabs of 64 genes, whose entries
// are found and counted side by side and then put where they belong.
#include "sparcell/ops/loaded_batch.h"

#include <algorithm>
#include <cstring>
#include <vector>

#include "cpu/column_products.h"
#include "cpu/flags.h"
#include "cpu/wide.h"
#include "sparcell/core/parallel.h"
#ifdef SPARCELL_HAS_WIDE
#include <immintrin.h>
#endif

namespace sparcell {
namespace {

using cpu::BatchColumns;

constexpr std::int64_t slab = 64;

/// Columns in the room of a batch: where genes begin and end, values, cells.
template <class T>
BatchColumns<T> columns_in(const LoadedBatch<T>& batch) {
  const std::int64_t rows = batch.values.rows, cols = batch.values.cols;
  auto* const begin = reinterpret_cast<std::int64_t*>(batch.room);
  auto* const values = reinterpret_cast<T*>(begin + 2 * cols);
  return {rows, cols, begin, begin + cols, reinterpret_cast<std::int32_t*>(values + rows * cols), values};
}

/// Bit c of bits[i] is set where column c <= slab of row i is not 0; entries[c] counts those of a column.
template <class T>
void find_entries(MatrixView<const T> x, std::uint64_t* bits, std::int32_t* entries) {
  std::uint8_t flags[slab] = {};
  for (std::int64_t i = 0; i < x.rows; ++i) {
    const T* const row = x.row(i);
    for (std::int64_t c = 0; c < x.cols; ++c) flags[c] = row[c] != T(0) ? 1 : 0;
    for (std::int64_t c = 0; c < slab; ++c) entries[c] += flags[c];
    bits[i] = cpu::bits_of(flags);
  }
}

#ifdef SPARCELL_HAS_WIDE
SPARCELL_V4 void find_in(MatrixView<const float> x, std::uint64_t* bits, std::int32_t* entries) {
  constexpr int lanes = 16, vectors = slab / lanes;
  const std::uint64_t columns = x.cols == slab ? ~std::uint64_t{0} : (std::uint64_t{1} << x.cols) - 1;
  __m512i counts[vectors] = {};
  for (std::int64_t i = 0; i < x.rows; ++i) {
    std::uint64_t of_row = 0;
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
      const auto there = static_cast<__mmask16>(columns >> (v * lanes));
      const __m512 value = _mm512_maskz_loadu_ps(there, x.row(i) + v * lanes);
      const __mmask16 is_entry = _mm512_cmp_ps_mask(value, _mm512_setzero_ps(), _CMP_NEQ_UQ);
      counts[v] = _mm512_mask_add_epi32(counts[v], is_entry, counts[v], _mm512_set1_epi32(1));
      of_row |= static_cast<std::uint64_t>(is_entry) << (v * lanes);
    }
    bits[i] = of_row;
  }
  std::memcpy(entries, counts, sizeof counts);
}
#endif
SPARCELL_BASE void find_in(MatrixView<const float> x, std::uint64_t* bits, std::int32_t* entries) {
  find_entries(x, bits, entries);
}
void find_in(MatrixView<const double> x, std::uint64_t* bits, std::int32_t* entries) {
  find_entries(x, bits, entries);
}

/// The entries of the genes [first, first + count), count <= slab. Their room begins where all earlier genes'
/// would end if no entry were 0, and is shared by the entries that there are.
template <class T>
void find_in_slab(MatrixView<const T> x, std::int64_t first, std::int64_t count, const BatchColumns<T>& out) {
  static thread_local std::vector<std::uint64_t> bits;
  bits.resize(static_cast<std::size_t>(x.rows));
  std::int32_t entries[slab] = {};
  find_in(MatrixView<const T>(x.data + first, x.rows, count, x.stride), bits.data(), entries);
  std::int64_t next[slab], from = first * x.rows;
  for (std::int64_t c = 0; c < count; ++c) {
    out.begin[first + c] = next[c] = from;
    out.end[first + c] = from += entries[c];
  }
  std::int32_t* const cell = out.cell;
  T* const values = out.values;
  for (std::int64_t i = 0; i < x.rows; ++i) {
    const T* const row = x.row(i) + first;
    cpu::for_each_bit(bits[i], [&](std::int64_t c) {
      const std::int64_t to = next[c]++;
      cell[to] = static_cast<std::int32_t>(i);
      values[to] = row[c];
    });
  }
}

}  // namespace

template <class T>
void cpu::load_batch(Context& context, CsrView<const T> x, BatchRows rows, Mixing<T> mixing,
                     LoadedBatch<T> out) {
  cpu::gather_mixed<T>(context, x, rows, mixing, out.values, {}, {});
  const BatchColumns<T> columns = columns_in(out);
  const MatrixView<const T> values = out.values;
  parallel_for(context.threads(), (x.cols + slab - 1) / slab, 1, [&](std::int64_t s) {
    find_in_slab(values, s * slab, std::min(slab, x.cols - s * slab), columns);
  });
}
SPARCELL_INSTANTIATE(cpu::load_batch);

template <class T>
void cpu::loaded_linear(Context& context, LoadedBatch<T> batch, MatrixView<const T> weight, bool accumulate,
                        MatrixView<T> out) {
  product_with_columns<T>(context, columns_in(batch), batch.standardization, weight, accumulate, out);
}
SPARCELL_INSTANTIATE(cpu::loaded_linear);

template <class T>
void cpu::loaded_linear_forward(Context& context, const LayerForm& form, const LayerParameters<T>& parameters,
                                RunningStatistics<T> running, std::span<const LayerPass<T>> passes,
                                LoadedBatch<T> batch, MatrixView<const T> weight, MatrixView<T> linear,
                                MatrixView<T> out) {
  cpu::loaded_linear<T>(context, batch, weight, false, linear);
  cpu::layer_forward<T>(context, form, parameters, running, passes, linear, out);
}
SPARCELL_INSTANTIATE(cpu::loaded_linear_forward);

template <class T>
void cpu::loaded_linear_weight_gradient(Context& context, LoadedBatch<T> batch, MatrixView<const T> grad_out,
                                        MatrixView<T> grad_weight) {
  gradient_with_columns<T>(context, columns_in(batch), batch.standardization, grad_out, grad_weight);
}
SPARCELL_INSTANTIATE(cpu::loaded_linear_weight_gradient);

}  // namespace sparcell

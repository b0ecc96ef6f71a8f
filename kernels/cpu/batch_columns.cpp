// Threads take slabs of 64 genes, whose entries are flagged and counted side by side and then put where they
// belong.
#include "sparcell/ops/batch_columns.h"

#include <algorithm>
#include <vector>

#include "cpu/column_products.h"
#include "cpu/flags.h"

namespace sparcell {
namespace {

constexpr std::int64_t slab = 64;

/// The entries of the genes [first, first + count), count <= slab. Their room begins where all earlier genes'
/// would end if no entry were 0, and is shared by the entries that there are.
template <class T>
void find_in_slab(MatrixView<const T> x, std::int64_t first, std::int64_t count, const BatchColumns<T>& out) {
  static thread_local std::vector<std::uint8_t> flags;
  flags.assign(static_cast<std::size_t>(x.rows * slab), 0);
  std::int32_t entries[slab] = {};
  for (std::int64_t i = 0; i < x.rows; ++i) {
    const T* const row = x.row(i) + first;
    std::uint8_t* const flag = flags.data() + i * slab;
    for (std::int64_t c = 0; c < count; ++c) flag[c] = row[c] != T(0) ? 1 : 0;
    for (std::int64_t c = 0; c < slab; ++c) entries[c] += flag[c];
  }
  std::int64_t next[slab], from = first * x.rows;
  for (std::int64_t c = 0; c < count; ++c) {
    out.begin[first + c] = next[c] = from;
    out.end[first + c] = from += entries[c];
  }
  for (std::int64_t i = 0; i < x.rows; ++i) {
    const T* const row = x.row(i) + first;
    cpu::for_each_flag<slab>(flags.data() + i * slab, [&](std::int64_t c) {
      out.cell[next[c]] = static_cast<std::int32_t>(i);
      out.values[next[c]++] = row[c];
    });
  }
}

}  // namespace

template <class T>
void cpu::find_columns(Context& context, MatrixView<const T> x, BatchColumns<T> out) {
  parallel_for(context.threads(), (x.cols + slab - 1) / slab, 1,
               [&](std::int64_t s) { find_in_slab(x, s * slab, std::min(slab, x.cols - s * slab), out); });
}
SPARCELL_INSTANTIATE(cpu::find_columns);

template <class T>
void cpu::columns_linear(Context& context, BatchColumns<T> x, std::span<const T> mean,
                         std::span<const T> inverse_scale, MatrixView<const T> weight, bool accumulate,
                         MatrixView<T> out) {
  product_with_columns<T>(context, x, {mean, inverse_scale}, weight, accumulate, out);
}
SPARCELL_INSTANTIATE(cpu::columns_linear);

template <class T>
void cpu::columns_linear_weight_gradient(Context& context, BatchColumns<T> x, std::span<const T> mean,
                                         std::span<const T> inverse_scale, MatrixView<const T> grad_out,
                                         MatrixView<T> grad_weight) {
  gradient_with_columns<T>(context, x, {mean, inverse_scale}, grad_out, grad_weight);
}
SPARCELL_INSTANTIATE(cpu::columns_linear_weight_gradient);

}  // namespace sparcell

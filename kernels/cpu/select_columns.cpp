#include "sparcell/ops/select_columns.h"

#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

constexpr std::int64_t rows_per_part = 64;  // fewer are not worth a thread

}  // namespace

template <class T>
void cpu::selected_offsets(Context& context, CsrView<const T> x, std::span<const std::int32_t> map,
                           std::span<std::int64_t> offsets) {
  offsets[0] = 0;
  parallel_for(context.threads(), x.rows, rows_per_part, [&](std::int64_t r) {
    std::int64_t count = 0;
    for (std::int64_t k = x.offsets[r]; k < x.offsets[r + 1]; ++k) count += map[x.indices[k]] >= 0;
    offsets[r + 1] = count;
  });
  for (std::int64_t r = 0; r < x.rows; ++r) offsets[r + 1] += offsets[r];
}
SPARCELL_INSTANTIATE(cpu::selected_offsets);

template <class T>
void cpu::select_columns(Context& context, CsrView<const T> x, std::span<const std::int32_t> map,
                         std::span<const std::int64_t> offsets, std::span<std::int32_t> indices,
                         std::span<T> values) {
  parallel_for(context.threads(), x.rows, rows_per_part, [&](std::int64_t r) {
    std::int64_t to = offsets[r];
    for (std::int64_t k = x.offsets[r]; k < x.offsets[r + 1]; ++k) {
      const std::int32_t column = map[x.indices[k]];
      if (column < 0) continue;
      indices[to] = column;
      values[to] = x.values[k];
      ++to;
    }
  });
}
SPARCELL_INSTANTIATE(cpu::select_columns);

}  // namespace sparcell

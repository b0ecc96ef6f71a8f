#include "sparcell/ops/select_columns.h"

#include "ops/dispatch.h"

namespace sparcell {

template <class T>
void selected_offsets(Context& context, CsrView<const T> x, std::span<const std::int32_t> map,
                      std::span<std::int64_t> offsets) {
  require(static_cast<std::int64_t>(map.size()) == x.cols,
          "selected_offsets: a map of {} entries for {} columns", map.size(), x.cols);
  require(static_cast<std::int64_t>(offsets.size()) == x.rows + 1, "selected_offsets: {} offsets for {} rows",
          offsets.size(), x.rows);
  SPARCELL_DISPATCH(selected_offsets, context, x, map, offsets);
}
SPARCELL_INSTANTIATE(selected_offsets);

template <class T>
void select_columns(Context& context, CsrView<const T> x, std::span<const std::int32_t> map,
                    std::span<const std::int64_t> offsets, std::span<std::int32_t> indices,
                    std::span<T> values) {
  require(static_cast<std::int64_t>(map.size()) == x.cols,
          "select_columns: a map of {} entries for {} columns", map.size(), x.cols);
  require(static_cast<std::int64_t>(offsets.size()) == x.rows + 1, "select_columns: {} offsets for {} rows",
          offsets.size(), x.rows);
  require(indices.size() == values.size(), "select_columns: {} indices and {} values", indices.size(),
          values.size());
  if (values.empty()) return;
  SPARCELL_DISPATCH(select_columns, context, x, map, offsets, indices, values);
}
SPARCELL_INSTANTIATE(select_columns);

}  // namespace sparcell

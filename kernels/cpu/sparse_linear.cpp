// The batch is turned into columns first; column_products.h has what follows.
#include "sparcell/ops/sparse_linear.h"

#include <vector>

#include "cpu/column_products.h"
#include "cpu/rows.h"

namespace sparcell {
namespace {

using cpu::BatchColumns;

/// Entries of a batch by gene, cells ascending.
template <class T>
class ColumnsOfRows {
 public:
  BatchColumns<T> fill(CsrView<const T> x, const BatchRows& rows) {
    offsets_.assign(static_cast<std::size_t>(x.cols) + 1, 0);
    for (std::int64_t i = 0; i < rows.count; ++i) {
      const std::int64_t row = cpu::row_of(rows, i);
      for (std::int64_t k = x.offsets[row]; k < x.offsets[row + 1]; ++k) ++offsets_[x.indices[k] + 1];
    }
    for (std::int64_t g = 0; g < x.cols; ++g) offsets_[g + 1] += offsets_[g];
    cells_.resize(static_cast<std::size_t>(offsets_.back()));
    values_.resize(cells_.size());
    next_.assign(offsets_.begin(), offsets_.end() - 1);
    for (std::int64_t i = 0; i < rows.count; ++i) {
      const std::int64_t row = cpu::row_of(rows, i);
      for (std::int64_t k = x.offsets[row]; k < x.offsets[row + 1]; ++k) {
        const std::int64_t to = next_[x.indices[k]]++;
        cells_[to] = static_cast<std::int32_t>(i);
        values_[to] = x.values[k];
      }
    }
    return {rows.count, x.cols, offsets_.data(), offsets_.data() + 1, cells_.data(), values_.data()};
  }

 private:
  std::vector<std::int64_t> offsets_, next_;
  std::vector<std::int32_t> cells_;
  std::vector<T> values_;
};

template <class T>
BatchColumns<T> by_columns(CsrView<const T> x, const BatchRows& rows) {
  static thread_local ColumnsOfRows<T> columns;  // keeps its memory from step to step
  return columns.fill(x, rows);
}

}  // namespace

template <class T>
void cpu::sparse_linear(Context& context, CsrView<const T> x, BatchRows rows, MatrixView<const T> weight,
                        MatrixView<T> out) {
  product_with_columns<T>(context, by_columns(x, rows), {}, weight, false, out);
}
SPARCELL_INSTANTIATE(cpu::sparse_linear);

template <class T>
void cpu::sparse_linear_weight_gradient(Context& context, CsrView<const T> x, BatchRows rows,
                                        MatrixView<const T> grad_out, MatrixView<T> grad_weight) {
  gradient_with_columns<T>(context, by_columns(x, rows), {}, grad_out, grad_weight);
}
SPARCELL_INSTANTIATE(cpu::sparse_linear_weight_gradient);

}  // namespace sparcell

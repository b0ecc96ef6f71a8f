// The batch is turned into columns first; column_products.h has what follows. Where the numbers of a cell or
// a gene fill one register at most, that would take longer than the products, which walk along the rows then.
#include "sparcell/ops/sparse_linear.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "cpu/column_products.h"
#include "cpu/rows.h"
#include "cpu/wide.h"
#include "sparcell/core/parallel.h"
#ifdef SPARCELL_HAS_WIDE
#include <immintrin.h>
#endif

namespace sparcell {
namespace {

using cpu::BatchColumns;

/// Entries of a batch by gene, cells ascending.
template <class T>
class ColumnsOfRows {
 public:
  /// Each thread has a part of the rows, whose entries of a gene follow those of the part before.
  BatchColumns<T> fill(int threads, CsrView<const T> x, const BatchRows& rows) {
    const auto genes = static_cast<std::size_t>(x.cols);
    offsets_.assign(genes + 1, 0);
    next_.resize(static_cast<std::size_t>(threads));
    for (std::vector<std::int64_t>& next : next_) next.clear();
    for_each_entry(threads, x, rows, [&](std::vector<std::int64_t>& next) {
      next.assign(genes, 0);
      return [&](std::int64_t, std::int64_t k) { ++next[x.indices[k]]; };
    });
    std::int64_t entries = 0;
    for (std::size_t g = 0; g < genes; ++g) {
      for (std::vector<std::int64_t>& next : next_) {
        if (!next.empty()) entries += std::exchange(next[g], entries);
      }
      offsets_[g + 1] = entries;
    }
    cells_.resize(static_cast<std::size_t>(entries));
    values_.resize(cells_.size());
    for_each_entry(threads, x, rows, [&](std::vector<std::int64_t>& next) {
      return [&](std::int64_t i, std::int64_t k) {
        const std::int64_t to = next[x.indices[k]]++;
        cells_[to] = static_cast<std::int32_t>(i);
        values_[to] = x.values[k];
      };
    });
    return {rows.count, x.cols, offsets_.data(), offsets_.data() + 1, cells_.data(), values_.data()};
  }

 private:
  /// Calls begin(next) for each thread's part, and what that returns for its entries: of row i in place k.
  template <class Begin>
  void for_each_entry(int threads, const CsrView<const T>& x, const BatchRows& rows, Begin&& begin) {
    constexpr std::int64_t least_rows = 16;
    parallel_parts(threads, rows.count, least_rows, [&](std::int64_t first, std::int64_t last, int part) {
      const auto take = begin(next_[static_cast<std::size_t>(part)]);
      for (std::int64_t i = first; i < last; ++i) {
        const std::int64_t row = cpu::row_of(rows, i);
        for (std::int64_t k = x.offsets[row]; k < x.offsets[row + 1]; ++k) take(i, k);
      }
    });
  }

  std::vector<std::int64_t> offsets_;
  std::vector<std::vector<std::int64_t>> next_;  ///< of the threads: where a gene's next entry goes
  std::vector<std::int32_t> cells_;
  std::vector<T> values_;
};

template <class T>
BatchColumns<T> by_columns(Context& context, CsrView<const T> x, const BatchRows& rows) {
  static thread_local ColumnsOfRows<T> columns;  // keeps its memory from step to step
  return columns.fill(context.threads(), x, rows);
}

constexpr std::int64_t most_in_a_row = 16;

/// Products along the rows of a batch, with at most most_in_a_row numbers a gene. Terms are added in the
/// order of column_products.h, which gives the same bits.
template <class T>
void multiply_row(CsrView<const T> x, std::int64_t row, MatrixView<const T> weight, T* out) {
  std::fill_n(out, weight.cols, T(0));
  for (std::int64_t k = x.offsets[row]; k < x.offsets[row + 1]; ++k) {
    const T value = x.values[k], *const w = weight.row(x.indices[k]);
    for (std::int64_t c = 0; c < weight.cols; ++c) out[c] += value * w[c];
  }
}
template <class T>
void add_gradient_of(CsrView<const T> x, std::int64_t row, const T* grad_out, MatrixView<T> grad_weight) {
  for (std::int64_t k = x.offsets[row]; k < x.offsets[row + 1]; ++k) {
    const T value = x.values[k];
    T* const to = grad_weight.row(x.indices[k]);
    for (std::int64_t c = 0; c < grad_weight.cols; ++c) to[c] += value * grad_out[c];
  }
}

#ifdef SPARCELL_HAS_WIDE
SPARCELL_V4 void product_of_row(CsrView<const float> x, std::int64_t row, MatrixView<const float> weight,
                                float* out) {
  const auto columns = static_cast<__mmask16>((1U << weight.cols) - 1);
  __m512 sums = _mm512_setzero_ps();
  for (std::int64_t k = x.offsets[row]; k < x.offsets[row + 1]; ++k) {
    const __m512 w = _mm512_maskz_loadu_ps(columns, weight.row(x.indices[k]));
    sums = _mm512_add_ps(sums, _mm512_mul_ps(_mm512_set1_ps(x.values[k]), w));
  }
  _mm512_mask_storeu_ps(out, columns, sums);
}
SPARCELL_V4 void gradient_of_row(CsrView<const float> x, std::int64_t row, const float* grad_out,
                                 MatrixView<float> grad_weight) {
  const auto columns = static_cast<__mmask16>((1U << grad_weight.cols) - 1);
  const __m512 gradient = _mm512_maskz_loadu_ps(columns, grad_out);
  for (std::int64_t k = x.offsets[row]; k < x.offsets[row + 1]; ++k) {
    float* const to = grad_weight.row(x.indices[k]);
    const __m512 term = _mm512_mul_ps(_mm512_set1_ps(x.values[k]), gradient);
    _mm512_mask_storeu_ps(to, columns, _mm512_add_ps(_mm512_maskz_loadu_ps(columns, to), term));
  }
}
#endif
SPARCELL_BASE void product_of_row(CsrView<const float> x, std::int64_t row, MatrixView<const float> weight,
                                  float* out) {
  multiply_row(x, row, weight, out);
}
SPARCELL_BASE void gradient_of_row(CsrView<const float> x, std::int64_t row, const float* grad_out,
                                   MatrixView<float> grad_weight) {
  add_gradient_of(x, row, grad_out, grad_weight);
}
void product_of_row(CsrView<const double> x, std::int64_t row, MatrixView<const double> weight, double* out) {
  multiply_row(x, row, weight, out);
}
void gradient_of_row(CsrView<const double> x, std::int64_t row, const double* grad_out,
                     MatrixView<double> grad_weight) {
  add_gradient_of(x, row, grad_out, grad_weight);
}

}  // namespace

template <class T>
void cpu::sparse_linear(Context& context, CsrView<const T> x, BatchRows rows, MatrixView<const T> weight,
                        MatrixView<T> out) {
  if (weight.cols <= most_in_a_row) {
    parallel_for(context.threads(), rows.count, 4,
                 [&](std::int64_t i) { product_of_row(x, row_of(rows, i), weight, out.row(i)); });
    return;
  }
  product_with_columns<T>(context, by_columns(context, x, rows), {}, weight, false, out);
}
SPARCELL_INSTANTIATE(cpu::sparse_linear);

template <class T>
void cpu::sparse_linear_weight_gradient(Context& context, CsrView<const T> x, BatchRows rows,
                                        MatrixView<const T> grad_out, MatrixView<T> grad_weight) {
  if (grad_weight.cols <= most_in_a_row) {
    for (std::int64_t i = 0; i < rows.count; ++i)
      gradient_of_row(x, row_of(rows, i), grad_out.row(i), grad_weight);
    return;
  }
  gradient_with_columns<T>(context, by_columns(context, x, rows), {}, grad_out, grad_weight);
}
SPARCELL_INSTANTIATE(cpu::sparse_linear_weight_gradient);

}  // namespace sparcell

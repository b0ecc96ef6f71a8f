#include "sparcell/ops/likelihood.h"

#include <vector>

#include "cpu/reduce.h"
#include "cpu/rows.h"
#include "math/count_loss.h"

namespace sparcell {
namespace {

/// What the entries of a cell are made from and where their derivatives go (scratch memory).
template <class T>
struct CellEntries {
  std::int64_t genes;
  const T *log_rate, *gate, *log_dispersion;
  T shift;  ///< of log rates
  T *loss, *by_log_mean, *by_gate, *by_log_dispersion;
};

/// Every entry as a count of 0.
template <bool gate, class T>
void all_as_zero(const CellEntries<T>& cell) {
#pragma GCC ivdep
  for (std::int64_t g = 0; g < cell.genes; ++g) {
    const math::EntryLoss<T> entry = math::loss_of_zero<gate, T>(
        cell.log_rate[g] + cell.shift, cell.log_dispersion[g], gate ? cell.gate[g] : T(0));
    cell.loss[g] = entry.loss;
    cell.by_log_mean[g] = entry.by_log_mean;
    if (gate) cell.by_gate[g] = entry.by_gate;
    cell.by_log_dispersion[g] = entry.by_log_dispersion;
  }
}

/// The entries that are not 0; returns their loss. Their terms are large: f64.
template <bool gate, class T>
double counts_above_zero(const CellEntries<T>& cell, const CsrView<const T>& counts, std::int64_t row) {
  double loss = 0;
  for (std::int64_t k = counts.offsets[row]; k < counts.offsets[row + 1]; ++k) {
    const std::int32_t g = counts.indices[k];
    const math::EntryLoss<double> entry = math::loss_of_count<gate>(
        counts.values[k], cell.log_rate[g] + cell.shift, cell.log_dispersion[g], gate ? cell.gate[g] : T(0));
    loss += entry.loss;
    cell.loss[g] = 0;
    cell.by_log_mean[g] = static_cast<T>(entry.by_log_mean);
    if (gate) cell.by_gate[g] = static_cast<T>(entry.by_gate);
    cell.by_log_dispersion[g] = static_cast<T>(entry.by_log_dispersion);
  }
  return loss;
}

template <class T>
double loss_of_cell(const CellEntries<T>& cell, bool gate, const CsrView<const T>& counts, std::int64_t row) {
  double loss;
  if (gate) {
    all_as_zero<true>(cell);
    loss = counts_above_zero<true>(cell, counts, row);
  } else {
    all_as_zero<false>(cell);
    loss = counts_above_zero<false>(cell, counts, row);
  }
  return loss + cpu::lane_sum<T>(cell.genes, [&](std::int64_t g) { return cell.loss[g]; });
}

template <class T>
void write_scaled(const T* from, std::int64_t count, T scale, T* to) {
  for (std::int64_t c = 0; c < count; ++c) to[c] = scale * from[c];
}

}  // namespace

template <class T>
void cpu::count_loss(Context& context, CountForm form, MatrixView<const T> outputs,
                     const Dispersion<T>& dispersion, std::span<const T> log_library, CsrView<const T> counts,
                     BatchRows rows, double loss_scale, double gradient_scale, double* loss,
                     std::span<double> cell_losses, MatrixView<T> gradient, MatrixView<T> by_log_dispersion) {
  const std::int64_t genes = counts.cols, last = outputs.cols - 1;
  const T scale = static_cast<T>(gradient_scale);
  *loss +=
      loss_scale * ordered_sum(context.threads(), rows.count, 4, [&](std::int64_t first, std::int64_t end) {
        static thread_local std::vector<T> buffer;
        buffer.resize(static_cast<std::size_t>(4 * genes));
        T* const scratch = buffer.data();
        double sum = 0;
        for (std::int64_t i = first; i < end; ++i) {
          const std::int64_t row = row_of(rows, i);
          const T* const out = outputs.row(i);
          T shift = form.library ? out[last] : T(0);
          if (!log_library.empty()) shift += log_library[row];
          const std::int64_t group = dispersion.group_of.empty() ? 0 : dispersion.group_of[row];
          const CellEntries<T> cell{genes,
                                    out,
                                    out + genes,
                                    dispersion.log.row(group),
                                    shift,
                                    scratch,
                                    scratch + genes,
                                    scratch + 2 * genes,
                                    scratch + 3 * genes};
          const double of_cell = loss_of_cell(cell, form.gate, counts, row);
          sum += of_cell;
          if (!cell_losses.empty()) cell_losses[i] = of_cell;
          if (by_log_dispersion.data != nullptr)
            write_scaled(cell.by_log_dispersion, genes, scale, by_log_dispersion.row(i));
          if (gradient.data == nullptr) continue;
          T* const to = gradient.row(i);
          write_scaled(cell.by_log_mean, genes, scale, to);
          if (form.gate) write_scaled(cell.by_gate, genes, scale, to + genes);
          if (!form.library) continue;
          to[last] =
              scale * static_cast<T>(lane_sum<T>(genes, [&](std::int64_t g) { return cell.by_log_mean[g]; }));
        }
        return sum;
      });
}
SPARCELL_INSTANTIATE(cpu::count_loss);

template <class T>
void cpu::gaussian_loss(Context& context, MatrixView<const T> prediction, std::span<const T> log_variance,
                        CsrView<const T> x, BatchRows rows, std::span<const T> mean,
                        std::span<const T> inverse_scale, double loss_scale, double gradient_scale,
                        double* loss, std::span<double> cell_losses, MatrixView<T> gradient,
                        MatrixView<T> by_log_variance) {
  const bool shared = log_variance.size() == 1;
  const T scale = static_cast<T>(gradient_scale);
  *loss +=
      loss_scale * ordered_sum(context.threads(), rows.count, 4, [&](std::int64_t first, std::int64_t end) {
        static thread_local std::vector<T> buffer;
        buffer.resize(static_cast<std::size_t>(2 * x.cols));
        T *const target = buffer.data(), *const terms = target + x.cols;
        double sum = 0;
        for (std::int64_t i = first; i < end; ++i) {
          densify(x, row_of(rows, i), mean, inverse_scale, target);
          const T* const p = prediction.row(i);
          T* const g = gradient.data == nullptr ? nullptr : gradient.row(i);
          T* const by_log = by_log_variance.data == nullptr ? nullptr : by_log_variance.row(i);
          for (std::int64_t c = 0; c < x.cols; ++c) {
            const math::GaussianLoss<T> entry =
                math::gaussian_loss(p[c] - target[c], log_variance[shared ? 0 : c]);
            terms[c] = entry.loss;
            target[c] = scale * entry.by_log_variance;
            if (g != nullptr) g[c] = scale * entry.by_prediction;
          }
          if (by_log != nullptr) std::copy_n(target, x.cols, by_log);
          const double of_cell = lane_sum<T>(x.cols, [&](std::int64_t c) { return terms[c]; });
          sum += of_cell;
          if (!cell_losses.empty()) cell_losses[i] = of_cell;
        }
        return sum;
      });
}
SPARCELL_INSTANTIATE(cpu::gaussian_loss);

template <class T>
void cpu::add_rows_by_group(Context& context, MatrixView<const T> values, BatchRows rows,
                            std::span<const std::int32_t> group_of, MatrixView<T> sums) {
  parallel_parts(context.threads(), values.cols, 64, [&](std::int64_t first, std::int64_t last, int) {
    for (std::int64_t i = 0; i < values.rows; ++i) {
      const T* const from = values.row(i);
      T* const to = sums.row(group_of.empty() ? 0 : group_of[row_of(rows, i)]);
      for (std::int64_t c = first; c < last; ++c) to[c] += from[c];
    }
  });
}
SPARCELL_INSTANTIATE(cpu::add_rows_by_group);

}  // namespace sparcell

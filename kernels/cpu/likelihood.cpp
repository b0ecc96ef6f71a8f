#include "sparcell/ops/likelihood.h"

#include <algorithm>
#include <vector>

#include "cpu/count_entries.h"
#include "cpu/reduce.h"
#include "cpu/rows.h"
#include "cpu/wide.h"
#include "math/count_loss.h"

namespace sparcell {
namespace {

/// Dispersions of the group of cells that a row is of; the next row is often of the same.
template <class T>
struct PerGene {
  std::int64_t group = -1;
  std::vector<T> value, inside;

  void of_group(std::int64_t number, MatrixView<const T> log_dispersion) {
    if (group == number) return;
    group = number;
    resize(log_dispersion.cols);
    const T* from = log_dispersion.row(number);
    T *values = value.data(), *insides = inside.data();
#pragma GCC ivdep
    for (std::int64_t g = 0; g < log_dispersion.cols; ++g) {
      const math::Bounded<T> t = math::bounded_dispersion(from[g]);
      values[g] = t.value, insides[g] = t.inside;
    }
  }

 private:
  void resize(std::int64_t genes) {
    value.resize(static_cast<std::size_t>(genes));
    inside.resize(value.size());
  }
};

/// What the entries of a cell are made from, and where their losses and `scale` times their derivatives go.
template <class T>
struct CellEntries {
  std::int64_t genes;
  const T *log_rate, *gate, *dispersion, *inside;
  T shift;  ///< of log rates
  T scale;
  T *loss, *by_log_mean, *by_gate, *by_log_dispersion;
};

template <class T>
inline __attribute__((always_inline)) void as_zeros(const CellEntries<T>& cell) {
  const T *log_rate = cell.log_rate, *dispersion = cell.dispersion, *inside = cell.inside;
  const T shift = cell.shift, scale = cell.scale;
  T *loss = cell.loss, *by_log_mean = cell.by_log_mean, *by_log_dispersion = cell.by_log_dispersion;
#pragma GCC ivdep
  for (std::int64_t g = 0; g < cell.genes; ++g) {
    const math::EntryLoss<T> entry =
        math::loss_of(math::zero_count(log_rate[g] + shift, dispersion[g]), inside[g]);
    loss[g] = entry.loss;
    by_log_mean[g] = scale * entry.by_log_mean;
    by_log_dispersion[g] = scale * entry.by_log_dispersion;
  }
}

/// In two loops, because each step of the one waits for the last: with what lies between them in the place of
/// the results, the processor is at many genes at once.
template <class T>
inline __attribute__((always_inline)) void as_zeros_behind_gates(const CellEntries<T>& cell) {
  constexpr std::int64_t tile = 256;
  const T *log_rate = cell.log_rate, *logit = cell.gate, *dispersion = cell.dispersion, *inside = cell.inside;
  const T shift = cell.shift, scale = cell.scale;
  T *loss = cell.loss, *by_log_mean = cell.by_log_mean, *by_gate = cell.by_gate,
    *by_log_dispersion = cell.by_log_dispersion;
  for (std::int64_t first = 0; first < cell.genes; first += tile) {
    const std::int64_t last = std::min(first + tile, cell.genes);
#pragma GCC ivdep
    for (std::int64_t g = first; g < last; ++g) {
      const math::ZeroCount<T> zero = math::zero_count(log_rate[g] + shift, dispersion[g]);
      loss[g] = zero.loss;
      by_log_mean[g] = zero.mean.value;
      by_gate[g] = zero.mean.inside;
      by_log_dispersion[g] = zero.ratio;
    }
#pragma GCC ivdep
    for (std::int64_t g = first; g < last; ++g) {
      const math::ZeroCount<T> zero{{by_log_mean[g], by_gate[g]}, by_log_dispersion[g], loss[g]};
      const math::EntryLoss<T> entry = math::loss_behind_gate(zero, inside[g], logit[g]);
      loss[g] = entry.loss;
      by_log_mean[g] = scale * entry.by_log_mean;
      by_gate[g] = scale * entry.by_gate;
      by_log_dispersion[g] = scale * entry.by_log_dispersion;
    }
  }
}

/// Every entry as a count of 0.
SPARCELL_WIDE void all_as_zero(const CellEntries<float>& cell, bool gate) {
  gate ? as_zeros_behind_gates(cell) : as_zeros(cell);
}
void all_as_zero(const CellEntries<double>& cell, bool gate) {
  gate ? as_zeros_behind_gates(cell) : as_zeros(cell);
}

/// The entries of a cell that are not 0, side by side; ones behind them, up to a full vector.
template <class T>
struct AboveZero {
  std::vector<T> log_mean, inside, logit, of_gate, by_gate;
  std::vector<double> numbers;
  cpu::CountEntries entries{};
  double *count, *mean, *dispersion;

  void resize(std::int64_t size) {
    constexpr std::int64_t vector = 16;
    const std::int64_t filled = (size + vector - 1) / vector * vector;
    const auto n = static_cast<std::size_t>(filled);
    for (std::vector<T>* part : {&log_mean, &inside, &logit, &of_gate, &by_gate}) part->resize(n);
    numbers.resize(6 * n);
    double* const at = numbers.data();
    count = at, mean = at + n, dispersion = at + 2 * n;
    entries = {filled, count, mean, dispersion, at + 3 * n, at + 4 * n, at + 5 * n};
    for (std::int64_t k = size; k < filled; ++k) count[k] = dispersion[k] = 1, log_mean[k] = logit[k] = T(0);
  }

  template <bool gate>
  void gather(const CellEntries<T>& cell, const CsrView<const T>& counts, std::int64_t first,
              std::int64_t size) {
    for (std::int64_t k = 0; k < size; ++k) {
      const std::int32_t g = counts.indices[first + k];
      count[k] = static_cast<double>(counts.values[first + k]);
      log_mean[k] = cell.log_rate[g] + cell.shift;
      dispersion[k] = static_cast<double>(cell.dispersion[g]);
      if (gate) logit[k] = cell.gate[g];
    }
    cpu::count_means(cpu::CountMeans<T>{entries.size, log_mean.data(), gate ? logit.data() : nullptr, mean,
                                        inside.data(), of_gate.data(), by_gate.data()});
  }
};

/// Puts the entries right that are not 0; returns their loss. Their terms are large: f64.
template <bool gate, class T>
double counts_above_zero(const CellEntries<T>& cell, const CsrView<const T>& counts, std::int64_t row) {
  static thread_local AboveZero<T> above;
  const std::int64_t first = counts.offsets[row], size = counts.offsets[row + 1] - first;
  above.resize(size);
  above.template gather<gate>(cell, counts, first, size);
  cpu::count_losses(above.entries);
  double loss = 0;
  for (std::int64_t k = 0; k < size; ++k) {
    const std::int32_t g = counts.indices[first + k];
    loss += above.entries.loss[k];
    if (gate) loss += static_cast<double>(above.of_gate[k]);
    cell.loss[g] = 0;
    cell.by_log_mean[g] = cell.scale * (above.inside[k] * static_cast<T>(above.entries.by_log_mean[k]));
    if (gate) cell.by_gate[g] = cell.scale * above.by_gate[k];
    cell.by_log_dispersion[g] =
        cell.scale * (cell.inside[g] * static_cast<T>(above.entries.by_log_dispersion[k]));
  }
  return loss;
}

template <bool gate, class T>
double loss_of_cell(const CellEntries<T>& cell, const CsrView<const T>& counts, std::int64_t row) {
  all_as_zero(cell, gate);
  const double loss = counts_above_zero<gate>(cell, counts, row);
  return loss + cpu::lane_sum<T>(cell.genes, [&](std::int64_t g) { return cell.loss[g]; });
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
        PerGene<T> dispersions;
        double sum = 0;
        for (std::int64_t i = first; i < end; ++i) {
          const std::int64_t row = row_of(rows, i);
          const T* const out = outputs.row(i);
          T shift = form.library ? out[last] : T(0);
          if (!log_library.empty()) shift += log_library[row];
          dispersions.of_group(dispersion.group_of.empty() ? 0 : dispersion.group_of[row], dispersion.log);
          T* const to = gradient.data == nullptr ? nullptr : gradient.row(i);
          const CellEntries<T> cell{.genes = genes,
                                    .log_rate = out,
                                    .gate = out + genes,
                                    .dispersion = dispersions.value.data(),
                                    .inside = dispersions.inside.data(),
                                    .shift = shift,
                                    .scale = scale,
                                    .loss = scratch,
                                    .by_log_mean = to == nullptr ? scratch + genes : to,
                                    .by_gate = to == nullptr ? scratch + 2 * genes : to + genes,
                                    .by_log_dispersion = by_log_dispersion.data == nullptr
                                                             ? scratch + 3 * genes
                                                             : by_log_dispersion.row(i)};
          const double of_cell =
              form.gate ? loss_of_cell<true>(cell, counts, row) : loss_of_cell<false>(cell, counts, row);
          sum += of_cell;
          if (!cell_losses.empty()) cell_losses[i] = of_cell;
          if (to == nullptr || !form.library) continue;
          to[last] = static_cast<T>(lane_sum<T>(genes, [&](std::int64_t g) { return cell.by_log_mean[g]; }));
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
        buffer.resize(static_cast<std::size_t>(6 * x.cols));
        T *const target = buffer.data(), *const terms = target + x.cols,
                 *const by_prediction = terms + x.cols, *const logs = by_prediction + x.cols,
                 *const precisions = logs + x.cols, *const sides = precisions + x.cols;
        for (std::int64_t c = 0; c < x.cols; ++c) logs[c] = log_variance[shared ? 0 : c];
#pragma GCC ivdep
        for (std::int64_t c = 0; c < x.cols; ++c) {
          const math::Variance<T> variance = math::bounded_variance(logs[c]);
          logs[c] = variance.log, precisions[c] = variance.precision, sides[c] = variance.side;
        }
        double sum = 0;
        for (std::int64_t i = first; i < end; ++i) {
          densify(x, row_of(rows, i), mean, inverse_scale, target);
          const T* const p = prediction.row(i);
#pragma GCC ivdep
          for (std::int64_t c = 0; c < x.cols; ++c) {
            const math::GaussianLoss<T> entry =
                math::gaussian_loss<T>(p[c] - target[c], {logs[c], precisions[c], sides[c]});
            terms[c] = entry.loss;
            by_prediction[c] = scale * entry.by_prediction;
            target[c] = scale * entry.by_log_variance;
          }
          if (gradient.data != nullptr) std::copy_n(by_prediction, x.cols, gradient.row(i));
          if (by_log_variance.data != nullptr) std::copy_n(target, x.cols, by_log_variance.row(i));
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

#include "sparcell/ops/likelihood.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "cpu/count_entries.h"
#include "cpu/reduce.h"
#include "cpu/rows.h"
#include "cpu/share_rows.h"
#include "cpu/zero_counts.h"
#include "math/count_loss.h"

namespace sparcell {
namespace {

using cpu::CellEntries;

/// Dispersions of the group of cells that a row is of; the next row is often of the same.
template <class T>
struct PerGene {
  std::int64_t group = -1;
  std::vector<T> value, inverse, inside;

  void of_group(std::int64_t number, MatrixView<const T> log_dispersion) {
    if (group == number) return;
    group = number;
    resize(log_dispersion.cols);
    const T* from = log_dispersion.row(number);
    T *values = value.data(), *inverses = inverse.data(), *insides = inside.data();
#pragma GCC ivdep
    for (std::int64_t g = 0; g < log_dispersion.cols; ++g) {
      const math::Bounded<T> t = math::bounded_dispersion(from[g]);
      values[g] = t.value, inverses[g] = 1 / t.value, insides[g] = t.inside;
    }
  }

 private:
  void resize(std::int64_t genes) {
    value.resize(static_cast<std::size_t>(genes));
    inverse.resize(value.size());
    inside.resize(value.size());
  }
};

/// The entries of a cell that are not 0, side by side; ones behind them, up to a full vector.
template <class T>
struct AboveZero {
  std::vector<T> numbers;
  std::vector<double> losses;
  T *count, *log_mean, *logit, *dispersion, *inside, *by_log_mean, *by_gate, *by_log_dispersion;
  std::int64_t filled;

  void resize(std::int64_t size) {
    constexpr std::int64_t vector = cpu::CountEntries<T>::vector;
    filled = (size + vector - 1) / vector * vector;
    numbers.resize(static_cast<std::size_t>(8 * filled));
    losses.resize(static_cast<std::size_t>(filled));
    T* next = numbers.data();
    for (T** part :
         {&count, &log_mean, &logit, &dispersion, &inside, &by_log_mean, &by_gate, &by_log_dispersion})
      *part = std::exchange(next, next + filled);
    for (std::int64_t k = size; k < filled; ++k)
      count[k] = dispersion[k] = inside[k] = 1, log_mean[k] = logit[k] = T(0);
  }
  cpu::CountEntries<T> entries(bool gate, T scale) {
    return {.size = filled,
            .scale = scale,
            .count = count,
            .log_mean = log_mean,
            .logit = gate ? logit : nullptr,
            .dispersion = dispersion,
            .inside = inside,
            .loss = losses.data(),
            .by_log_mean = by_log_mean,
            .by_gate = by_gate,
            .by_log_dispersion = by_log_dispersion};
  }
};

// The entries of a cell that are not 0, taken from its genes' places and put there. Pointers stand outside of
// objects, for what is written could be those.

template <bool gate, class T>
void take_entries(const CellEntries<T>& cell, std::int64_t size, const std::int32_t* gene, const T* values,
                  const AboveZero<T>& above) {
  const T *log_rate = cell.log_rate, *logits = cell.gate, *dispersions = cell.dispersion,
          *insides = cell.inside;
  T *count = above.count, *log_mean = above.log_mean, *logit = above.logit, *dispersion = above.dispersion,
    *inside = above.inside;
  const T shift = cell.shift;
  for (std::int64_t k = 0; k < size; ++k) {
    const std::int32_t g = gene[k];
    count[k] = values[k];
    log_mean[k] = log_rate[g] + shift;
    dispersion[k] = dispersions[g];
    inside[k] = insides[g];
    if (gate) logit[k] = logits[g];
  }
}

template <bool gate, class T>
void put_entries(const AboveZero<T>& above, std::int64_t size, const std::int32_t* gene,
                 const CellEntries<T>& cell) {
  const T *by_log_mean = above.by_log_mean, *by_gate = above.by_gate,
          *by_log_dispersion = above.by_log_dispersion;
  T *loss = cell.loss, *to_log_mean = cell.by_log_mean, *to_gate = cell.by_gate,
    *to_log_dispersion = cell.by_log_dispersion;
  for (std::int64_t k = 0; k < size; ++k) {
    const std::int32_t g = gene[k];
    loss[g] = 0;
    to_log_mean[g] = by_log_mean[k];
    if (gate) to_gate[g] = by_gate[k];
    to_log_dispersion[g] = by_log_dispersion[k];
  }
}

/// Puts the entries right that are not 0; returns their loss.
template <bool gate, class T>
double counts_above_zero(const CellEntries<T>& cell, const CsrView<const T>& counts, std::int64_t row) {
  static thread_local AboveZero<T> above;
  const std::int64_t first = counts.offsets[row], size = counts.offsets[row + 1] - first;
  const std::int32_t* const gene = counts.indices + first;
  above.resize(size);
  take_entries<gate>(cell, size, gene, counts.values + first, above);
  cpu::count_losses(above.entries(gate, cell.scale));
  put_entries<gate>(above, size, gene, cell);
  return cpu::lane_sum<double>(size, [&](std::int64_t k) { return above.losses[k]; });
}

template <bool gate, class T>
double loss_of_cell(const CellEntries<T>& cell, const CsrView<const T>& counts, std::int64_t row) {
  cpu::all_as_zero(cell, gate);
  const double loss = counts_above_zero<gate>(cell, counts, row);
  return loss + cpu::sum_over_genes(cell.loss, cell.genes);
}

/// `total` is of shares, where outputs are logits of those; 0 where they are log rates.
template <class T>
double loss_of_batch(Context& context, double total, CountForm form, MatrixView<const T> outputs,
                     const Dispersion<T>& dispersion, std::span<const T> log_library, CsrView<const T> counts,
                     BatchRows rows, T scale, LikelihoodResults<T> results) {
  const MatrixView<T> gradient = results.gradient, by_log_dispersion = results.by_shared;
  const std::int64_t genes = counts.cols, last = outputs.cols - 1;
  const bool shares = total > 0;
  return cpu::ordered_sum(context.threads(), rows.count, 4, [&](std::int64_t first, std::int64_t end) {
    static thread_local std::vector<T> buffer;
    buffer.resize(static_cast<std::size_t>(5 * genes));
    T *const scratch = buffer.data(), *const exponentials = scratch + 4 * genes;
    PerGene<T> dispersions;
    double sum = 0;
    for (std::int64_t i = first; i < end; ++i) {
      const std::int64_t row = cpu::row_of(rows, i);
      const T* const out = outputs.row(i);
      T shift = form.library ? out[last] : T(0);
      if (!log_library.empty()) shift += log_library[row];
      cpu::ShareSums of_shares{};
      T rate_factor{};
      if (shares) {
        of_shares = cpu::exponentials_of_logits(out, genes, exponentials);
        const double library = total * std::exp(static_cast<double>(shift));
        rate_factor = static_cast<T>(
            std::min(library / of_shares.all, static_cast<double>(std::numeric_limits<T>::max())));
        shift = static_cast<T>(std::log(library) - of_shares.log_all);
      }
      dispersions.of_group(dispersion.group_of.empty() ? 0 : dispersion.group_of[row], dispersion.log);
      T* const to = gradient.data == nullptr ? nullptr : gradient.row(i);
      const CellEntries<T> cell{.genes = genes,
                                .log_rate = out,
                                .gate = out + genes,
                                .dispersion = dispersions.value.data(),
                                .by_dispersion = dispersions.inverse.data(),
                                .inside = dispersions.inside.data(),
                                .shift = shift,
                                .rate = shares ? exponentials : nullptr,
                                .rate_factor = rate_factor,
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
      if (!results.cell_losses.empty()) results.cell_losses[i] = of_cell;
      if (to == nullptr) continue;
      if (form.library) to[last] = static_cast<T>(cpu::sum_over_genes(to, genes));
      if (shares) cpu::from_log_shares(exponentials, of_shares.all, genes, to);
    }
    return sum;
  });
}

}  // namespace

template <class T>
void cpu::count_loss(Context& context, CountForm form, MatrixView<const T> outputs,
                     const Dispersion<T>& dispersion, std::span<const T> log_library, CsrView<const T> counts,
                     BatchRows rows, LossTerm loss, LikelihoodResults<T> results) {
  *loss.sum += loss.scale * loss_of_batch<T>(context, 0, form, outputs, dispersion, log_library, counts, rows,
                                             static_cast<T>(loss.gradient_scale), results);
}
SPARCELL_INSTANTIATE(cpu::count_loss);

template <class T>
void cpu::count_loss_of_shares(Context& context, double total, CountForm form, MatrixView<T> outputs,
                               const Dispersion<T>& dispersion, std::span<const T> log_library,
                               CsrView<const T> counts, BatchRows rows, LossTerm loss,
                               LikelihoodResults<T> results) {
  *loss.sum += loss.scale * loss_of_batch<T>(context, total, form, outputs, dispersion, log_library, counts,
                                             rows, static_cast<T>(loss.gradient_scale), results);
}
SPARCELL_INSTANTIATE(cpu::count_loss_of_shares);

template <class T>
void cpu::gaussian_loss(Context& context, MatrixView<const T> prediction, std::span<const T> log_variance,
                        CsrView<const T> x, BatchRows rows, Standardization<T> standardization, LossTerm loss,
                        LikelihoodResults<T> results) {
  const MatrixView<T> gradient = results.gradient, by_log_variance = results.by_shared;
  const bool shared = log_variance.size() == 1;
  const T scale = static_cast<T>(loss.gradient_scale);
  *loss.sum +=
      loss.scale * ordered_sum(context.threads(), rows.count, 4, [&](std::int64_t first, std::int64_t end) {
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
          densify(x, row_of(rows, i), standardization, target);
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
          if (!results.cell_losses.empty()) results.cell_losses[i] = of_cell;
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

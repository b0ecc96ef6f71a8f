// A row is worked through in tiles of genes: the words of a tile are drawn side by side (cpu/stream_words.h),
// and the loops over it vectorize.
#include "sparcell/ops/hurdle.h"

#include <algorithm>
#include <vector>

#include "cpu/reduce.h"
#include "cpu/stream_words.h"
#include "math/hurdle.h"

namespace sparcell {
namespace {

/// Calls use(first column, count, noise) for the tiles of a row.
template <class T, class Use>
void for_each_tile(const math::PhiloxStream& stream, std::int64_t row, std::int64_t cols, Use&& use) {
  constexpr std::int64_t tile = cpu::short_tile;
  for (std::int64_t c = 0; c < cols; c += tile) {
    const std::int64_t count = std::min(tile, cols - c);
    const cpu::StreamWords<tile> words(stream, static_cast<std::uint64_t>(row * cols + c));
    T noise[tile];
    for (std::int64_t i = 0; i < tile; ++i) noise[i] = math::logistic<T>(words.begin()[i]);
    use(c, count, noise);
  }
}

}  // namespace

template <class T>
void cpu::hurdle(Context& context, RandomStream noise, std::int64_t first_row, MatrixView<const T> values,
                 MatrixView<const T> gates, MatrixView<T> out) {
  const math::PhiloxStream stream(noise);
  parallel_for(context.threads(), values.rows, 4, [&](std::int64_t r) {
    for_each_tile<T>(stream, first_row + r, values.cols,
                     [&](std::int64_t first, std::int64_t count, const T* drawn) {
                       const T *v = values.row(r) + first, *l = gates.row(r) + first;
                       T* x = out.row(r) + first;
#pragma GCC ivdep
                       for (std::int64_t i = 0; i < count; ++i)
                         x[i] = math::hurdle_value(v[i], l[i], drawn[i]);
                     });
  });
}
SPARCELL_INSTANTIATE(cpu::hurdle);

template <class T>
void cpu::hurdle_backward(Context& context, RandomStream noise, std::int64_t first_row, double temperature,
                          MatrixView<const T> values, MatrixView<const T> gates, MatrixView<const T> grad,
                          MatrixView<T> grad_values, MatrixView<T> grad_gates) {
  const math::PhiloxStream stream(noise);
  const T inverse = static_cast<T>(1 / temperature);
  parallel_for(context.threads(), values.rows, 4, [&](std::int64_t r) {
    for_each_tile<T>(
        stream, first_row + r, values.cols, [&](std::int64_t first, std::int64_t count, const T* drawn) {
          const T *v = values.row(r) + first, *l = gates.row(r) + first, *g = grad.row(r) + first;
          T *dv = grad_values.row(r) + first, *dl = grad_gates.row(r) + first;
#pragma GCC ivdep
          for (std::int64_t i = 0; i < count; ++i) {
            const auto gradient = math::hurdle_gradient(v[i], l[i], drawn[i], inverse, g[i]);
            dv[i] = gradient.value;
            dl[i] = gradient.gate;
          }
        });
  });
}
SPARCELL_INSTANTIATE(cpu::hurdle_backward);

template <class T>
void cpu::zero_share(Context& context, MatrixView<const T> gates, std::span<const T> share, double loss_scale,
                     double gradient_scale, double* loss, MatrixView<T> grad) {
  constexpr std::int64_t tile = 32;  // genes whose sums over cells stay in registers and L1
  const std::int64_t tiles = (gates.cols + tile - 1) / tile;
  const auto n = static_cast<double>(gates.rows);
  const double sum = ordered_sum(context.threads(), tiles, 1, [&](std::int64_t begin, std::int64_t end) {
    double part = 0;
    for (std::int64_t t = begin; t < end; ++t) {
      const std::int64_t first = t * tile, count = std::min(tile, gates.cols - first);
      double mean[tile] = {};
      T factor[tile];
      for (std::int64_t r = 0; r < gates.rows; ++r) {
        const T* l = gates.row(r) + first;
        for (std::int64_t i = 0; i < count; ++i) mean[i] += static_cast<double>(math::sigmoid(l[i]));
      }
      for (std::int64_t i = 0; i < count; ++i) {
        const double off = mean[i] / n - static_cast<double>(share[first + i]);
        const double weight = math::zero_share_weight(share[first + i]);
        part += off * off * weight;
        factor[i] = static_cast<T>(gradient_scale * 2 * off * weight / n);
      }
      for (std::int64_t r = 0; r < gates.rows; ++r) {
        const T* l = gates.row(r) + first;
        T* g = grad.row(r) + first;
        for (std::int64_t i = 0; i < count; ++i) {
          const T p = math::sigmoid(l[i]);
          g[i] += factor[i] * (p * (T(1) - p));
        }
      }
    }
    return part;
  });
  *loss += loss_scale * sum;
}
SPARCELL_INSTANTIATE(cpu::zero_share);

}  // namespace sparcell

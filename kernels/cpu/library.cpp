#include "sparcell/ops/library.h"

#include "cpu/reduce.h"
#include "math/elementary.h"
#include "math/library.h"

namespace sparcell {

template <class T>
void cpu::draw_quantiles(Context&, RandomStream random_stream, std::span<const T> table, MatrixView<T> out) {
  const math::PhiloxStream stream(random_stream);
  const auto entries = static_cast<std::int64_t>(table.size());
  for (std::int64_t i = 0; i < out.rows; ++i) {
    const T u = math::uniform<T>(stream.word(static_cast<std::uint64_t>(i)));
    out(i, 0) = math::quantile_at(table.data(), entries, u);
  }
}
SPARCELL_INSTANTIATE(cpu::draw_quantiles);

template <class T>
void cpu::scale_to_library(Context& context, MatrixView<const T> x, MatrixView<const T> size,
                           std::span<const T> scale, MatrixView<T> out) {
  parallel_for(context.threads(), x.rows, 4, [&](std::int64_t r) {
    const T* from = x.row(r);
    T* to = out.row(r);
    const double sum = lane_sum<T>(x.cols, [&](std::int64_t g) { return math::expm1(from[g]); });
    const T factor = math::library_factor(size(r, 0), scale[0], scale[1], sum);
#pragma GCC ivdep
    for (std::int64_t g = 0; g < x.cols; ++g) to[g] = math::log1p(factor * math::expm1(from[g]));
  });
}
SPARCELL_INSTANTIATE(cpu::scale_to_library);

template <class T>
void cpu::scale_to_library_backward(Context& context, MatrixView<const T> x, MatrixView<const T> size,
                                    std::span<const T> scale, MatrixView<const T> grad,
                                    MatrixView<T> grad_x) {
  parallel_for(context.threads(), x.rows, 4, [&](std::int64_t r) {
    const T *from = x.row(r), *g_out = grad.row(r);
    T* g_x = grad_x.row(r);
    const double sum = lane_sum<T>(x.cols, [&](std::int64_t g) { return math::expm1(from[g]); });
    const T factor = math::library_factor(size(r, 0), scale[0], scale[1], sum);
    const double along = lane_sum<T>(x.cols, [&](std::int64_t g) {
      const T q = math::expm1(from[g]);
      return g_out[g] / (T(1) + factor * q) * q;
    });
    const T mean = sum > 0 ? static_cast<T>(along / sum) : T(0);
#pragma GCC ivdep
    for (std::int64_t g = 0; g < x.cols; ++g) {
      const T q = math::expm1(from[g]);
      g_x[g] = factor * (g_out[g] / (T(1) + factor * q) - mean) * (T(1) + q);
    }
  });
}
SPARCELL_INSTANTIATE(cpu::scale_to_library_backward);

}  // namespace sparcell

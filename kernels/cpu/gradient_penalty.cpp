#include "sparcell/ops/gradient_penalty.h"

#include <cmath>

#include "cpu/reduce.h"
#include "math/activation.h"
#include "math/philox.h"

namespace sparcell {

template <class T>
void cpu::interpolate(Context& context, RandomStream random_stream, MatrixView<const T> real,
                      MatrixView<const T> generated, MatrixView<T> out) {
  const math::PhiloxStream stream(random_stream);
  parallel_for(context.threads(), out.rows, 8, [&](std::int64_t r) {
    const T share = math::uniform<T>(stream.word(static_cast<std::uint64_t>(r)));
    const T* x = real.row(r);
    const T* y = generated.row(r);
    T* to = out.row(r);
    for (std::int64_t c = 0; c < out.cols; ++c) to[c] = share * x[c] + (T(1) - share) * y[c];
  });
}
SPARCELL_INSTANTIATE(cpu::interpolate);

template <class T>
void cpu::penalty_tangent(Context& context, MatrixView<const T> g, double target, double weight,
                          double penalty_scale, double* penalty, MatrixView<T> tangent) {
  const auto rows = static_cast<double>(g.rows);
  const double sum = ordered_sum(context.threads(), g.rows, 8, [&](std::int64_t first, std::int64_t last) {
    double part = 0;
    for (std::int64_t r = first; r < last; ++r) {
      const T* row = g.row(r);
      const double norm = std::sqrt(lane_sum<T>(g.cols, [&](std::int64_t c) { return row[c] * row[c]; }));
      part += (norm - target) * (norm - target);
      const T factor = norm == 0 ? T(0) : static_cast<T>(weight * 2 / rows * (norm - target) / norm);
      for (std::int64_t c = 0; c < g.cols; ++c) tangent(r, c) = factor * row[c];
    }
    return part;
  });
  *penalty += penalty_scale * sum / rows;
}
SPARCELL_INSTANTIATE(cpu::penalty_tangent);

template <class T>
void cpu::head_derivative(Context&, PenaltyOn head, MatrixView<const T> logits, const T* scale,
                          MatrixView<T> out) {
  const T factor = scale == nullptr ? T(1) : *scale;
  for (std::int64_t r = 0; r < logits.rows; ++r) {
    const T p = math::sigmoid(logits(r, 0));
    out(r, 0) = factor * (head == PenaltyOn::probability ? p * (T(1) - p) : T(1));
  }
}
SPARCELL_INSTANTIATE(cpu::head_derivative);

template <class T>
void cpu::head_second_derivative(Context&, PenaltyOn head, MatrixView<const T> logits, const T* scale,
                                 MatrixView<T> tangent_linear, MatrixView<T> out) {
  const T factor = scale == nullptr ? T(1) : *scale;
  for (std::int64_t r = 0; r < logits.rows; ++r) {
    const T p = math::sigmoid(logits(r, 0));
    const T second = head == PenaltyOn::probability ? p * (T(1) - p) * (T(1) - T(2) * p) : T(0);
    tangent_linear(r, 0) *= factor;
    out(r, 0) = second * tangent_linear(r, 0);
  }
}
SPARCELL_INSTANTIATE(cpu::head_second_derivative);

}  // namespace sparcell

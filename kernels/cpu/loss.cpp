#include "sparcell/ops/loss.h"

#include <vector>

#include "cpu/reduce.h"
#include "cpu/rows.h"
#include "math/activation.h"
#include "sparcell/ops/layer.h"

namespace sparcell {
namespace {

/// The squared errors of a row; its gradient too, unless that is null.
template <class T, class Act>
double error_of_row(Act activation, std::int64_t cols, const T* prediction, const T* bias, const T* target,
                    T factor, T* gradient) {
  const auto with = [&](auto&& a) {
    const auto difference = [&](std::int64_t c) { return activation.value(a(c)) - target[c]; };
    const double sum = cpu::lane_sum<T>(cols, [&](std::int64_t c) { return difference(c) * difference(c); });
    if (gradient == nullptr) return sum;
#pragma GCC ivdep
    for (std::int64_t c = 0; c < cols; ++c) gradient[c] = factor * difference(c) * activation.first(a(c));
    return sum;
  };
  if (bias == nullptr) return with([&](std::int64_t c) { return prediction[c]; });
  return with([&](std::int64_t c) { return prediction[c] + bias[c]; });
}

}  // namespace

template <class T>
void cpu::squared_error(Context& context, MatrixView<const T> prediction, std::span<const T> bias,
                        CsrView<const T> x, BatchRows rows, Standardization<T> standardization, LossTerm loss,
                        MatrixView<T> gradient) {
  const T factor = static_cast<T>(2 * loss.gradient_scale);
  const double sum =
      ordered_sum(context.threads(), rows.count, 4, [&](std::int64_t first, std::int64_t last) {
        static thread_local std::vector<T> buffer;
        buffer.resize(static_cast<std::size_t>(2 * x.cols));
        T* target = buffer.data();
        T* difference = target + x.cols;
        double part = 0;
        for (std::int64_t i = first; i < last; ++i) {
          densify(x, row_of(rows, i), standardization, target);
          const T* p = prediction.row(i);
          if (bias.empty()) {
            for (std::int64_t c = 0; c < x.cols; ++c) difference[c] = p[c] - target[c];
          } else {
            for (std::int64_t c = 0; c < x.cols; ++c) difference[c] = (p[c] + bias[c]) - target[c];
          }
          part += lane_sum<T>(x.cols, [&](std::int64_t c) { return difference[c] * difference[c]; });
          if (gradient.data == nullptr) continue;
          T* g = gradient.row(i);
          for (std::int64_t c = 0; c < x.cols; ++c) g[c] = factor * difference[c];
        }
        return part;
      });
  *loss.sum += loss.scale * sum;
}
SPARCELL_INSTANTIATE(cpu::squared_error);

template <class T>
void cpu::dense_squared_error(Context& context, MatrixView<const T> prediction, std::span<const T> bias,
                              OutputActivation activation, MatrixView<const T> target, LossTerm loss,
                              MatrixView<T> gradient, std::span<T> grad_bias) {
  const T factor = static_cast<T>(2 * loss.gradient_scale);
  const double sum =
      ordered_sum(context.threads(), prediction.rows, 4, [&](std::int64_t first, std::int64_t last) {
        double part = 0;
        for (std::int64_t i = first; i < last; ++i) {
          const auto add = [&](auto act) {
            part +=
                error_of_row<T>(act, prediction.cols, prediction.row(i), bias.empty() ? nullptr : bias.data(),
                                target.row(i), factor, gradient.data == nullptr ? nullptr : gradient.row(i));
          };
          activation == OutputActivation::relu ? add(math::Relu{}) : add(math::Identity{});
        }
        return part;
      });
  *loss.sum += loss.scale * sum;
  if (grad_bias.empty()) return;
  const LayerPass<T> all{.rows = gradient.rows};
  cpu::layer_backward<T>(context, LayerForm{}, {}, {&all, 1}, gradient, gradient, gradient,
                         {.bias = grad_bias, .weight = {}, .offset = {}});
}
SPARCELL_INSTANTIATE(cpu::dense_squared_error);

template <class T>
void cpu::absolute_value(Context& context, MatrixView<const T> x, LossTerm loss, MatrixView<T> gradient) {
  const T step = static_cast<T>(loss.gradient_scale);
  const double sum = ordered_sum(context.threads(), x.rows, 4, [&](std::int64_t first, std::int64_t last) {
    double part = 0;
    for (std::int64_t r = first; r < last; ++r) {
      const T* value = x.row(r);
      T* g = gradient.row(r);
      part += lane_sum<T>(x.cols, [&](std::int64_t c) { return value[c] < T(0) ? -value[c] : value[c]; });
      for (std::int64_t c = 0; c < x.cols; ++c)
        g[c] += value[c] > T(0) ? step : (value[c] < T(0) ? -step : T(0));
    }
    return part;
  });
  *loss.sum += loss.scale * sum;
}
SPARCELL_INSTANTIATE(cpu::absolute_value);

}  // namespace sparcell

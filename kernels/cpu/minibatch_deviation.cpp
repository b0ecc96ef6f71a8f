#include "sparcell/ops/minibatch_deviation.h"

#include <cmath>
#include <vector>

#include "cpu/reduce.h"

namespace sparcell {
namespace {

/// Columns that a thread takes at least.
constexpr std::int64_t grain = 64;

/// Of the columns [first, last): their means, deviations s_c, and with a tangent its means and the sums over
/// rows of (x - mu) * tangent.
template <class T>
struct ColumnMoments {
  std::int64_t first, last;
  std::vector<T> mean, deviation, tangent_mean, along;

  ColumnMoments(MatrixView<const T> x, MatrixView<const T> tangent, std::int64_t first, std::int64_t last)
      : first(first), last(last), mean(means(x)), deviation(zeros()) {
    const T rows = static_cast<T>(x.rows);
    for (std::int64_t r = 0; r < x.rows; ++r) {
      for_each([&](std::int64_t k) {
        const T off = x(r, first + k) - mean[k];
        deviation[k] += off * off;
      });
    }
    for_each([&](std::int64_t k) {
      deviation[k] = std::sqrt(deviation[k] / rows + static_cast<T>(minibatch_epsilon));
    });
    if (tangent.data == nullptr) return;
    tangent_mean = means(tangent);
    along = zeros();
    for (std::int64_t r = 0; r < x.rows; ++r)
      for_each([&](std::int64_t k) { along[k] += (x(r, first + k) - mean[k]) * tangent(r, first + k); });
  }

  template <class Body>
  void for_each(Body&& body) const {
    for (std::int64_t k = 0; k < last - first; ++k) body(k);
  }
  std::vector<T> zeros() const { return std::vector<T>(static_cast<std::size_t>(last - first)); }

  std::vector<T> means(MatrixView<const T> values) const {
    std::vector<T> sums = zeros();
    for (std::int64_t r = 0; r < values.rows; ++r)
      for_each([&](std::int64_t k) { sums[k] += values(r, first + k); });
    for_each([&](std::int64_t k) { sums[k] /= static_cast<T>(values.rows); });
    return sums;
  }
};

template <class T>
void fill_column(MatrixView<T> out, double value) {
  for (std::int64_t r = 0; r < out.rows; ++r) out(r, 0) = static_cast<T>(value);
}

template <class T>
double sum_of(MatrixView<const T> column) {
  double sum = 0;
  for (std::int64_t r = 0; r < column.rows; ++r) sum += static_cast<double>(column(r, 0));
  return sum;
}

/// (sum of the column) / (rows * features): the factor of all derivatives.
template <class T>
T factor_of(MatrixView<const T> column, MatrixView<const T> x) {
  return static_cast<T>(sum_of(column) / static_cast<double>(x.size()));
}

}  // namespace

template <class T>
void cpu::minibatch_deviation(Context& context, MatrixView<const T> x, MatrixView<T> out) {
  const double sum =
      ordered_sum(context.threads(), x.cols, grain, [&](std::int64_t first, std::int64_t last) {
        double part = 0;
        for (const T s : ColumnMoments<T>(x, {}, first, last).deviation) part += static_cast<double>(s);
        return part;
      });
  fill_column(out, sum / static_cast<double>(x.cols));
}
SPARCELL_INSTANTIATE(cpu::minibatch_deviation);

template <class T>
void cpu::minibatch_deviation_backward(Context& context, MatrixView<const T> x, MatrixView<const T> grad,
                                       MatrixView<T> grad_x) {
  const T factor = factor_of(grad, x);
  parallel_parts(context.threads(), x.cols, grain, [&](std::int64_t first, std::int64_t last, int) {
    const ColumnMoments<T> columns(x, {}, first, last);
    for (std::int64_t r = 0; r < x.rows; ++r) {
      columns.for_each([&](std::int64_t k) {
        grad_x(r, first + k) += factor * (x(r, first + k) - columns.mean[k]) / columns.deviation[k];
      });
    }
  });
}
SPARCELL_INSTANTIATE(cpu::minibatch_deviation_backward);

template <class T>
void cpu::minibatch_deviation_tangent(Context& context, MatrixView<const T> x, MatrixView<const T> tangent,
                                      MatrixView<T> out) {
  const double sum =
      ordered_sum(context.threads(), x.cols, grain, [&](std::int64_t first, std::int64_t last) {
        const ColumnMoments<T> columns(x, tangent, first, last);
        double part = 0;
        columns.for_each(
            [&](std::int64_t k) { part += static_cast<double>(columns.along[k] / columns.deviation[k]); });
        return part;
      });
  fill_column(out, sum / static_cast<double>(x.size()));
}
SPARCELL_INSTANTIATE(cpu::minibatch_deviation_tangent);

template <class T>
void cpu::minibatch_deviation_second(Context& context, MatrixView<const T> x, MatrixView<const T> tangent,
                                     MatrixView<const T> signal, MatrixView<T> grad_x) {
  const T factor = factor_of(signal, x);
  parallel_parts(context.threads(), x.cols, grain, [&](std::int64_t first, std::int64_t last, int) {
    const ColumnMoments<T> columns(x, tangent, first, last);
    std::vector<T> bend = columns.zeros();  // what a step along x - mu takes away
    columns.for_each([&](std::int64_t k) {
      const T variance = columns.deviation[k] * columns.deviation[k];
      bend[k] = columns.along[k] / (static_cast<T>(x.rows) * variance);
    });
    for (std::int64_t r = 0; r < x.rows; ++r) {
      columns.for_each([&](std::int64_t k) {
        const T off = x(r, first + k) - columns.mean[k],
                moved = tangent(r, first + k) - columns.tangent_mean[k];
        grad_x(r, first + k) += factor * (moved - off * bend[k]) / columns.deviation[k];
      });
    }
  });
}
SPARCELL_INSTANTIATE(cpu::minibatch_deviation_second);

}  // namespace sparcell

// The layer of sparcell/ops/layer.h by its formulas, in plain loops over f64: forward passes to compare with,
// and gradients as central differences of them.
#pragma once

#include "math/philox.h"
#include "ops/op_test.h"
#include "sparcell/ops/layer.h"

namespace sparcell::test {

template <class Real>
Real activation_value(Activation kind, double slope, Real x) {
  switch (kind) {
    case Activation::identity:
      return x;
    case Activation::relu:
      return x > 0 ? x : Real(0);
    case Activation::leaky_relu:
      return x > 0 ? x : static_cast<Real>(slope) * x;
    case Activation::silu:
      return x / (1 + std::exp(-x));
    case Activation::elu:
      return x > 0 ? x : std::expm1(x);
    case Activation::tanh:
      return std::tanh(x);
    case Activation::softplus:
      return std::log1p(std::exp(x));
  }
  return x;
}

/// Rows and columns of a matrix: [first_row, last_row) x [first_col, last_col).
struct Window {
  std::int64_t first_row, last_row, first_col, last_col;
};

struct LayerReference {
  LayerForm form;
  double scale = 1;
  RandomStream stream{11, Purpose::dropout, 3};
  std::vector<double> bias, weight, offset;            ///< as LayerParameters
  std::vector<double> running_mean, running_variance;  ///< before the pass
  Matrix<double> linear;                               ///< l

  /// A layer of random parameters on random input.
  LayerReference(const LayerForm& form, double scale, std::int64_t rows, std::int64_t cols)
      : form(form), scale(scale), bias(random_values(cols, 1)), linear(random_matrix(rows, cols, 2)) {
    if (form.normalization == NormalizationLayer::none) return;
    weight = random_values(cols, 3);
    offset = random_values(cols, 4);
    if (form.normalization == NormalizationLayer::layer) return;
    running_mean = random_values(cols, 5);
    for (double v : random_values(cols, 6)) running_variance.push_back(std::abs(v));
  }

  double a(std::int64_t r, std::int64_t c) const {
    return scale * linear(r, c) + (bias.empty() ? 0 : bias[c]);
  }

  /// Dropout's factor, from the published layout of the stream.
  double keep(std::int64_t r, std::int64_t c) const {
    if (!form.training || form.dropout == 0) return 1;
    const math::PhiloxStream words(stream);
    const double u = math::uniform<double>(words.word(static_cast<std::uint64_t>(r * linear.cols + c)));
    return u < form.dropout ? 0 : 1 / (1 - form.dropout);
  }

  struct Statistics {
    double mean = 0, variance = 0;  ///< biased
    double inverse_deviation() const { return 1 / std::sqrt(variance + 1e-5); }
  };
  Statistics column_statistics(std::int64_t c) const {
    return statistics(linear.rows, [&](std::int64_t r) { return a(r, c); });
  }
  Statistics row_statistics(std::int64_t r) const {
    return statistics(linear.cols, [&](std::int64_t c) { return a(r, c); });
  }
  /// What normalizes column c: those of the batch in training, else the remembered ones.
  Statistics batch_statistics(std::int64_t c) const {
    return form.training ? column_statistics(c) : Statistics{running_mean[c], running_variance[c]};
  }

  double h(std::int64_t r, std::int64_t c, const Statistics& s) const {
    double y = a(r, c);
    if (form.normalization != NormalizationLayer::none) {
      y = (y - s.mean) * s.inverse_deviation() * weight[c] + offset[c];
    }
    return activation_value(form.activation, form.slope, y) * keep(r, c);
  }

  /// Calls use(r, c, h) for every element of the window; statistics are those of whole columns or rows.
  template <class Use>
  void each(const Window& w, Use&& use) const {
    const bool by_column = form.normalization == NormalizationLayer::batch;
    const bool by_row = form.normalization == NormalizationLayer::layer;
    std::vector<Statistics> of_column(static_cast<std::size_t>(linear.cols));
    for (std::int64_t c = w.first_col; by_column && c < w.last_col; ++c) of_column[c] = batch_statistics(c);
    for (std::int64_t r = w.first_row; r < w.last_row; ++r) {
      const Statistics of_row = by_row ? row_statistics(r) : Statistics{};
      for (std::int64_t c = w.first_col; c < w.last_col; ++c)
        use(r, c, h(r, c, by_column ? of_column[c] : of_row));
    }
  }

  Window everything() const { return {0, linear.rows, 0, linear.cols}; }
  /// The elements of h that depend on l(r, c).
  Window reach(std::int64_t r, std::int64_t c) const {
    switch (form.normalization) {
      case NormalizationLayer::batch:
        return {0, linear.rows, c, c + 1};
      case NormalizationLayer::layer:
        return {r, r + 1, 0, linear.cols};
      default:
        return {r, r + 1, c, c + 1};
    }
  }

  Matrix<double> forward() const {
    Matrix<double> out(linear.rows, linear.cols);
    each(everything(), [&](std::int64_t r, std::int64_t c, double value) { out(r, c) = value; });
    return out;
  }

  /// sum of cotangent * h over the window: what is differentiated.
  double objective(const Matrix<double>& cotangent, const Window& window) const {
    double sum = 0;
    each(window, [&](std::int64_t r, std::int64_t c, double value) { sum += cotangent(r, c) * value; });
    return sum;
  }

  struct Gradients {
    Matrix<double> linear;
    std::vector<double> bias, weight, offset;
  };
  Gradients gradients(const Matrix<double>& cotangent) {
    Gradients out{Matrix<double>(linear.rows, linear.cols), {}, {}, {}};
    for (std::int64_t r = 0; r < linear.rows; ++r) {
      for (std::int64_t c = 0; c < linear.cols; ++c) {
        out.linear(r, c) = difference(linear(r, c), cotangent, reach(r, c));
      }
    }
    out.bias = by_column(bias, cotangent);
    out.weight = by_column(weight, cotangent);
    out.offset = by_column(offset, cotangent);
    return out;
  }

 private:
  template <class Value>
  static Statistics statistics(std::int64_t count, Value&& value) {
    Statistics s;
    for (std::int64_t i = 0; i < count; ++i) s.mean += value(i) / static_cast<double>(count);
    for (std::int64_t i = 0; i < count; ++i) {
      s.variance += (value(i) - s.mean) * (value(i) - s.mean) / static_cast<double>(count);
    }
    return s;
  }

  /// The central difference of the objective by one of this layer's numbers.
  double difference(double& number, const Matrix<double>& cotangent, const Window& window) const {
    constexpr double step = 1e-6;
    const double at = number;
    number = at + step;
    const double above = objective(cotangent, window);
    number = at - step;
    const double below = objective(cotangent, window);
    number = at;
    return (above - below) / (2 * step);
  }

  /// By a parameter that has a number per column.
  std::vector<double> by_column(std::vector<double>& parameter, const Matrix<double>& cotangent) const {
    std::vector<double> out;
    for (std::int64_t c = 0; c < static_cast<std::int64_t>(parameter.size()); ++c) {
      const bool whole_rows = form.normalization == NormalizationLayer::layer;
      out.push_back(
          difference(parameter[c], cotangent, whole_rows ? everything() : Window{0, linear.rows, c, c + 1}));
    }
    return out;
  }
};

}  // namespace sparcell::test

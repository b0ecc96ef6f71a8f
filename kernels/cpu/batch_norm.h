// Batch normalization of a layer on the CPU, for one slab of columns: its statistics, what it does to values,
// and the way back.
#pragma once

#include <cmath>

#include "cpu/layer_rows.h"

namespace sparcell::cpu {

inline constexpr std::int64_t slab_columns = keep_tile;

/// Mean and variance of one slab's columns over the rows of the batch, in two passes; moves the running
/// statistics.
template <class T>
void batch_statistics(Slab slab, MatrixView<const T> a, RunningStatistics<T> running,
                      PassStatistics<T> statistics) {
  T mean[slab_columns] = {}, variance[slab_columns] = {};
  const T rows = static_cast<T>(a.rows);
  for (std::int64_t r = 0; r < a.rows; ++r) {
    const T* row = a.row(r) + slab.first;
    for (std::int64_t c = 0; c < slab.count; ++c) mean[c] += row[c];
  }
  for (std::int64_t c = 0; c < slab.count; ++c) mean[c] /= rows;
  for (std::int64_t r = 0; r < a.rows; ++r) {
    const T* row = a.row(r) + slab.first;
    for (std::int64_t c = 0; c < slab.count; ++c) variance[c] += (row[c] - mean[c]) * (row[c] - mean[c]);
  }
  const T momentum = static_cast<T>(batch_norm_momentum);
  for (std::int64_t c = 0; c < slab.count; ++c) {
    const std::int64_t column = slab.first + c;
    statistics.mean[column] = mean[c];
    statistics.inverse_deviation[column] =
        T(1) / std::sqrt(variance[c] / rows + static_cast<T>(normalization_epsilon));
    running.mean[column] += momentum * (mean[c] - running.mean[column]);
    running.variance[column] += momentum * (variance[c] / (rows - T(1)) - running.variance[column]);
  }
}

/// Evaluation: the running statistics take the place of the batch's.
template <class T>
void remembered_statistics(Slab slab, RunningStatistics<T> running, PassStatistics<T> statistics) {
  for (std::int64_t c = slab.first; c < slab.first + slab.count; ++c) {
    statistics.mean[c] = running.mean[c];
    statistics.inverse_deviation[c] =
        T(1) / std::sqrt(running.variance[c] + static_cast<T>(normalization_epsilon));
  }
}

/// The affine map from a to y of one slab: y = a * factor + shift. Without batch normalization y is a.
template <class T>
struct Affine {
  T factor[slab_columns], shift[slab_columns];

  Affine(const LayerForm& form, const LayerParameters<T>& parameters, PassStatistics<T> statistics,
         Slab slab) {
    for (std::int64_t c = 0; c < slab.count; ++c) {
      const std::int64_t column = slab.first + c;
      const bool batch = form.normalization == NormalizationLayer::batch;
      factor[c] = batch ? statistics.inverse_deviation[column] * parameters.weight[column] : T(1);
      shift[c] = batch ? parameters.offset[column] - statistics.mean[column] * factor[c] : T(0);
    }
  }
};

/// The way back through batch normalization for one slab, from the gradient at y (in grad_linear) to that at
/// l (the same place).
template <class T>
void batch_backward(const LayerForm& form, const LayerParameters<T>& parameters, PassStatistics<T> statistics,
                    Slab slab, MatrixView<const T> a, MatrixView<T> grad, LayerGradients<T> gradients) {
  T sum[slab_columns] = {}, product[slab_columns] = {};
  const T* mean = statistics.mean.data() + slab.first;
  const T* inverse = statistics.inverse_deviation.data() + slab.first;
  for (std::int64_t r = 0; r < a.rows; ++r) {
    const T* g = grad.row(r) + slab.first;
    const T* x = a.row(r) + slab.first;
    for (std::int64_t c = 0; c < slab.count; ++c) {
      sum[c] += g[c];
      product[c] += g[c] * ((x[c] - mean[c]) * inverse[c]);
    }
  }
  for (std::int64_t c = 0; c < slab.count; ++c) {
    if (!gradients.weight.empty()) gradients.weight[slab.first + c] += product[c];
    if (!gradients.offset.empty()) gradients.offset[slab.first + c] += sum[c];
    // In evaluation the statistics are constants, and their terms fall away.
    sum[c] = form.training ? sum[c] / static_cast<T>(a.rows) : T(0);
    product[c] = form.training ? product[c] / static_cast<T>(a.rows) : T(0);
  }
  const T* weight = parameters.weight.data() + slab.first;
  for (std::int64_t r = 0; r < a.rows; ++r) {
    T* g = grad.row(r) + slab.first;
    const T* x = a.row(r) + slab.first;
#pragma GCC ivdep
    for (std::int64_t c = 0; c < slab.count; ++c) {
      g[c] = weight[c] * inverse[c] * (g[c] - sum[c] - (x[c] - mean[c]) * inverse[c] * product[c]);
    }
  }
}

}  // namespace sparcell::cpu

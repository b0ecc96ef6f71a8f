// What the kernels of a layer share: its parameters and passes as they are handed to kernels, and the maps
// from l to a and from a to y of the columns that a thread owns.
#pragma once

#include "device/random.h"
#include "device/slab.h"
#include "math/activation.h"
#include "sparcell/ops/layer.h"

namespace sparcell::kernels::layer {

using device::Columns, device::Four, device::four, device::Fours, device::load, device::Slab, device::store;

constexpr int threads = 256;        // of kernels without sums over rows
constexpr int batch_threads = 512;  // where a block sees all rows of its slab: 128 at once
constexpr int batch_blocks = 1;   // at least, on a multiprocessor: there are fewer slabs than multiprocessors
constexpr int rows_at_once = 2;   // that a thread has on their way on the way back: 256 rows are two each
constexpr int row_threads = 128;  // where a warp takes a row
constexpr int row_warps = row_threads / device::warp_size;

/// LayerParameters, null where the layer has no such part.
struct Parameters {
  const float *bias, *weight, *offset;

  explicit Parameters(const LayerParameters<float>& p)
      : bias(device::data_or_null(p.bias)),
        weight(device::data_or_null(p.weight)),
        offset(device::data_or_null(p.offset)) {}
};

/// PassStatistics or RunningStatistics; `spread` is the inverse deviation or the variance. Null where a layer
/// has none.
struct Statistics {
  float *mean = nullptr, *spread = nullptr;

  Statistics() = default;
  explicit Statistics(const PassStatistics<float>& s)
      : mean(device::data_or_null(s.mean)), spread(device::data_or_null(s.inverse_deviation)) {}
  explicit Statistics(const RunningStatistics<float>& s)
      : mean(device::data_or_null(s.mean)), spread(device::data_or_null(s.variance)) {}
};

struct Gradients {
  float *bias, *weight, *offset;

  explicit Gradients(const LayerGradients<float>& g)
      : bias(device::data_or_null(g.bias)),
        weight(device::data_or_null(g.weight)),
        offset(device::data_or_null(g.offset)) {}
  __host__ __device__ bool empty() const { return bias == nullptr && weight == nullptr && offset == nullptr; }
};

/// Adds to the gradient of a parameter that has a number per column.
template <int width>
__device__ __forceinline__ void accumulate(float* gradient, const Columns& columns, Four sum) {
  if (gradient == nullptr) return;
  device::add(sum, columns.load<width>(gradient));
  columns.store<width>(gradient, sum);
}

/// LayerPass; a dropout probability of 0 drops nothing.
struct Pass {
  std::int64_t first = 0, rows = 0;
  RandomStream dropout;
  float probability = 0, kept_scale = 1;
  const float* scale = nullptr;
  Statistics statistics;
  MatrixView<const float> extra;

  Pass() = default;
  Pass(const LayerForm& form, const LayerPass<float>& pass)
      : first(pass.first),
        rows(pass.rows),
        dropout(pass.dropout),
        probability(form.training ? static_cast<float>(form.dropout) : 0),
        kept_scale(1 / (1 - probability)),
        scale(pass.scale),
        statistics(pass.statistics),
        extra(pass.extra) {}
  __device__ __forceinline__ float scale_or_one() const { return scale == nullptr ? 1 : load(scale); }
  /// The pass's rows of a matrix.
  template <class T>
  __device__ __forceinline__ MatrixView<T> of(MatrixView<T> all) const {
    all.data += first * all.stride;
    all.rows = rows;
    return all;
  }
};

/// The passes of one launch that have rows.
struct Passes {
  Pass pass[most_layer_passes];
  int count = 0;

  Passes(const LayerForm& form, std::span<const LayerPass<float>> passes) {
    for (const LayerPass<float>& p : passes) {
      if (p.rows > 0) pass[count++] = Pass(form, p);
    }
  }
  std::int64_t most_rows() const {
    std::int64_t most = 0;
    for (int p = 0; p < count; ++p) most = std::max(most, pass[p].rows);
    return most;
  }
  /// The calling block's own, where blocks are spread over passes.
  __device__ __forceinline__ Pass of_block() const { return pass[blockIdx.z]; }
  /// Calls body(pass) for one after the other.
  template <class Body>
  __device__ __forceinline__ void for_each(Body&& body) const {
    for (int p = 0; p < count; ++p) {
      const Pass one = pass[p];
      body(one);
    }
  }
};

/// Dropout's factors of four neighbouring elements.
class Keep {
 public:
  __device__ __forceinline__ explicit Keep(const Pass& pass)
      : stream_(pass.dropout), probability_(pass.probability), kept_scale_(pass.kept_scale) {}

  __device__ __forceinline__ Four operator()(std::int64_t first) const {
    if (probability_ == 0) return four([](int) { return 1.0f; });
    const Four u = device::four_uniforms(stream_, first);
    return four([&](int k) { return u[k] >= probability_ ? kept_scale_ : 0.0f; });
  }

 private:
  math::PhiloxStream stream_;
  float probability_, kept_scale_;
};

/// a = scale * l + bias; 0 in place of columns that are not there.
template <int width>
struct PreActivation {
  float scale;
  Four bias;

  __device__ __forceinline__ PreActivation(const Parameters& p, const Pass& pass, const Columns& columns)
      : scale(pass.scale_or_one()), bias(p.bias == nullptr ? Four{} : columns.load<width>(p.bias)) {}
  __device__ __forceinline__ Four operator()(const Four& l) const {
    return four([&](int k) { return scale * l[k] + bias[k]; });
  }
};

/// Whether a differs from l.
__device__ __forceinline__ bool changes_linear(const Parameters& p, const Pass& pass) {
  return pass.scale != nullptr || p.bias != nullptr;
}

/// y = a * factor + shift: batch normalization.
template <int width>
struct Affine {
  Four factor, shift;

  __device__ __forceinline__ Affine(const Parameters& p, const Columns& columns, const Four& mean,
                                    const Four& inverse) {
    const Four weight = columns.load<width>(p.weight), offset = columns.load<width>(p.offset);
    factor = four([&](int k) { return inverse[k] * weight[k]; });
    shift = four([&](int k) { return offset[k] - mean[k] * factor[k]; });
  }
  __device__ __forceinline__ Four operator()(const Four& a) const {
    return four([&](int k) { return a[k] * factor[k] + shift[k]; });
  }
};

/// h = act(y) * keep
template <class Act>
__device__ __forceinline__ Four activated(Act activation, const Four& y, const Four& keep) {
  return four([&](int k) { return activation.value(y[k]) * keep[k]; });
}

/// The gradient at y from that at h.
template <class Act>
__device__ __forceinline__ Four differentiated(Act activation, const Four& y, const Four& keep,
                                               const Four& grad_out) {
  return four([&](int k) { return grad_out[k] * keep[k] * activation.first(y[k]); });
}

/// (a - mean) * inverse, with statistics per column or per row.
__device__ __forceinline__ Four normalized(const Four& a, const Four& mean, const Four& inverse) {
  return four([&](int k) { return (a[k] - mean[k]) * inverse[k]; });
}
__device__ __forceinline__ Four normalized(const Four& a, float mean, float inverse) {
  return four([&](int k) { return (a[k] - mean) * inverse; });
}

}  // namespace sparcell::kernels::layer

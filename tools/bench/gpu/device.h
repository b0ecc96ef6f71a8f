// What the benchmark needs of a device beside ops. It has two homes: on_gpu/ and, for rehearsals without a
// GPU, emulated/, where there is neither time nor a library of NVIDIA's.
#pragma once

#include <optional>

#include "row.h"
#include "sparcell/ops/layer.h"

namespace sparcell::bench_gpu {

/// Whether the device has a time that means anything.
bool has_time();

/// Name, memory, multiprocessors, L2 cache, versions of driver and runtime.
Json device_facts(Context& context);

/// Microseconds between two events around what `work` queues.
double microseconds(Context& context, const std::function<void()>& work);

/// Marks what a profiler captures (ncu --profile-from-start off).
void start_capture();
void stop_capture();

/// What the device can do at best, measured: gigabytes a second of a copy (read + written), teraflops of f32,
/// tf32 and bf16 products, microseconds of an empty kernel by itself, of a graph of one, and of a node of a
/// chain; billions of atomic additions a second.
Json measure_ceilings(Context& context);

/// Gene sums and sums of squares by f64 atomics into `sums` (2 x columns, zeroed first): what deterministic
/// moments are compared with.
std::function<void()> atomic_moments(Context& context, CsrView<const float> x, std::int64_t entries,
                                     std::span<double> sums);

/// Memory of a layer with batch normalization and a rectifier: rows x cols, and `cols` numbers each.
struct LayerMemory {
  MatrixView<const float> linear;
  MatrixView<float> out;
  MatrixView<const float> grad_out;
  MatrixView<float> grad_linear;
  std::span<const float> weight, offset;
  std::span<float> running_mean, running_variance, mean, inverse_deviation, weight_gradient, offset_gradient;
};
/// Forward and backward pass of such a layer by cuDNN; `forward` fills out, mean and inverse_deviation.
struct CudnnLayer {
  std::function<void()> forward, backward;
};
/// Nothing where this build knows no cuDNN. Throws UsageError where the library is not to be found.
std::optional<CudnnLayer> cudnn_layer(Context& context, const LayerMemory& memory);

}  // namespace sparcell::bench_gpu

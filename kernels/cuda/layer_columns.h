// Kernels of layers without normalization and with batch normalization: threads own columns of a slab.
#pragma once

#include "cuda/layer_parts.h"
#include "device/kept.h"
#include "math/elementary.h"

namespace sparcell::kernels::layer {

/// Without normalization (`running` null) or with remembered statistics, which become those of the pass.
template <int width, class Act>
__global__ void __launch_bounds__(threads)
    forward(Act activation, Parameters parameters, Statistics running, Passes passes,
            MatrixView<float> all_linear, MatrixView<float> all_out) {
  const Pass pass = passes.of_block();
  const MatrixView<float> linear = pass.of(all_linear), out = pass.of(all_out);
  const Keep keep(pass);
  device::for_each_slab<threads>(linear.cols, [&](const Slab& slab) {
    const PreActivation<width> pre_activation(parameters, pass, slab);
    const auto each_row = [&](auto&& normalize) {
      slab.for_each_row(linear.rows, [&](std::int64_t r) {
        const Four a = pre_activation(slab.load<width>(linear.row(r)));
        if (changes_linear(parameters, pass)) slab.store<width>(linear.row(r), a);
        if (out.data == linear.data) return;
        slab.store<width>(out.row(r),
                          activated(activation, normalize(a), keep(r * linear.cols + slab.column)));
      });
    };
    if (running.mean == nullptr) {
      each_row([](const Four& a) { return a; });
      return;
    }
    const Four mean = slab.load<width>(running.mean), variance = slab.load<width>(running.spread);
    const Four inverse = four([&](int k) {
      return 1 / math::square_root(variance[k] + static_cast<float>(normalization_epsilon));
    });
    if (slab.leads()) {
      slab.store<width>(pass.statistics.mean, mean);
      slab.store<width>(pass.statistics.spread, inverse);
    }
    each_row(Affine<width>(parameters, slab, mean, inverse));
  });
}

/// Moves one running statistic towards that of the batch.
template <int width>
__device__ __forceinline__ void remember(float* running, const Columns& columns, const Four& batch) {
  const Four before = columns.load<width>(running);
  columns.store<width>(running, four([&](int k) {
                         return before[k] + static_cast<float>(batch_norm_momentum) * (batch[k] - before[k]);
                       }));
}

/// Batch normalization in training. A block takes the passes of its slabs in their order, in which running
/// statistics move.
template <int width, class Act>
__global__ void __launch_bounds__(batch_threads)
    batch_forward(Act activation, Parameters parameters, Statistics running, Passes passes,
                  MatrixView<float> all_linear, MatrixView<float> all_out, int items) {
  passes.for_each([&](const Pass& pass) {
    const MatrixView<float> linear = pass.of(all_linear), out = pass.of(all_out);
    const Keep keep(pass);
    const auto rows = static_cast<float>(linear.rows);
    device::for_each_slab<batch_threads>(linear.cols, [&](const Slab& slab) {
      const PreActivation<width> pre_activation(parameters, pass, slab);
      const auto a = device::keep<1>(slab.row, slab.row_step, linear.rows, items, [&](std::int64_t r) {
        return Fours<1>{pre_activation(slab.load<width>(linear.row(r)))};
      });
      Fours<1> sums{};
      a.for_each([&](std::int64_t, const Fours<1>& at) { device::add(sums.of[0], at.of[0]); });
      sums = device::column_sums<batch_threads>(sums);
      const Four mean = four([&](int k) { return sums.of[0][k] / rows; });
      sums = {};
      a.for_each([&](std::int64_t, const Fours<1>& at) {
        const Four off = four([&](int k) { return at.of[0][k] - mean[k]; });
        device::add(sums.of[0], four([&](int k) { return off[k] * off[k]; }));
      });
      sums = device::column_sums<batch_threads>(sums);
      const Four inverse = four([&](int k) {
        return 1 / math::square_root(sums.of[0][k] / rows + static_cast<float>(normalization_epsilon));
      });
      if (slab.leads()) {
        slab.store<width>(pass.statistics.mean, mean);
        slab.store<width>(pass.statistics.spread, inverse);
        remember<width>(running.mean, slab, mean);
        remember<width>(running.spread, slab, four([&](int k) { return sums.of[0][k] / (rows - 1); }));
      }
      const Affine<width> affine(parameters, slab, mean, inverse);
      a.for_each([&](std::int64_t r, const Fours<1>& at) {
        if (changes_linear(parameters, pass)) slab.store<width>(linear.row(r), at.of[0]);
        slab.store<width>(out.row(r),
                          activated(activation, affine(at.of[0]), keep(r * linear.cols + slab.column)));
      });
    });
  });
}

/// Without normalization. `keep_gradient`: grad_linear is what grad_out holds already, and the bias's
/// gradient is all that is asked for.
template <int width, class Act>
__global__ void __launch_bounds__(batch_threads, batch_blocks)
    backward(Act activation, Passes passes, MatrixView<const float> all_a,
             MatrixView<const float> all_grad_out, MatrixView<float> all_grad_linear, float* grad_bias,
             bool keep_gradient) {
  device::for_each_slab<batch_threads>(all_a.cols, [&](const Slab& slab) {
    Fours<1> sums{};
    passes.for_each([&](const Pass& pass) {
      const MatrixView<const float> a = pass.of(all_a), grad_out = pass.of(all_grad_out);
      const MatrixView<float> grad_linear = pass.of(all_grad_linear);
      const Keep keep(pass);
      const float scale = pass.scale_or_one();
      enum { gradient, at, extra, count };
      slab.for_each_row<rows_at_once>(
          pass.rows,
          [&](std::int64_t r) {
            Fours<count> row{};
            row.of[gradient] = slab.load<width>(grad_out.row(r));
            if (!keep_gradient) row.of[at] = slab.load<width>(a.row(r));
            if (!keep_gradient && pass.extra.data != nullptr)
              row.of[extra] = slab.load<width>(pass.extra.row(r));
            return row;
          },
          [&](std::int64_t r, const Fours<count>& row) {
            Four grad = row.of[gradient];
            if (!keep_gradient) {
              grad = differentiated(activation, row.of[at], keep(r * a.cols + slab.column), grad);
              if (pass.extra.data != nullptr) device::add(grad, row.of[extra]);
              slab.store<width>(grad_linear.row(r), four([&](int k) { return scale * grad[k]; }));
            }
            device::add(sums.of[0], grad);
          });
    });
    if (grad_bias == nullptr) return;
    sums = device::column_sums<batch_threads>(sums);
    if (slab.leads()) accumulate<width>(grad_bias, slab, sums.of[0]);
  });
}

/// Through batch normalization; outside of training its statistics are constants. In training the bias has no
/// gradient: the mean takes it out again, and a sum would show rounding only.
template <int width, class Act>
__global__ void __launch_bounds__(batch_threads, batch_blocks)
    batch_backward(Act activation, bool training, Parameters parameters, Passes passes,
                   MatrixView<const float> all_a, MatrixView<const float> all_grad_out,
                   MatrixView<float> all_grad_linear, Gradients gradients, int items) {
  enum { gradient, x, count };  // at y, and what is normalized
  passes.for_each([&](const Pass& pass) {
    const MatrixView<const float> a = pass.of(all_a), grad_out = pass.of(all_grad_out);
    const MatrixView<float> grad_linear = pass.of(all_grad_linear);
    const Keep keep(pass);
    const float scale = pass.scale_or_one();
    const auto rows = static_cast<float>(a.rows);
    device::for_each_slab<batch_threads>(a.cols, [&](const Slab& slab) {
      const Four mean = slab.load<width>(pass.statistics.mean),
                 inverse = slab.load<width>(pass.statistics.spread);
      const Affine<width> affine(parameters, slab, mean, inverse);
      const auto all = device::keep<count>(slab.row, slab.row_step, a.rows, items, [&](std::int64_t r) {
        const Four at = slab.load<width>(a.row(r)), grad = slab.load<width>(grad_out.row(r));
        return Fours<count>{differentiated(activation, affine(at), keep(r * a.cols + slab.column), grad),
                            normalized(at, mean, inverse)};
      });
      Fours<2> sums{};
      all.for_each([&](std::int64_t, const Fours<count>& at) {
        device::add(sums.of[0], at.of[gradient]);
        device::add(sums.of[1], four([&](int k) { return at.of[gradient][k] * at.of[x][k]; }));
      });
      sums = device::column_sums<batch_threads>(sums);
      if (slab.leads()) {
        accumulate<width>(gradients.offset, slab, sums.of[0]);
        accumulate<width>(gradients.weight, slab, sums.of[1]);
        if (!training)
          accumulate<width>(gradients.bias, slab,
                            four([&](int k) { return affine.factor[k] * sums.of[0][k]; }));
      }
      const float share = training ? 1 / rows : 0;
      all.for_each([&](std::int64_t r, const Fours<count>& at) {
        slab.store<width>(grad_linear.row(r), four([&](int k) {
                            const float grad = at.of[gradient][k] - sums.of[0][k] * share -
                                               at.of[x][k] * (sums.of[1][k] * share);
                            return scale * (affine.factor[k] * grad);
                          }));
      });
    });
  });
}

/// The tangent pass without normalization.
template <int width, class Act>
__global__ void __launch_bounds__(threads)
    tangent_forward(Act activation, Pass pass, MatrixView<const float> a, MatrixView<const float> signal,
                    MatrixView<float> tangent_linear, MatrixView<float> tangent, MatrixView<float> extra) {
  const Keep keep_of(pass);
  const float scale = pass.scale_or_one();
  device::for_each_slab<threads>(a.cols, [&](const Slab& slab) {
    slab.for_each_row(a.rows, [&](std::int64_t r) {
      const Four at = slab.load<width>(a.row(r)), keep = keep_of(r * a.cols + slab.column);
      Four l = slab.load<width>(tangent_linear.row(r));
      l = four([&](int k) { return scale * l[k]; });
      if (pass.scale != nullptr) slab.store<width>(tangent_linear.row(r), l);
      if (extra.data != nullptr) {
        const Four arrived = slab.load<width>(signal.row(r));
        slab.store<width>(extra.row(r), four([&](int k) {
                            return l[k] * arrived[k] * keep[k] * activation.second(at[k]);
                          }));
      }
      slab.store<width>(tangent.row(r), differentiated(activation, at, keep, l));
    });
  });
}

}  // namespace sparcell::kernels::layer

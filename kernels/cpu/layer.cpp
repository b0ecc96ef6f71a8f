// Threads take slabs of 64 columns: a slab of a batch fits into the first-level cache, so statistics,
// activation and dropout of a slab cost one trip through memory. Layer normalization takes rows instead, and
// so does the way forward of layers that are no more than an activation.
#include "sparcell/ops/layer.h"

#include <vector>

#include "cpu/batch_norm.h"
#include "cpu/layer_rows.h"
#include "cpu/layer_tangent.h"
#include "cpu/plain_loops.h"
#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

using cpu::Slab, cpu::slab_columns;

/// Calls body(slab) for every slab of columns.
template <class Body>
void for_each_slab(Context& context, std::int64_t cols, Body&& body) {
  parallel_for(context.threads(), (cols + slab_columns - 1) / slab_columns, 1, [&](std::int64_t s) {
    body(Slab{s * slab_columns, std::min(slab_columns, cols - s * slab_columns)});
  });
}

/// a = scale * l + bias for one slab.
template <class T>
void scale_and_shift(const LayerParameters<T>& parameters, T scale, Slab slab, MatrixView<T> linear) {
  if (parameters.bias.empty() && scale == T(1)) return;
  T bias[slab_columns] = {};
  if (!parameters.bias.empty()) std::copy_n(parameters.bias.data() + slab.first, slab.count, bias);
  for (std::int64_t r = 0; r < linear.rows; ++r) {
    T* a = linear.row(r) + slab.first;
#pragma GCC ivdep
    for (std::int64_t c = 0; c < slab.count; ++c) a[c] = scale * a[c] + bias[c];
  }
}

// The inner loops, on plain pointers and with the activation by value: so they vectorize. What they write may
// be what they read, element by element.

/// h = act(a * factor + shift) * keep
template <class T, class Act>
void activate_row(Act activation, std::int64_t count, const T* a, const T* factor, const T* shift,
                  const T* keep, T* h) {
#pragma GCC ivdep
  for (std::int64_t c = 0; c < count; ++c) h[c] = activation.value(a[c] * factor[c] + shift[c]) * keep[c];
}

/// grad = grad_out * keep * act'(a * factor + shift)
template <class T, class Act>
void differentiate_row(Act activation, std::int64_t count, const T* a, const T* factor, const T* shift,
                       const T* keep, const T* grad_out, T* grad) {
#pragma GCC ivdep
  for (std::int64_t c = 0; c < count; ++c) {
    grad[c] = grad_out[c] * keep[c] * activation.first(a[c] * factor[c] + shift[c]);
  }
}

/// linear = scale * linear, tangent = linear * act'(a) * keep
template <class T, class Act>
void tangent_row(Act activation, std::int64_t count, T scale, const T* a, const T* keep, T* linear,
                 T* tangent) {
#pragma GCC ivdep
  for (std::int64_t c = 0; c < count; ++c) {
    const T scaled = scale * linear[c];
    linear[c] = scaled;
    tangent[c] = scaled * activation.first(a[c]) * keep[c];
  }
}

/// extra = linear * signal * keep * act''(a)
template <class T, class Act>
void curvature_row(Act activation, std::int64_t count, const T* a, const T* linear, const T* signal,
                   const T* keep, T* extra) {
#pragma GCC ivdep
  for (std::int64_t c = 0; c < count; ++c)
    extra[c] = linear[c] * signal[c] * keep[c] * activation.second(a[c]);
}

/// Adds the gradient at a to the bias's and applies the scale, for one slab.
template <class T>
void finish_backward(T scale, Slab slab, MatrixView<T> grad, LayerGradients<T> gradients) {
  T sum[slab_columns] = {};
  for (std::int64_t r = 0; r < grad.rows; ++r) {
    T* g = grad.row(r) + slab.first;
#pragma GCC ivdep
    for (std::int64_t c = 0; c < slab.count; ++c) {
      sum[c] += g[c];
      g[c] *= scale;
    }
  }
  if (gradients.bias.empty()) return;
  for (std::int64_t c = 0; c < slab.count; ++c) gradients.bias[slab.first + c] += sum[c];
}

/// Whether a layer is an activation of its product and bias alone.
bool is_plain(const LayerForm& form) {
  return form.normalization == NormalizationLayer::none && !(form.training && form.dropout > 0);
}

/// Whether the way back through a pass leaves the gradient as it is, where that lies.
template <class T>
bool leaves_gradient(const LayerForm& form, const LayerPass<T>& pass) {
  return is_plain(form) && form.activation == Activation::identity && cpu::scale_of(pass) == T(1) &&
         pass.extra.data == nullptr;
}

/// The bias's gradient alone. Whole rows are read, which memory gives sooner than slabs.
template <class T>
void add_column_sums(Context& context, MatrixView<const T> grad, std::span<T> bias_gradient) {
  if (bias_gradient.empty()) return;
  parallel_parts(context.threads(), grad.cols, slab_columns, [&](std::int64_t first, std::int64_t last, int) {
    static thread_local std::vector<T> buffer;
    buffer.assign(static_cast<std::size_t>(last - first), T(0));
    T* const sums = buffer.data();
    for (std::int64_t r = 0; r < grad.rows; ++r) {
      const T* const values = grad.row(r) + first;
#pragma GCC ivdep
      for (std::int64_t c = 0; c < last - first; ++c) sums[c] += values[c];
    }
    for (std::int64_t c = first; c < last; ++c) bias_gradient[c] += sums[c - first];
  });
}

/// The way back through one slab of such a layer: the bias's gradient is a sum of those at a.
template <class T, class Act>
void plain_slab_backward(Act activation, T scale, Slab slab, MatrixView<const T> a,
                         MatrixView<const T> grad_out, MatrixView<T> grad, std::span<T> bias_gradient) {
  T sums[slab_columns] = {};
  for (std::int64_t r = 0; r < grad.rows; ++r) {
    cpu::plain_backward(activation, slab.count, scale, a.row(r) + slab.first, grad_out.row(r) + slab.first,
                        grad.row(r) + slab.first, sums);
  }
  if (bias_gradient.empty()) return;
  for (std::int64_t c = 0; c < slab.count; ++c) bias_gradient[slab.first + c] += sums[c];
}

/// One pass forward through one slab, without layer normalization.
template <class T, class Act>
void slab_forward(const LayerForm& form, const LayerParameters<T>& parameters, RunningStatistics<T> running,
                  const LayerPass<T>& pass, Act activation, Slab slab, MatrixView<T> linear,
                  MatrixView<T> out) {
  const math::PhiloxStream stream(pass.dropout);
  scale_and_shift(parameters, cpu::scale_of(pass), slab, linear);
  if (form.normalization == NormalizationLayer::batch) {
    form.training ? cpu::batch_statistics<T>(slab, linear, running, pass.statistics)
                  : cpu::remembered_statistics<T>(slab, running, pass.statistics);
  }
  const cpu::Affine<T> affine(form, parameters, pass.statistics, slab);
  T keep[cpu::keep_tile];
  for (std::int64_t r = 0; r < linear.rows; ++r) {
    const T* a = linear.row(r) + slab.first;
    T* h = out.row(r) + slab.first;
    cpu::keep_scales(form, stream, r * linear.cols + slab.first, slab.count, keep);
    activate_row(activation, slab.count, a, affine.factor, affine.shift, keep, h);
  }
}

/// One pass back through one slab. With layer normalization `grad` is the gradient at a already.
template <class T, class Act>
void slab_backward(const LayerForm& form, const LayerParameters<T>& parameters, const LayerPass<T>& pass,
                   Act activation, Slab slab, MatrixView<const T> a, MatrixView<const T> grad_out,
                   MatrixView<T> grad, LayerGradients<T> gradients) {
  if (is_plain(form) && pass.extra.data == nullptr)
    return plain_slab_backward(activation, cpu::scale_of(pass), slab, a, grad_out, grad, gradients.bias);
  const math::PhiloxStream stream(pass.dropout);
  const bool elementwise = form.normalization != NormalizationLayer::layer;
  const cpu::Affine<T> affine(form, parameters, pass.statistics, slab);
  T keep[cpu::keep_tile];
  for (std::int64_t r = 0; r < a.rows; ++r) {
    T* to = grad.row(r) + slab.first;
    if (elementwise) {
      const T* x = a.row(r) + slab.first;
      const T* g = grad_out.row(r) + slab.first;
      cpu::keep_scales(form, stream, r * a.cols + slab.first, slab.count, keep);
      differentiate_row(activation, slab.count, x, affine.factor, affine.shift, keep, g, to);
    }
    if (pass.extra.data == nullptr) continue;
    for (std::int64_t c = 0; c < slab.count; ++c) to[c] += pass.extra(r, slab.first + c);
  }
  if (form.normalization == NormalizationLayer::batch)
    cpu::batch_backward(form, parameters, pass.statistics, slab, a, grad, gradients);
  finish_backward(cpu::scale_of(pass), slab, grad, gradients);
}

}  // namespace

template <class T>
void cpu::layer_forward(Context& context, const LayerForm& form, const LayerParameters<T>& parameters,
                        RunningStatistics<T> running, std::span<const LayerPass<T>> passes,
                        MatrixView<T> linear, MatrixView<T> out) {
  math::with_activation(form.activation, form.slope, [&](auto activation) {
    const auto each_pass = [&](auto&& body) {
      for (const LayerPass<T>& pass : passes)
        body(pass, linear.slice_rows(pass.first, pass.rows), out.slice_rows(pass.first, pass.rows));
    };
    if (form.normalization == NormalizationLayer::layer) {
      each_pass([&](const LayerPass<T>& pass, MatrixView<T> l, MatrixView<T> h) {
        layer_norm_forward(context, form, parameters, pass, activation, l, h);
      });
      return;
    }
    if (is_plain(form)) {
      each_pass([&](const LayerPass<T>& pass, MatrixView<T> l, MatrixView<T> h) {
        parallel_for(context.threads(), l.rows, 4, [&](std::int64_t r) {
          plain_forward(activation, l.cols, scale_of(pass), parameters.bias.data(), l.row(r), h.row(r));
        });
      });
      return;
    }
    for_each_slab(context, linear.cols, [&](Slab slab) {
      each_pass([&](const LayerPass<T>& pass, MatrixView<T> l, MatrixView<T> h) {
        slab_forward(form, parameters, running, pass, activation, slab, l, h);
      });
    });
  });
}
SPARCELL_INSTANTIATE(cpu::layer_forward);

template <class T>
void cpu::layer_backward(Context& context, const LayerForm& form, const LayerParameters<T>& parameters,
                         std::span<const LayerPass<T>> passes, MatrixView<const T> a,
                         MatrixView<const T> grad_out, MatrixView<T> grad_linear,
                         LayerGradients<T> gradients) {
  if (grad_out.data == grad_linear.data && passes.size() == 1 && leaves_gradient(form, passes.front())) {
    const LayerPass<T>& pass = passes.front();
    return add_column_sums(context, grad_out.slice_rows(pass.first, pass.rows), gradients.bias);
  }
  math::with_activation(form.activation, form.slope, [&](auto activation) {
    const auto each_pass = [&](auto&& body) {
      for (const LayerPass<T>& pass : passes) {
        body(pass, a.slice_rows(pass.first, pass.rows), grad_out.slice_rows(pass.first, pass.rows),
             grad_linear.slice_rows(pass.first, pass.rows));
      }
    };
    if (form.normalization == NormalizationLayer::layer) {
      each_pass(
          [&](const LayerPass<T>& pass, MatrixView<const T> x, MatrixView<const T> g, MatrixView<T> to) {
            layer_norm_backward(context, form, parameters, pass, activation, x, g, to, gradients);
          });
    }
    for_each_slab(context, a.cols, [&](Slab slab) {
      each_pass(
          [&](const LayerPass<T>& pass, MatrixView<const T> x, MatrixView<const T> g, MatrixView<T> to) {
            slab_backward(form, parameters, pass, activation, slab, x, g, to, gradients);
          });
    });
  });
}
SPARCELL_INSTANTIATE(cpu::layer_backward);

template <class T>
void cpu::layer_tangent(Context& context, const LayerForm& form, const LayerParameters<T>& parameters,
                        const LayerPass<T>& pass, MatrixView<const T> a, MatrixView<const T> signal,
                        MatrixView<T> tangent_linear, MatrixView<T> tangent, MatrixView<T> extra,
                        LayerGradients<T> gradients) {
  const math::PhiloxStream stream(pass.dropout);
  const T scale = scale_of(pass);
  math::with_activation(form.activation, form.slope, [&](auto activation) {
    if (form.normalization == NormalizationLayer::layer) {
      layer_norm_tangent(context, form, parameters, pass, activation, a, signal, tangent_linear, tangent,
                         extra, gradients);
      return;
    }
    for_each_slab(context, a.cols, [&](Slab slab) {
      T keep[keep_tile];
      for (std::int64_t r = 0; r < a.rows; ++r) {
        const T* x = a.row(r) + slab.first;
        T* l = tangent_linear.row(r) + slab.first;
        T* t = tangent.row(r) + slab.first;
        keep_scales(form, stream, r * a.cols + slab.first, slab.count, keep);
        tangent_row(activation, slab.count, scale, x, keep, l, t);
        if (extra.data == nullptr) continue;
        curvature_row(activation, slab.count, x, l, signal.row(r) + slab.first, keep,
                      extra.row(r) + slab.first);
      }
    });
  });
}
SPARCELL_INSTANTIATE(cpu::layer_tangent);

}  // namespace sparcell

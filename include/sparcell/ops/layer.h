// What follows the matrix product of a layer, fused: scale + bias, normalization, activation, dropout; and
// its passes back.
//
// With l = x W^T the layer computes
//     a = scale * l + bias          scale: 1 / sigma under spectral normalization, else 1
//     y = (a - mean) * inverse_deviation * weight + offset    batch or layer normalization, else y = a
//     h = act(y) * m                m = 0 with probability p, else 1 / (1 - p): dropout in training, from the
//                                   stream's element r * cols + c (r counts rows of the pass)
// A call takes the rows of several passes at once: each is what one forward call of PyTorch would be.
// Conventions of PyTorch: BatchNorm1d (momentum 0.1, eps 1e-5, biased variance normalizes, unbiased one is
// remembered) and LayerNorm (eps 1e-5).
#pragma once

#include "sparcell/ops/op.h"
#include "sparcell/ops/words.h"

namespace sparcell {

inline constexpr double normalization_epsilon = 1e-5;
inline constexpr double batch_norm_momentum = 0.1;

/// What a layer does.
struct LayerForm {
  NormalizationLayer normalization = NormalizationLayer::none;
  Activation activation = Activation::identity;
  double slope = 0.2;
  double dropout = 0;
  bool training = true;
};

/// Device memory that belongs to a layer. Empty where the layer has no such part.
template <class T>
struct LayerParameters {
  std::span<const T> bias;
  std::span<const T> weight;  ///< of the normalization
  std::span<const T> offset;  ///< of the normalization
};

/// Running statistics of batch normalization, moved by every training pass.
template <class T>
struct RunningStatistics {
  std::span<T> mean;
  std::span<T> variance;
};

/// Statistics of one pass, kept for the way back: a number per column (batch) or per row (layer).
template <class T>
struct PassStatistics {
  std::span<T> mean;
  std::span<T> inverse_deviation;
};

/// Rows [first, first + rows) of the matrices of a call, with a scale, statistics and dropout of their own.
template <class T>
struct LayerPass {
  std::int64_t first = 0, rows = 0;
  RandomStream dropout{};
  const T* scale = nullptr;  ///< one number in device memory; null for 1
  PassStatistics<T> statistics{};
  MatrixView<const T> extra{};  ///< rows x cols, added to the gradient at a on the way back; or an empty view
};
inline constexpr std::size_t most_layer_passes = 3;  ///< real, generated and interpolated cells

/// Where the gradients of a layer's parameters are added; empty spans are left out.
template <class T>
struct LayerGradients {
  std::span<T> bias;
  std::span<T> weight;
  std::span<T> offset;
};

/// Whether h is l: a product that nothing follows.
template <class T>
bool is_product_alone(const LayerForm& form, const LayerParameters<T>& parameters,
                      std::span<const LayerPass<T>> passes) {
  bool scaled = false;
  for (const LayerPass<T>& pass : passes) scaled = scaled || pass.scale != nullptr;
  return form.normalization == NormalizationLayer::none && form.activation == Activation::identity &&
         form.dropout == 0 && parameters.bias.empty() && !scaled;
}

/// `linear` holds l on entry and a on return; h goes to out (which may be the same memory where the
/// activation is the identity without normalization and dropout). Running statistics move by one pass after
/// the other. Training needs at least 2 rows of every pass under batch normalization.
/// Requires: at most most_layer_passes passes, whose rows lie in the matrices and do not overlap; other rows
/// are left alone.
SPARCELL_OP(layer_forward, (Context & context, const LayerForm& form, const LayerParameters<T>& parameters,
                            RunningStatistics<T> running, std::span<const LayerPass<T>> passes,
                            MatrixView<T> linear, MatrixView<T> out))

/// From the gradient at h to that at l: grad_linear = scale * (grad at a). `a` and the passes are those of
/// the forward pass (not all of its passes need come back). grad_linear overwrites and may be grad_out;
/// parameter gradients accumulate. An `extra` needs a layer without batch normalization.
SPARCELL_OP(layer_backward,
            (Context & context, const LayerForm& form, const LayerParameters<T>& parameters,
             std::span<const LayerPass<T>> passes, MatrixView<const T> a, MatrixView<const T> grad_out,
             MatrixView<T> grad_linear, LayerGradients<T> gradients))

/// One layer of the tangent pass of the gradient penalty (a layer without batch normalization), of one pass
/// whose rows are all rows of the matrices. With l' = t_{k-1} W_k^T on entry of `tangent_linear`, l = scale *
/// l' (which tangent_linear becomes) and `signal` the gradient that arrived at h_k on the first way back:
///     tangent = (dh/da) l                            of each row
///     extra   = d/da of sum(signal * tangent)        the gradient at a; not written where `extra` is empty
/// without normalization
///     tangent(r, c) = l * act'(a) * m,   extra(r, c) = l * signal * m * act''(a)
/// and with layer normalization (`extra` is needed) through its statistics; the derivatives of sum(signal *
/// tangent) by its weight and offset are added to `gradients`. The bias's comes with extra, in
/// layer_backward.
SPARCELL_OP(layer_tangent, (Context & context, const LayerForm& form, const LayerParameters<T>& parameters,
                            const LayerPass<T>& pass, MatrixView<const T> a, MatrixView<const T> signal,
                            MatrixView<T> tangent_linear, MatrixView<T> tangent, MatrixView<T> extra,
                            LayerGradients<T> gradients))

}  // namespace sparcell

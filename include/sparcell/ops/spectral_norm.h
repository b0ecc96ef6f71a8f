// Spectral normalization (Miyato et al. 2018) with the conventions of torch.nn.utils.spectral_norm. Every op
// takes all layers of a network at once.
#pragma once

#include "sparcell/ops/op.h"

namespace sparcell {

inline constexpr double spectral_epsilon = 1e-12;

/// A layer's weight, out x in, with the vectors of its power iteration, of out and of in elements, and what
/// the passes that see it as it is now take from it: a number and a row for each of them.
template <class T>
struct SpectralWeight {
  MatrixView<const T> weight;
  std::span<T> u, v;
  std::span<T> inverse_sigma;
  MatrixView<T> kept_u, kept_v;
};

/// For each weight: one power iteration v = W^T u / |W^T u|, u = W v / |W v|, then inverse_sigma[p] = 1 /
/// (u^T W v) for every pass p. u and v as they are now are copied to the rows of kept_u and kept_v, which the
/// way back of these passes needs.
SPARCELL_OP(spectral_sigma, (Context & context, std::span<const SpectralWeight<T>> weights))

/// Rows of a pass, or none. An empty bias is 0.
template <class T>
struct SpectralTerm {
  MatrixView<const T> grad_linear, a;
  std::span<const T> bias;
};
template <class T>
struct SpectralInner {
  SpectralTerm<T> terms[2];
  T* inner = nullptr;
};

/// For each: *inner = sum over its terms, their rows and columns of grad_linear * (a - bias). With
/// grad_linear = (gradient at a) / sigma this is <dL/dW_bar, W_bar> / sigma of a pass with a = W_bar h +
/// bias.
SPARCELL_OP(spectral_inner, (Context & context, std::span<const SpectralInner<T>> inners))

/// A weight's gradient, out x in, and of each pass its u and v in a row and its inner product.
template <class T>
struct SpectralGradient {
  MatrixView<const T> u, v;
  std::span<const T> inner;
  MatrixView<T> grad_weight;
};

/// For each: grad_weight -= sum over passes p of inner[p] * u_p v_p^T, in one sweep.
SPARCELL_OP(spectral_correction, (Context & context, std::span<const SpectralGradient<T>> gradients))

}  // namespace sparcell

// Spectral normalization (Miyato et al. 2018) with the conventions of torch.nn.utils.spectral_norm.
#pragma once

#include "sparcell/ops/op.h"

namespace sparcell {

inline constexpr double spectral_epsilon = 1e-12;

/// One power iteration v = W^T u / |W^T u|, u = W v / |W v| where `iterate` (u and v stay else), then
/// *inverse_sigma = 1 / (u^T W v). u and v as they are now are copied to kept_u and kept_v, which the way
/// back of this pass needs. Requires: weight out x in, u of out, v of in elements.
SPARCELL_OP(spectral_sigma, (Context & context, MatrixView<const T> weight, bool iterate, std::span<T> u,
                             std::span<T> v, T* inverse_sigma, std::span<T> kept_u, std::span<T> kept_v))

/// *inner += sum over rows and columns of grad_linear * (a - bias): with grad_linear = (gradient at a) /
/// sigma this is <dL/dW_bar, W_bar> / sigma of a pass with a = W_bar h + bias. An empty bias is 0.
SPARCELL_OP(spectral_inner, (Context & context, MatrixView<const T> grad_linear, MatrixView<const T> a,
                             std::span<const T> bias, T* inner))

/// grad_weight -= sum over passes p of inner[p] * u_p v_p^T, in one sweep.
/// Requires: u is passes x out, v passes x in, inner has a number per pass.
SPARCELL_OP(spectral_correction, (Context & context, MatrixView<const T> u, MatrixView<const T> v,
                                  std::span<const T> inner, MatrixView<T> grad_weight))

}  // namespace sparcell

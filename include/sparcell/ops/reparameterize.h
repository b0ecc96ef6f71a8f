// Sampling a latent with its Kullback-Leibler term (Kingma and Welling 2014).
#pragma once

#include "sparcell/ops/op.h"

namespace sparcell {

/// z = mu + exp(log_variance / 2) * eps, eps standard normal from the stream's element r * cols + c;
/// with k = kl_scale * sum of -1/2 (1 + log_variance - mu^2 - exp(log_variance)):  *kl += k,  *weighted_kl +=
/// *kl_weight * k.
SPARCELL_OP(reparameterize,
            (Context & context, RandomStream stream, MatrixView<const T> mu, MatrixView<const T> log_variance,
             double kl_scale, const T* kl_weight, double* kl, double* weighted_kl, MatrixView<T> z))

/// grad_mu = grad_z + w mu, grad_log_variance = grad_z eps exp(log_variance / 2) / 2 + w (exp(log_variance) -
/// 1) / 2, both overwriting, with w = *kl_weight * kl_scale and eps drawn again.
SPARCELL_OP(reparameterize_backward,
            (Context & context, RandomStream stream, MatrixView<const T> mu, MatrixView<const T> log_variance,
             MatrixView<const T> grad_z, const T* kl_weight, double kl_scale, MatrixView<T> grad_mu,
             MatrixView<T> grad_log_variance))

}  // namespace sparcell

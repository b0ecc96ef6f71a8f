// Sampling a latent with its Kullback-Leibler term (Kingma and Welling 2014).
#pragma once

#include "sparcell/ops/op.h"

namespace sparcell {

/// How the divergence counts: times `scale`, and in the loss each latent number's as no less than `free_bits`
/// (nats), below which it pulls at nothing (Kingma et al. 2016, for every cell by itself).
struct Divergence {
  double scale = 1;
  double free_bits = 0;

  Divergence(double of_scale, double of_free_bits = 0) : scale(of_scale), free_bits(of_free_bits) {}
};

/// z = mu + exp(log_variance / 2) * eps, eps standard normal from the stream's element r * cols + c;
/// with k of each latent number -1/2 (1 + log_variance - mu^2 - exp(log_variance)):  *kl += scale * sum k,
/// *weighted_kl += *kl_weight * scale * sum max(k, free_bits).
SPARCELL_OP(reparameterize,
            (Context & context, RandomStream stream, MatrixView<const T> mu, MatrixView<const T> log_variance,
             Divergence divergence, const T* kl_weight, double* kl, double* weighted_kl, MatrixView<T> z))

/// grad_mu = grad_z + w mu, grad_log_variance = grad_z eps exp(log_variance / 2) / 2 + w (exp(log_variance) -
/// 1) / 2, both overwriting, with w = *kl_weight * scale, 0 where k is below free_bits, and eps drawn again.
SPARCELL_OP(reparameterize_backward,
            (Context & context, RandomStream stream, MatrixView<const T> mu, MatrixView<const T> log_variance,
             MatrixView<const T> grad_z, const T* kl_weight, Divergence divergence, MatrixView<T> grad_mu,
             MatrixView<T> grad_log_variance))

}  // namespace sparcell

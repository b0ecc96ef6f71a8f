// The latent layer of a VAE: two heads on the encoder's last hidden layer, mean and log-variance, and a draw
// around the mean with its divergence from the prior.
#pragma once

#include "model/network.h"
#include "sparcell/ops/reparameterize.h"

namespace sparcell {

/// Where the divergence of drawn cells is added, as it is and weighted; all in device memory.
template <class T>
struct DivergenceSums {
  const T* weight;
  double* kl;
  double* weighted_kl;
};

template <class T>
class Posterior {
 public:
  /// On an encoder's `hidden` outputs. Adds the tensors of both heads; `mean_beside` says of the mean's
  /// whether a linear path leads there. Batches of at most `capacity` rows.
  Posterior(Context& context, const ModelOptions& options, std::int64_t hidden,
            const BesideLayers& mean_beside, std::uint64_t seed, std::int64_t capacity, Arena<T>& parameters,
            Arena<T>& buffers);
  void initialize(std::uint32_t mean_number, std::uint32_t log_variance_number);
  Network<T>& mean() { return mean_; }

  /// Both heads, in training the log-variances beside: join before the draw. Returns the means.
  MatrixView<T> run(MatrixView<const T> hidden, const NetworkBatch<T>& batch);
  MatrixView<T> log_variances(std::int64_t rows) const;
  /// Draws around the means of the last run, with the divergence as training counts it.
  MatrixView<T> draw(RandomStream noise, std::int64_t rows, const DivergenceSums<T>& sums);
  /// The same in validation, which counts all of the divergence and knows no weight.
  MatrixView<T> draw_in_validation(RandomStream noise, std::int64_t rows, double* kl, double* weighted_kl);

  /// Where the gradient at the draws goes before `backward`.
  MatrixView<T> grad(std::int64_t rows) const { return {grad_z_.data(), rows, latent_}; }
  /// The way back of the last run and draw, whose `noise` and weight those are, to the gradient at the hidden
  /// layer (overwritten). Gradients of weights are made beside: join before they are read.
  void backward(RandomStream noise, const T* kl_weight, MatrixView<const T> hidden,
                const NetworkBatch<T>& batch, MatrixView<T> grad_hidden);

  void show_values(std::int64_t rows, const Watch<T>& watch) const;
  void show_gradients(std::int64_t rows, const Watch<T>& watch) const;

 private:
  MatrixView<T> means(std::int64_t rows) const { return mean_.output(mean_tape_, 0, 0, rows); }
  MatrixView<T> z(std::int64_t rows) const { return {z_.data(), rows, latent_}; }

  Context& context_;
  const std::int64_t latent_;
  const Divergence divergence_;  ///< of a cell in training
  Network<T> mean_, log_variance_;
  typename Network<T>::Tape mean_tape_, log_variance_tape_;
  Buffer<T> z_, grad_z_, no_weight_;
};

}  // namespace sparcell

#include "model/posterior.h"

#include "sparcell/core/branches.h"

namespace sparcell {
namespace {

double scale_of(const ModelOptions& options) {
  return options.kl.reduction == Reduction::mean ? 1.0 / static_cast<double>(options.latent) : 1.0;
}

}  // namespace

template <class T>
Posterior<T>::Posterior(Context& context, const ModelOptions& options, std::int64_t hidden,
                        const BesideLayers& mean_beside, std::uint64_t seed, std::int64_t capacity,
                        Arena<T>& parameters, Arena<T>& buffers)
    : context_(context),
      latent_(options.latent),
      divergence_{scale_of(options), options.kl.free_bits},
      mean_("mu", {linear_layer(hidden, options.latent)}, seed, 0, parameters, buffers, mean_beside),
      log_variance_("logvar", {linear_layer(hidden, options.latent)}, seed, 0, parameters, buffers),
      mean_tape_(mean_.make_tape(context, capacity, 1)),
      log_variance_tape_(log_variance_.make_tape(context, capacity, 1)),
      z_(context, capacity * options.latent),
      grad_z_(context, capacity * options.latent),
      no_weight_(context, 1) {}

template <class T>
void Posterior<T>::initialize(std::uint32_t mean_number, std::uint32_t log_variance_number) {
  mean_.initialize(mean_number);
  log_variance_.initialize(log_variance_number);
}

template <class T>
MatrixView<T> Posterior<T>::run(MatrixView<const T> hidden, const NetworkBatch<T>& batch) {
  const auto run_log_variance = [&] { log_variance_.forward(context_, log_variance_tape_, hidden, batch); };
  if (batch.training) {
    beside(context_, run_log_variance);
  } else {
    run_log_variance();
  }
  return mean_.forward(context_, mean_tape_, hidden, batch);
}

template <class T>
MatrixView<T> Posterior<T>::log_variances(std::int64_t rows) const {
  return log_variance_.output(log_variance_tape_, 0, 0, rows);
}

template <class T>
MatrixView<T> Posterior<T>::draw(RandomStream noise, std::int64_t rows, const DivergenceSums<T>& sums) {
  reparameterize<T>(context_, noise, means(rows), log_variances(rows), divergence_, sums.weight, sums.kl,
                    sums.weighted_kl, z(rows));
  return z(rows);
}

template <class T>
MatrixView<T> Posterior<T>::draw_in_validation(RandomStream noise, std::int64_t rows, double* kl,
                                               double* weighted_kl) {
  reparameterize<T>(context_, noise, means(rows), log_variances(rows), divergence_.scale, no_weight_.data(),
                    kl, weighted_kl, z(rows));
  return z(rows);
}

template <class T>
void Posterior<T>::backward(RandomStream noise, const T* kl_weight, MatrixView<const T> hidden,
                            const NetworkBatch<T>& batch, MatrixView<T> grad_hidden) {
  const std::int64_t rows = batch.rows;
  const MatrixView<T> at_mean = mean_.gradient(mean_tape_, 0, rows),
                      at_log_variance = log_variance_.gradient(log_variance_tape_, 0, rows);
  const Divergence per_cell{divergence_.scale / static_cast<double>(rows), divergence_.free_bits};
  reparameterize_backward<T>(context_, noise, means(rows), log_variances(rows), grad(rows), kl_weight,
                             per_cell, at_mean, at_log_variance);
  mean_.backward(context_, mean_tape_, batch, {.input = hidden});
  mean_.input_gradient(context_, 0, at_mean, grad_hidden);
  log_variance_.backward(context_, log_variance_tape_, batch, {.input = hidden});
  log_variance_.input_gradient(context_, 0, at_log_variance, grad_hidden, true);
}

template <class T>
void Posterior<T>::show_values(std::int64_t rows, const Watch<T>& watch) const {
  mean_.show_values(mean_tape_, rows, 0, watch);
  log_variance_.show_values(log_variance_tape_, rows, 0, watch);
  watch({"z: draws from the posterior", z(rows), 0});
}

template <class T>
void Posterior<T>::show_gradients(std::int64_t rows, const Watch<T>& watch) const {
  mean_.show_gradients(mean_tape_, rows, 0, watch);
  log_variance_.show_gradients(log_variance_tape_, rows, 0, watch);
}

template class Posterior<float>;
template class Posterior<double>;

}  // namespace sparcell

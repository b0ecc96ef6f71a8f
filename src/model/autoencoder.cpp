#include "model/autoencoder.h"

#include <algorithm>

#include "sparcell/core/branches.h"
#include "sparcell/ops/gather.h"
#include "sparcell/ops/loss.h"
#include "sparcell/ops/optimizer.h"
#include "sparcell/ops/reparameterize.h"
#include "sparcell/ops/sparse_linear.h"

namespace sparcell {
namespace {

std::vector<LayerShape> encoder_layers(const ModelOptions& options, std::int64_t genes, bool input_major) {
  std::vector<LayerShape> layers = hidden_layers(options.network, genes);
  if (options.type == ModelType::autoencoder) {
    layers.push_back(linear_layer(layers.empty() ? genes : layers.back().out, options.latent));
  }
  layers.front().input_major = input_major;
  return layers;
}

std::vector<LayerShape> decoder_layers(const ModelOptions& options, std::int64_t genes) {
  NetworkOptions mirrored = options.network;
  std::reverse(mirrored.hidden.begin(), mirrored.hidden.end());
  std::reverse(mirrored.dropout.begin(), mirrored.dropout.end());
  if (!options.decoder_dropout.empty()) mirrored.dropout = options.decoder_dropout;
  std::vector<LayerShape> layers = hidden_layers(mirrored, options.latent);
  layers.push_back(linear_layer(layers.empty() ? options.latent : layers.back().out, genes));
  return layers;
}

/// Networks of initialization's streams.
enum NetworkNumber : std::uint32_t { encoder_number, mu_number, log_variance_number, decoder_number };

/// Evaluation asks for this many cells at once.
constexpr std::int64_t smallest_capacity = 512;

template <class T>
Matrix<T> to_host(Context& context, MatrixView<const T> view) {
  Matrix<T> host(view.rows, view.cols);
  context.memory().copy_to_host(host.values.data(), view.data, host.values.size() * sizeof(T));
  return host;
}

}  // namespace

template <class T>
Autoencoder<T>::Autoencoder(Context& context, const ModelOptions& options, const DeviceData<T>& data,
                            std::uint64_t seed)
    : context_(context),
      options_(options),
      data_(data),
      seed_(seed),
      sparse_(data.sparse()),
      capacity_(std::max(options.train.batch + 1, smallest_capacity)),
      encoder_("encoder", encoder_layers(options, data.genes(), data.sparse()), 0, parameters_, buffers_),
      mu_(variational() ? std::optional<Network<T>>(std::in_place, "mu",
                                                    std::vector{linear_layer(encoder_.out(), options.latent)},
                                                    0, parameters_, buffers_)
                        : std::nullopt),
      log_variance_(variational()
                        ? std::optional<Network<T>>(std::in_place, "logvar",
                                                    std::vector{linear_layer(encoder_.out(), options.latent)},
                                                    0, parameters_, buffers_)
                        : std::nullopt),
      decoder_("decoder", decoder_layers(options, data.genes()),
               static_cast<std::uint32_t>(options.network.hidden.size()), parameters_, buffers_) {
  parameters_.allocate(context, true);
  buffers_.allocate(context, false);
  encoder_tape_ = encoder_.make_tape(context, capacity_, 1);
  decoder_tape_ = decoder_.make_tape(context, capacity_, 1);
  if (!sparse_) input_ = Buffer<T>(context, capacity_ * data.genes());
  if (variational()) {
    mu_tape_ = mu_->make_tape(context, capacity_, 1);
    log_variance_tape_ = log_variance_->make_tape(context, capacity_, 1);
    z_ = Buffer<T>(context, capacity_ * options.latent);
    grad_z_ = Buffer<T>(context, capacity_ * options.latent);
    zero_ = Buffer<T>(context, 1);
  }
}

template <class T>
void Autoencoder<T>::initialize() {
  encoder_.initialize(seed_, encoder_number);
  if (mu_) mu_->initialize(seed_, mu_number);
  if (log_variance_) log_variance_->initialize(seed_, log_variance_number);
  decoder_.initialize(seed_, decoder_number);
}

template <class T>
double Autoencoder<T>::loss_scale() const {
  return options_.reconstruction_reduction == Reduction::mean ? 1.0 / static_cast<double>(data_.genes())
                                                              : 1.0;
}

template <class T>
std::span<const T> Autoencoder<T>::last_bias() {
  return decoder_.layer_parameters(decoder_.size() - 1).bias;
}

template <class T>
MatrixView<T> Autoencoder<T>::run_encoder(const DeviceData<T>& data, const BatchRows& rows,
                                          const Segment& segment, bool training) {
  const std::span<const Segment> segments(&segment, 1);
  MatrixView<const T> input;
  if (training) this->phases_.enter(sparse_ ? Phase::forward : Phase::data);
  if (sparse_) {
    sparse_linear<T>(context_, data.x(), rows, encoder_.weight(0),
                     encoder_.rows_of(encoder_tape_[0].a, 0, 0, rows.count));
  } else {
    const MatrixView<T> dense(input_.data(), rows.count, data.genes());
    gather_dense<T>(context_, data.x(), rows, data_.mean(), data_.inverse_scale(), dense);
    input = dense;
    if (training) this->phases_.enter(Phase::forward);
  }
  const MatrixView<T> hidden =
      encoder_.forward(context_, encoder_tape_, input, rows.count, segments, seed_, training);
  if (!variational()) return hidden;
  log_variance_->forward(context_, log_variance_tape_, hidden, rows.count, segments, seed_, training);
  return mu_->forward(context_, mu_tape_, hidden, rows.count, segments, seed_, training);
}

template <class T>
void Autoencoder<T>::head_backward(Network<T>& head, std::vector<LayerTape<T>>& tape,
                                   MatrixView<const T> hidden, std::int64_t rows, bool accumulate) {
  const Segment segment{.rows = rows};
  head.backward(context_, tape, hidden, rows, {&segment, 1}, seed_, true, {});
  const int last = encoder_.size() - 1;
  head.input_gradient(context_, 0, head.rows_of(tape[0].grad, 0, 0, rows),
                      encoder_.rows_of(encoder_tape_[last].grad, last, 0, rows), accumulate);
}

template <class T>
void Autoencoder<T>::train_step(const BatchRows& rows, StepState<T>* state) {
  const std::int64_t n = rows.count;
  const Segment segment{.first = 0, .rows = n, .pass = 0, .step = &state->step, .slot = 0};
  const std::span<const Segment> segments(&segment, 1);
  const int last = encoder_.size() - 1;

  MatrixView<T> z = run_encoder(data_, rows, segment, true);
  const MatrixView<T> mu = z;
  const RandomStream noise(seed_, Purpose::latent, 0, &state->step);
  const double kl_scale =
      options_.kl.reduction == Reduction::mean ? 1.0 / static_cast<double>(options_.latent) : 1.0;
  MatrixView<T> log_variance;
  if (variational()) {
    log_variance = log_variance_->rows_of(log_variance_tape_[0].a, 0, 0, n);
    z = MatrixView<T>(z_.data(), n, options_.latent);
    reparameterize<T>(context_, noise, mu, log_variance, kl_scale, &state->kl_weight, &state->losses[kl_slot],
                      &state->losses[weighted_kl_slot], z);
  }

  const MatrixView<T> prediction =
      decoder_.forward(context_, decoder_tape_, z, n, segments, seed_, true, {.without_bias = true});
  const MatrixView<T> grad = decoder_.rows_of(decoder_tape_.back().grad, decoder_.size() - 1, 0, n);
  this->phases_.enter(Phase::loss);
  squared_error<T>(context_, prediction, last_bias(), data_.x(), rows, data_.mean(), data_.inverse_scale(),
                   loss_scale(), loss_scale() / static_cast<double>(n), &state->losses[reconstruction_slot],
                   grad);

  const MatrixView<T> grad_latent = variational() ? MatrixView<T>(grad_z_.data(), n, options_.latent)
                                                  : encoder_.rows_of(encoder_tape_[last].grad, last, 0, n);
  this->phases_.enter(Phase::backward);
  decoder_.backward(context_, decoder_tape_, z, n, segments, seed_, true, grad_latent);
  if (variational()) {
    reparameterize_backward<T>(context_, noise, mu, log_variance, grad_latent, &state->kl_weight,
                               kl_scale / static_cast<double>(n), mu_->rows_of(mu_tape_[0].grad, 0, 0, n),
                               log_variance_->rows_of(log_variance_tape_[0].grad, 0, 0, n));
    const MatrixView<T> hidden = encoder_.output(encoder_tape_, last, 0, n);
    head_backward(*mu_, mu_tape_, hidden, n, false);
    head_backward(*log_variance_, log_variance_tape_, hidden, n, true);
  }
  const MatrixView<const T> input =
      sparse_ ? MatrixView<const T>{} : MatrixView<const T>(input_.data(), n, data_.genes());
  encoder_.backward(context_, encoder_tape_, input, n, segments, seed_, true, {});
  if (sparse_) {
    sparse_linear_weight_gradient<T>(context_, data_.x(), rows,
                                     encoder_.rows_of(encoder_tape_[0].grad, 0, 0, n),
                                     encoder_.weight_gradient_of(0));
  }

  join(context_);
  if (this->watch_) show_step(n, z);
  this->phases_.enter(Phase::optimizer);
  if (options_.train.clip_norm > 0) {
    clip_gradients<T>(context_, options_.train.clip_norm, parameters_.gradients(),
                      &state->losses[gradient_norm_slot]);
  }
  adam_step<T>(context_, options_.train.optimizer, &state->learning_rate, &state->step, parameters_.values(),
               parameters_.gradients(), parameters_.first_moments(), parameters_.second_moments());
}

template <class T>
void Autoencoder<T>::show_step(std::int64_t rows, MatrixView<const T> z) {
  const Watch<T>& watch = this->watch_;
  encoder_.show_values(encoder_tape_, rows, 0, watch);
  if (variational()) {
    mu_->show_values(mu_tape_, rows, 0, watch);
    log_variance_->show_values(log_variance_tape_, rows, 0, watch);
    watch({"z: draws from the posterior", z, 0});
  }
  const Segment segment{.rows = rows};
  const MatrixView<T> prediction = decoder_.output(decoder_tape_, decoder_.size() - 1, 0, rows);
  decoder_.activate(context_, decoder_.size() - 1, decoder_tape_.back(), {&segment, 1}, seed_, true,
                    prediction, prediction);  // the loss added the bias without writing it down
  decoder_.show_values(decoder_tape_, rows, 0, watch);
  decoder_.show_gradients(decoder_tape_, rows, 0, watch);
  if (variational()) {
    mu_->show_gradients(mu_tape_, rows, 0, watch);
    log_variance_->show_gradients(log_variance_tape_, rows, 0, watch);
  }
  encoder_.show_gradients(encoder_tape_, rows, 0, watch);
  parameters_.show_gradients(watch);
}

template <class T>
LossParts Autoencoder<T>::training_losses(const StepState<T>& state, std::int64_t cells,
                                          std::int64_t batches) const {
  const auto per_cell = [&](LossSlot slot) { return state.losses[slot] / static_cast<double>(cells); };
  LossParts parts{{"loss", per_cell(reconstruction_slot) + per_cell(weighted_kl_slot)}};
  if (variational()) {
    parts.emplace_back("reconstruction", per_cell(reconstruction_slot));
    parts.emplace_back("kl", per_cell(kl_slot));
    parts.emplace_back("kl_weight", static_cast<double>(state.kl_weight));
  }
  if (options_.train.clip_norm > 0) {
    parts.emplace_back("gradient_norm", state.losses[gradient_norm_slot] / static_cast<double>(batches));
  }
  parts.emplace_back("learning_rate", static_cast<double>(state.learning_rate));
  return parts;
}

template <class T>
void Autoencoder<T>::add_validation_sums(const BatchRows& rows, RandomStream noise, double* sums) {
  const Segment segment{.rows = rows.count};
  MatrixView<T> z = run_encoder(data_, rows, segment, false);
  if (variational()) {
    const MatrixView<T> mu = z;
    const double kl_scale =
        options_.kl.reduction == Reduction::mean ? 1.0 / static_cast<double>(options_.latent) : 1.0;
    z = MatrixView<T>(z_.data(), rows.count, options_.latent);
    reparameterize<T>(context_, noise, mu, log_variance_->rows_of(log_variance_tape_[0].a, 0, 0, rows.count),
                      kl_scale, zero_.data(), &sums[kl_slot], &sums[weighted_kl_slot], z);
  }
  const MatrixView<T> prediction = decoder_.forward(context_, decoder_tape_, z, rows.count, {&segment, 1},
                                                    seed_, false, {.without_bias = true});
  squared_error<T>(context_, prediction, last_bias(), data_.x(), rows, data_.mean(), data_.inverse_scale(),
                   loss_scale(), 0, &sums[reconstruction_slot], {});
}

template <class T>
LossParts Autoencoder<T>::validation_losses(const std::vector<double>& sums, std::int64_t cells,
                                            double kl_weight) const {
  const double reconstruction = sums[reconstruction_slot] / static_cast<double>(cells);
  if (!variational()) return {{"loss", reconstruction}};
  const double kl = sums[kl_slot] / static_cast<double>(cells);
  return {{"loss", reconstruction + kl_weight * kl}, {"reconstruction", reconstruction}, {"kl", kl}};
}

template <class T>
Matrix<T> Autoencoder<T>::encode(const DeviceData<T>& data, const BatchRows& rows) {
  return to_host<T>(context_, run_encoder(data, rows, {.rows = rows.count}, false));
}

template <class T>
Matrix<T> Autoencoder<T>::encode_log_variance(const DeviceData<T>& data, const BatchRows& rows) {
  if (!variational()) return {};
  run_encoder(data, rows, {.rows = rows.count}, false);
  return to_host<T>(context_, log_variance_->rows_of(log_variance_tape_[0].a, 0, 0, rows.count));
}

template <class T>
Matrix<T> Autoencoder<T>::decode(const Matrix<T>& latent) {
  require(latent.rows <= capacity_, "decode: {} rows, at most {}", latent.rows, capacity_);
  const Buffer<T> z(context_, latent.values);
  const Segment segment{.rows = latent.rows};
  return to_host<T>(context_, decoder_.forward(context_, decoder_tape_,
                                               MatrixView<const T>(z.data(), latent.rows, latent.cols),
                                               latent.rows, {&segment, 1}, seed_, false));
}

template class Autoencoder<float>;
template class Autoencoder<double>;

}  // namespace sparcell

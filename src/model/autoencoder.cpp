#include "model/autoencoder.h"

#include <algorithm>
#include <cmath>

#include "sparcell/core/branches.h"
#include "sparcell/ops/gather.h"
#include "sparcell/ops/loss.h"
#include "sparcell/ops/mix.h"
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
  layers.push_back(
      linear_layer(layers.empty() ? options.latent : layers.back().out, decoder_outputs(options, genes)));
  if (options.output != OutputActivation::identity) {
    layers.back().hidden = true;
    layers.back().activation =
        options.output == OutputActivation::relu ? Activation::relu : Activation::softplus;
  }
  return layers;
}

/// Whether the encoder's hidden layers read batches as they lie, zeros left out.
bool reads_sparse(const ModelOptions& options) {
  return !options.input.standardize && options.input.mix == 0 && !options.conditioning.encoder;
}

/// Networks of initialization's streams.
enum NetworkNumber : std::uint32_t { encoder_number, mu_number, log_variance_number, decoder_number };

/// Streams of Purpose::augmentation beside those of `mix`: who stands in for the cells of a batch.
enum AugmentationStream : std::uint32_t { training_controls = 2, validation_controls = 3 };

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
      sparse_(data.sparse() && reads_sparse(options)),
      dense_gradient_(sparse_ && context.device().is_cuda()),
      capacity_(std::max(options.train.batch + 1, smallest_capacity)),
      encoder_("encoder", encoder_layers(options, data.features(), sparse_), 0, parameters_, buffers_,
               options.skip && !variational() ? data.features() : 0,
               options.conditioning.encoder ? data.conditions().cols : 0, options.conditioning.products()),
      mu_(variational() ? std::optional<Network<T>>(
                              std::in_place, "mu", std::vector{linear_layer(encoder_.out(), options.latent)},
                              0, parameters_, buffers_, options.skip ? data.features() : 0)
                        : std::nullopt),
      log_variance_(variational()
                        ? std::optional<Network<T>>(std::in_place, "logvar",
                                                    std::vector{linear_layer(encoder_.out(), options.latent)},
                                                    0, parameters_, buffers_)
                        : std::nullopt),
      decoder_("decoder", decoder_layers(options, data.genes()),
               static_cast<std::uint32_t>(options.network.hidden.size()), parameters_, buffers_,
               options.skip ? options.latent : 0, data.conditions().cols, options.conditioning.products()),
      control_input_(context, options.conditioning.control_input, capacity_) {
  if (options.likelihood != LikelihoodType::mse)
    likelihood_.emplace(context, options_, data, capacity_, parameters_);
  if (options.conditioning.products() > 0) {
    const Told<T> told{data.conditions().cols, options.conditioning.products(), data.part_genes()};
    pairs_.emplace(context, "pairs.weight", told, capacity_, told_batches, parameters_);
  }
  if (options.input.standardize) {
    input_mean_ = buffers_.add_vector("input.mean", data.genes());
    input_inverse_deviation_ = buffers_.add_vector("input.inverse_deviation", data.genes());
  }
  parameters_.allocate(context, true);
  buffers_.allocate(context, false);
  encoder_tape_ = encoder_.make_tape(context, capacity_, 1);
  decoder_tape_ = decoder_.make_tape(context, capacity_, 1);
  if (reads_dense() || dense_gradient_) raw_ = Buffer<T>(context, capacity_ * data.features());
  if (options.input.standardize) input_ = Buffer<T>(context, capacity_ * data.genes());
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
  if (pairs_) pairs_->initialize(seed_, options_.conditioning.embedding == EmbeddingOptions::one_hot);
}

template <class T>
void Autoencoder<T>::begin_from(const TrainingStart& start) {
  if (options_.input.standardize) {
    const double largest = *std::max_element(start.deviation.begin(), start.deviation.end());
    const double floor = std::max(options_.input.deviation_floor * largest, 1e-12);
    std::vector<T> mean(start.mean.begin(), start.mean.end()), inverse;
    for (double deviation : start.deviation)
      inverse.push_back(static_cast<T>(1 / std::max(deviation, floor)));
    buffers_.write(input_mean_, mean);
    buffers_.write(input_inverse_deviation_, inverse);
  }
  if (options_.input.mix > 0) {
    mixed_cells_ = start.genes.cols;
    gene_offsets_ = Buffer<std::int64_t>(context_, start.genes.offsets);
    gene_values_ = Buffer<T>(context_, std::vector<T>(start.genes.values.begin(), start.genes.values.end()));
  }
  if (likelihood_) likelihood_->begin_from(start, decoder_.bias_tensor(decoder_.size() - 1));
  control_input_.begin(context_, start.controls);
  if (options_.start != ModelStart::random) start_from_components(start);
}

/// z = (x - mean) V^T / deviations, output = mean + z deviations V: what the components say, to which hidden
/// layers and conditions add nothing yet. Latent dimensions beyond the components keep their random way in
/// and have none out.
template <class T>
void Autoencoder<T>::start_from_components(const TrainingStart& start) {
  const std::int64_t genes = data_.genes(), latent = options_.latent, known = start.components.rows;
  Network<T>& to_latent = latent_layer();
  std::vector<T> in = parameters_.read(to_latent.skip_tensor());
  std::vector<T> out(static_cast<std::size_t>(genes * latent)), in_bias(static_cast<std::size_t>(latent));
  for (std::int64_t k = 0; k < known; ++k) {
    const double deviation = std::sqrt(std::max(start.variance[k], 1e-12));
    double at_mean = 0;
    for (std::int64_t g = 0; g < genes; ++g) {
      const double component = start.components(k, g);
      at_mean += component * start.mean[g];
      in[k * genes + g] = static_cast<T>(component / deviation);
      out[g * latent + k] = static_cast<T>(component * deviation);
    }
    in_bias[k] = static_cast<T>(-at_mean / deviation);
  }
  const auto begin = [&](Network<T>& network, const std::vector<T>& skip, const std::vector<T>& bias) {
    const int last = network.weight_tensor(network.size() - 1);
    const auto size = static_cast<std::size_t>(parameters_.tensors()[last].size());
    parameters_.write(network.skip_tensor(), skip);
    parameters_.write(last, std::vector<T>(size, T(0)));
    parameters_.write(network.bias_tensor(network.size() - 1), bias);
    if (const int condition = network.skip_condition_tensor(); condition >= 0) {
      const auto weights = static_cast<std::size_t>(parameters_.tensors()[condition].size());
      parameters_.write(condition, std::vector<T>(weights, T(0)));
    }
  };
  begin(to_latent, in, in_bias);
  begin(decoder_, out, std::vector<T>(start.mean.begin(), start.mean.end()));
}

template <class T>
double Autoencoder<T>::loss_scale() const {
  return options_.reconstruction_reduction == Reduction::mean ? 1.0 / static_cast<double>(data_.genes())
                                                              : 1.0;
}

template <class T>
double Autoencoder<T>::latent_scale() const {
  return options_.kl.reduction == Reduction::mean ? 1.0 / static_cast<double>(options_.latent) : 1.0;
}

template <class T>
std::span<const T> Autoencoder<T>::last_bias() {
  return decoder_.layer_parameters(decoder_.size() - 1).bias;
}

template <class T>
MatrixView<T> Autoencoder<T>::run_encoder(const DeviceData<T>& data, const BatchRows& rows,
                                          const Segment& segment, bool training) {
  const std::span<const Segment> segments(&segment, 1);
  Input input;
  if (reads_dense()) {
    if (training) this->phases_.enter(Phase::data);
    input = load(data, rows, training ? segment.step : nullptr);
  }
  if (training) this->phases_.enter(Phase::forward);
  told_encoder_ = data.told(rows);
  if (encoder_.conditioned()) told_encoder_ = told(data, rows, encoder_batch);
  const NetworkInput<T> cells = sparse_ ? NetworkInput<T>(data.x(), rows) : NetworkInput<T>(input.hidden);
  const MatrixView<T> hidden =
      encoder_.forward(context_, encoder_tape_, cells, rows.count, segments, seed_, training,
                       {.skip_input = input.skip, .conditions = told_encoder_});
  if (!variational()) return hidden;
  log_variance_->forward(context_, log_variance_tape_, hidden, rows.count, segments, seed_, training);
  return mu_->forward(context_, mu_tape_, hidden, rows.count, segments, seed_, training,
                      {.skip_input = input.skip});
}

/// A batch for the encoder; mixed where `step`, the training step, is given.
template <class T>
typename Autoencoder<T>::Input Autoencoder<T>::load(const DeviceData<T>& data, const BatchRows& rows,
                                                    const std::int64_t* step) {
  const MatrixView<T> raw(raw_.data(), rows.count, data.features());
  if (!options_.input.standardize && options_.input.mix == 0) {
    gather_dense<T>(context_, data.x(), rows, data_.mean(), data_.inverse_scale(), raw);
    return loaded(rows.count);
  }
  std::span<const T> mean, inverse_deviation;
  MatrixView<T> standardized;
  if (options_.input.standardize) {
    mean = buffers_.vector(input_mean_);
    inverse_deviation = buffers_.vector(input_inverse_deviation_);
    standardized = MatrixView<T>(input_.data(), rows.count, data.genes());
  }
  gather_mixed<T>(
      context_, data.x(), rows, {mixed_cells_, gene_offsets_.data(), gene_values_.data()},
      step == nullptr ? 0 : options_.input.mix, RandomStream(seed_, Purpose::augmentation, 0, step),
      RandomStream(seed_, Purpose::augmentation, 1, step), raw, mean, inverse_deviation, standardized);
  return loaded(rows.count);
}

template <class T>
typename Autoencoder<T>::Input Autoencoder<T>::loaded(std::int64_t rows) const {
  if (!reads_dense()) return {};
  const auto view = [&](const Buffer<T>& buffer) {
    return MatrixView<const T>(buffer.data(), rows, data_.features());
  };
  if (sparse_) return {{}, view(raw_)};
  return {view(options_.input.standardize ? input_ : raw_), view(raw_)};
}

template <class T>
Conditions<T> Autoencoder<T>::told(const DeviceData<T>& data, const BatchRows& rows, int batch) {
  Conditions<T> conditions = data.told(rows);
  if (pairs_) pairs_->put(context_, batch, conditions);
  return conditions;
}

template <class T>
void Autoencoder<T>::head_backward(Network<T>& head, std::vector<LayerTape<T>>& tape,
                                   MatrixView<const T> hidden, std::int64_t rows, bool accumulate) {
  const Segment segment{.rows = rows};
  head.backward(context_, tape, hidden, rows, {&segment, 1}, seed_, true, {}, loaded(rows).skip);
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

  const BatchRows seen = control_input_.template rows<T>(
      context_, rows, RandomStream(seed_, Purpose::augmentation, training_controls, &state->step));
  const MatrixView<T> dense(raw_.data(), n, data_.features());
  if (dense_gradient_ && !reads_dense()) {
    this->phases_.enter(Phase::data);
    beside(context_,
           [&] { gather_dense<T>(context_, data_.x(), seen, data_.mean(), data_.inverse_scale(), dense); });
  }
  MatrixView<T> z = run_encoder(data_, seen, segment, true);
  const MatrixView<T> mu = z;
  const RandomStream noise(seed_, Purpose::latent, 0, &state->step);
  const Divergence divergence(latent_scale(), options_.kl.free_bits);
  MatrixView<T> log_variance;
  if (variational()) {
    log_variance = log_variance_->rows_of(log_variance_tape_[0].a, 0, 0, n);
    z = MatrixView<T>(z_.data(), n, options_.latent);
    reparameterize<T>(context_, noise, mu, log_variance, divergence, &state->kl_weight,
                      &state->losses[kl_slot], &state->losses[weighted_kl_slot], z);
  }

  const bool mixed = options_.input.mix > 0;  // the mixed cells are what is to be reconstructed
  const bool without_bias = !mixed && !likelihood_ && options_.output == OutputActivation::identity;
  const Conditions<T> conditions = told(data_, rows, decoder_batch);
  const MatrixView<T> prediction =
      decoder_.forward(context_, decoder_tape_, z, n, segments, seed_, true,
                       {.without_bias = without_bias, .skip_input = z, .conditions = conditions});
  const MatrixView<T> grad = decoder_.rows_of(decoder_tape_.back().grad, decoder_.size() - 1, 0, n);
  this->phases_.enter(Phase::loss);
  const double gradient_scale = loss_scale() / static_cast<double>(n);
  if (likelihood_) {
    likelihood_->add_loss(data_, prediction, rows, loss_scale(), gradient_scale,
                          &state->losses[reconstruction_slot], grad);
  } else if (mixed) {
    dense_squared_error<T>(context_, prediction, loaded(n).skip, loss_scale(), gradient_scale,
                           &state->losses[reconstruction_slot], grad);
  } else {
    squared_error<T>(context_, prediction, without_bias ? last_bias() : std::span<const T>(), data_.x(), rows,
                     data_.mean(), data_.inverse_scale(), loss_scale(), gradient_scale,
                     &state->losses[reconstruction_slot], grad);
  }

  const MatrixView<T> grad_latent = variational() ? MatrixView<T>(grad_z_.data(), n, options_.latent)
                                                  : encoder_.rows_of(encoder_tape_[last].grad, last, 0, n);
  this->phases_.enter(Phase::backward);
  // The decoder's last layer, half of all weights, is finished first: its step of Adam goes beside the rest.
  const int last_decoder = decoder_.size() - 1;
  const bool early = options_.train.clip_norm <= 0 && !this->watch_ && last_decoder > 0;
  const auto finished = [&](int layer) {
    if (early && layer == last_decoder) optimize(last_layer(), state);
  };
  decoder_.backward(context_, decoder_tape_, z, n, segments, seed_, true, grad_latent, z, grad_latent,
                    conditions, finished);
  if (variational()) {
    reparameterize_backward<T>(context_, noise, mu, log_variance, grad_latent, &state->kl_weight,
                               {divergence.scale / static_cast<double>(n), divergence.free_bits},
                               mu_->rows_of(mu_tape_[0].grad, 0, 0, n),
                               log_variance_->rows_of(log_variance_tape_[0].grad, 0, 0, n));
    const MatrixView<T> hidden = encoder_.output(encoder_tape_, last, 0, n);
    head_backward(*mu_, mu_tape_, hidden, n, false);
    head_backward(*log_variance_, log_variance_tape_, hidden, n, true);
  }
  const Input input = loaded(n);
  encoder_.backward(context_, encoder_tape_, dense_gradient_ ? dense : input.hidden, n, segments, seed_, true,
                    {}, input.skip, {}, told_encoder_);
  if (pairs_) {
    pairs_->backward(context_, decoder_batch, conditions);
    if (encoder_.conditioned()) pairs_->backward(context_, encoder_batch, told_encoder_);
  }
  if (sparse_ && !dense_gradient_) {
    sparse_linear_weight_gradient<T>(context_, data_.x(), seen,
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
  const std::size_t end = parameters_.values().size();
  const Range done = early ? last_layer() : Range{end, end};
  optimize({0, done.first}, state);
  optimize({done.end, end}, state);
}

template <class T>
typename Autoencoder<T>::Range Autoencoder<T>::last_layer() const {
  const int layer = decoder_.size() - 1;
  const auto& weight = parameters_.tensors()[decoder_.weight_tensor(layer)];
  const auto& bias = parameters_.tensors()[decoder_.bias_tensor(layer)];
  return {static_cast<std::size_t>(weight.offset), static_cast<std::size_t>(parameters_.end_of(bias))};
}

template <class T>
void Autoencoder<T>::optimize(Range range, StepState<T>* state) {
  if (range.first == range.end) return;
  const auto part = [&](std::span<T> all) { return all.subspan(range.first, range.end - range.first); };
  adam_step<T>(context_, options_.train.optimizer, &state->learning_rate, &state->step,
               part(parameters_.values()), part(parameters_.gradients()), part(parameters_.first_moments()),
               part(parameters_.second_moments()));
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
  if (!likelihood_) {
    decoder_.activate(context_, decoder_.size() - 1, decoder_tape_.back(), {&segment, 1}, seed_, true,
                      prediction, prediction);  // the loss added the bias without writing it down
  }
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
  const BatchRows seen = control_input_.template rows<T>(
      context_, rows, RandomStream(seed_, Purpose::augmentation, validation_controls, nullptr, noise.offset));
  MatrixView<T> z = run_encoder(data_, seen, segment, false);
  if (variational()) {
    const MatrixView<T> mu = z;
    z = MatrixView<T>(z_.data(), rows.count, options_.latent);
    reparameterize<T>(context_, noise, mu, log_variance_->rows_of(log_variance_tape_[0].a, 0, 0, rows.count),
                      latent_scale(), zero_.data(), &sums[kl_slot], &sums[weighted_kl_slot], z);
  }
  const bool without_bias = !likelihood_ && options_.output == OutputActivation::identity;
  const MatrixView<T> prediction = decoder_.forward(
      context_, decoder_tape_, z, rows.count, {&segment, 1}, seed_, false,
      {.without_bias = without_bias, .skip_input = z, .conditions = told(data_, rows, decoder_batch)});
  if (likelihood_) {
    likelihood_->add_loss(data_, prediction, rows, loss_scale(), 0, &sums[reconstruction_slot], {});
    return;
  }
  squared_error<T>(context_, prediction, without_bias ? last_bias() : std::span<const T>(), data_.x(), rows,
                   data_.mean(), data_.inverse_scale(), loss_scale(), 0, &sums[reconstruction_slot], {});
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
MatrixView<T> Autoencoder<T>::run_decoder(MatrixView<const T> z, const Conditions<T>& conditions) {
  require(z.rows <= capacity_, "decode: {} rows, at most {}", z.rows, capacity_);
  const Segment segment{.rows = z.rows};
  return decoder_.forward(context_, decoder_tape_, z, z.rows, {&segment, 1}, seed_, false,
                          {.skip_input = z, .conditions = conditions});
}

template <class T>
Matrix<T> Autoencoder<T>::decoder_outputs(const Matrix<T>& latent, const Csr<float>& conditions) {
  const std::int64_t width = decoder_.conditioned() ? data_.conditions().cols : 0;
  const GivenConditions<T> given(context_, conditions, latent.rows, width, data_.part_genes().rows);
  const Buffer<T> z(context_, latent.values);
  Conditions<T> told = given.view();
  if (pairs_) pairs_->put(context_, decoder_batch, told);
  return to_host<T>(context_, run_decoder({z.data(), latent.rows, latent.cols}, told));
}

template <class T>
Matrix<T> Autoencoder<T>::decode(const Matrix<T>& latent, const Csr<float>& conditions) {
  Matrix<T> out = decoder_outputs(latent, conditions);
  return likelihood_ ? likelihood_->expected(out) : out;
}

template <class T>
Matrix<T> Autoencoder<T>::draw(const Matrix<T>& latent, std::span<const double> log_library,
                               std::span<const std::int32_t> groups, std::uint64_t seed, std::int64_t first,
                               const Csr<float>& conditions) {
  if (!likelihood_) return decode(latent, conditions);
  return likelihood_->draw(decoder_outputs(latent, conditions), log_library, groups, seed, first);
}

template <class T>
std::vector<double> Autoencoder<T>::log_likelihood(const DeviceData<T>& data, const BatchRows& rows,
                                                   const Matrix<T>& latent) {
  if (!likelihood_) return {};
  const Buffer<T> z(context_, latent.values);
  const Buffer<double> loss(context_, 1), of_cells(context_, rows.count);
  const Conditions<T> conditions = told(data, rows, decoder_batch);
  likelihood_->add_loss(data, run_decoder({z.data(), latent.rows, latent.cols}, conditions), rows, 1, 0,
                        loss.data(), {}, of_cells.span());
  std::vector<double> logs = of_cells.to_host();
  for (double& log : logs) log = -log;
  return logs;
}

template class Autoencoder<float>;
template class Autoencoder<double>;

}  // namespace sparcell

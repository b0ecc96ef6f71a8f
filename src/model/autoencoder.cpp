#include "model/autoencoder.h"

#include <algorithm>

#include "model/autoencoder_layers.h"
#include "model/component_start.h"
#include "sparcell/ops/loss.h"

namespace sparcell {
namespace {

/// Networks of initialization's streams.
enum NetworkNumber : std::uint32_t { encoder_number, mean_number, log_variance_number, decoder_number };

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
      capacity_(std::max(options.train.batch + 1, smallest_capacity)),
      reading_(reading_of(options, data)),
      encoder_("encoder", encoder_layers(options, data.features(), reading_ != Reading::dense), seed, 0,
               parameters_, buffers_,
               {.skip = options.skip && !variational() ? data.features() : 0,
                .skip_input_major = input_major_path(),
                .conditions = options.conditioning.encoder ? data.conditions().cols : 0,
                .pairs = options.conditioning.products()}),
      posterior_(make_posterior()),
      decoder_("decoder", decoder_layers(options, data.genes()), seed,
               static_cast<std::uint32_t>(options.network.hidden.size()), parameters_, buffers_,
               {.skip = options.skip ? options.latent : 0,
                .conditions = data.conditions().cols,
                .pairs = options.conditioning.products()}),
      input_(context, options, data, seed, capacity_, buffers_) {
  if (options.likelihood != LikelihoodType::mse)
    likelihood_.emplace(context, options_, data, capacity_, parameters_);
  if (options.conditioning.products() > 0) {
    const Told<T> told{data.conditions().cols, options.conditioning.products(), data.part_genes()};
    pairs_.emplace(context, "pairs.weight", told, capacity_, told_batches, parameters_);
  }
  parameters_.allocate(context, true);
  buffers_.allocate(context, false);
  encoder_tape_ = encoder_.make_tape(context, capacity_, 1);
  decoder_tape_ = decoder_.make_tape(context, capacity_, 1);
}

template <class T>
std::optional<Posterior<T>> Autoencoder<T>::make_posterior() {
  if (!variational()) return std::nullopt;
  const BesideLayers beside{.skip = options_.skip ? data_.features() : 0,
                            .skip_input_major = input_major_path()};
  return std::optional<Posterior<T>>(std::in_place, context_, options_, encoder_.out(), beside, seed_,
                                     capacity_, parameters_, buffers_);
}

template <class T>
void Autoencoder<T>::initialize() {
  encoder_.initialize(encoder_number);
  if (posterior_) posterior_->initialize(mean_number, log_variance_number);
  decoder_.initialize(decoder_number);
  if (pairs_) pairs_->initialize(seed_, options_.conditioning.embedding == EmbeddingOptions::one_hot);
}

template <class T>
void Autoencoder<T>::begin_from(const TrainingStart& start) {
  input_.begin_from(start);
  if (likelihood_) likelihood_->begin_from(start, decoder_.bias_tensor(decoder_.size() - 1));
  if (options_.start != ModelStart::random)
    start_from_components(start, posterior_ ? posterior_->mean() : encoder_, decoder_, parameters_);
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
bool Autoencoder<T>::loss_adds_bias(bool mixed) const {
  return !mixed && !likelihood_ && options_.output == OutputActivation::identity;
}

template <class T>
MatrixView<T> Autoencoder<T>::run_encoder(const DeviceData<T>& data, const BatchRows& rows,
                                          const Segment& segment, bool training) {
  if (training && input_.makes_dense()) this->phases_.enter(Phase::data);
  const NetworkInput<T> cells = input_.load(data, rows, training ? segment.step.counted : nullptr);
  if (training) this->phases_.enter(Phase::forward);
  told_encoder_ = data.told(rows);
  if (encoder_.conditioned()) told_encoder_ = told(data, rows, encoder_batch);
  const NetworkBatch<T> batch = encoder_pass(rows.count, segment, training);
  const MatrixView<T> hidden = encoder_.forward(context_, encoder_tape_, cells, batch);
  return posterior_ ? posterior_->run(hidden, batch) : hidden;
}

template <class T>
NetworkBatch<T> Autoencoder<T>::encoder_pass(std::int64_t rows, const Segment& segment, bool training) const {
  return {.rows = rows,
          .training = training,
          .segments = {&segment, 1},
          .skip_input = input_.for_linear_path(rows),
          .conditions = told_encoder_};
}

template <class T>
Conditions<T> Autoencoder<T>::told(const DeviceData<T>& data, const BatchRows& rows, int batch) {
  Conditions<T> conditions = data.told(rows);
  if (pairs_) pairs_->put(context_, batch, conditions);
  return conditions;
}

template <class T>
void Autoencoder<T>::add_reconstruction(MatrixView<T> prediction, const BatchRows& rows, bool mixed,
                                        LossTerm loss, MatrixView<T> grad) {
  if (likelihood_) return likelihood_->add_loss(data_, prediction, rows, loss, grad);
  if (mixed) {  // the mixed cells are what is to be reconstructed
    return dense_squared_error<T>(context_, prediction, {}, OutputActivation::identity,
                                  input_.values(rows.count), loss, grad, {});
  }
  squared_error<T>(context_, prediction, loss_adds_bias(mixed) ? last_bias() : std::span<const T>(),
                   data_.x(), rows, data_.standardization(), loss, grad);
}

template <class T>
void Autoencoder<T>::add_validation_sums(const BatchRows& rows, RandomStream noise, double* sums) {
  const Segment segment{.rows = rows.count};
  MatrixView<T> z = run_encoder(data_, input_.seen_in_validation(rows, noise.offset), segment, false);
  if (posterior_)
    z = posterior_->draw_in_validation(noise, rows.count, &sums[kl_slot], &sums[weighted_kl_slot]);
  const NetworkBatch<T> batch{.rows = rows.count,
                              .training = false,
                              .segments = {&segment, 1},
                              .skip_input = z,
                              .conditions = told(data_, rows, decoder_batch)};
  const MatrixView<T> prediction =
      decoder_.forward(context_, decoder_tape_, z, batch, {.without_bias = loss_adds_bias(false)});
  const LossTerm loss{.scale = loss_scale(), .gradient_scale = 0, .sum = &sums[reconstruction_slot]};
  add_reconstruction(prediction, rows, false, loss, {});
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
  if (!posterior_) return {};
  run_encoder(data, rows, {.rows = rows.count}, false);
  return to_host<T>(context_, posterior_->log_variances(rows.count));
}

template <class T>
MatrixView<T> Autoencoder<T>::run_decoder(MatrixView<const T> z, const Conditions<T>& conditions) {
  require(z.rows <= capacity_, "decode: {} rows, at most {}", z.rows, capacity_);
  const Segment segment{.rows = z.rows};
  return decoder_.forward(context_, decoder_tape_, z,
                          {.rows = z.rows,
                           .training = false,
                           .segments = {&segment, 1},
                           .skip_input = z,
                           .conditions = conditions});
}

template <class T>
Matrix<T> Autoencoder<T>::decoder_outputs(const Matrix<T>& latent, const Csr<float>& conditions) {
  const std::int64_t width = decoder_.conditioned() ? data_.conditions().cols : 0;
  const GivenConditions<T> given(context_, conditions, latent.rows, width, data_.part_genes().rows);
  const Buffer<T> z(context_, latent.values);
  Conditions<T> told = given.view();
  if (pairs_) pairs_->put(context_, decoder_batch, told);
  const MatrixView<T> outputs = run_decoder({z.data(), latent.rows, latent.cols}, told);
  if (likelihood_) likelihood_->to_rates(outputs);
  return to_host<T>(context_, outputs);
}

template <class T>
Matrix<T> Autoencoder<T>::decode(const Matrix<T>& latent, const Csr<float>& conditions) {
  Matrix<T> out = decoder_outputs(latent, conditions);
  return likelihood_ ? likelihood_->expected(out) : out;
}

template <class T>
Matrix<T> Autoencoder<T>::draw(const Matrix<T>& latent, std::span<const double> log_library,
                               std::span<const std::int32_t> groups, std::uint64_t seed, std::int64_t first,
                               const Csr<float>& conditions, DrawnCounts<T>* counts) {
  if (!likelihood_) return decode(latent, conditions);
  return likelihood_->draw(decoder_outputs(latent, conditions), log_library, groups, seed, first, counts);
}

template <class T>
std::vector<double> Autoencoder<T>::log_likelihood(const DeviceData<T>& data, const BatchRows& rows,
                                                   const Matrix<T>& latent) {
  if (!likelihood_) return {};
  const Buffer<T> z(context_, latent.values);
  const Buffer<double> loss(context_, 1), of_cells(context_, rows.count);
  const Conditions<T> conditions = told(data, rows, decoder_batch);
  likelihood_->add_loss(data, run_decoder({z.data(), latent.rows, latent.cols}, conditions), rows,
                        {.scale = 1, .gradient_scale = 0, .sum = loss.data()}, {}, of_cells.span());
  std::vector<double> logs = of_cells.to_host();
  for (double& log : logs) log = -log;
  return logs;
}

template class Autoencoder<float>;
template class Autoencoder<double>;

}  // namespace sparcell

// The autoencoder and the variational autoencoder: an encoder, a latent layer (of a VAE a posterior to draw
// from), a mirrored decoder, squared error or a likelihood.
#pragma once

#include <optional>

#include "model/encoder_input.h"
#include "model/likelihood.h"
#include "model/network.h"
#include "model/pairs.h"
#include "model/posterior.h"
#include "model/trainable.h"

namespace sparcell {

template <class T>
class Autoencoder final : public Trainable<T> {
 public:
  Autoencoder(Context& context, const ModelOptions& options, const DeviceData<T>& data, std::uint64_t seed);

  std::vector<ParameterGroup<T>> groups() override { return {{"", &parameters_, &buffers_}}; }
  void initialize() override;
  void begin_from(const TrainingStart& start) override;
  void train_step(const BatchRows& rows, StepState<T>* state) override;
  LossParts training_losses(const StepState<T>& state, std::int64_t cells,
                            std::int64_t batches) const override;
  bool has_validation_loss() const override { return true; }
  void add_validation_sums(const BatchRows& rows, RandomStream noise, double* sums) override;
  LossParts validation_losses(const std::vector<double>& sums, std::int64_t cells,
                              double kl_weight) const override;
  std::int64_t capacity() const override { return capacity_; }
  std::int64_t latent() const override { return options_.latent; }
  Matrix<T> encode(const DeviceData<T>& data, const BatchRows& rows) override;
  Matrix<T> encode_log_variance(const DeviceData<T>& data, const BatchRows& rows) override;
  Matrix<T> decode(const Matrix<T>& latent, const Csr<float>& conditions) override;
  std::vector<double> log_likelihood(const DeviceData<T>& data, const BatchRows& rows,
                                     const Matrix<T>& latent) override;
  Matrix<T> draw(const Matrix<T>& latent, std::span<const double> log_library,
                 std::span<const std::int32_t> groups, std::uint64_t seed, std::int64_t first,
                 const Csr<float>& conditions, DrawnCounts<T>* counts = nullptr) override;

 private:
  enum LossSlot { reconstruction_slot, kl_slot, weighted_kl_slot, gradient_norm_slot };

  bool variational() const { return options_.type == ModelType::vae; }
  /// Whether training reads mixed batches, which are also what is to be reconstructed.
  bool mixes() const { return options_.input.mix > 0; }
  /// How the weight of the encoder's linear path lies.
  bool input_major_path() const {
    return reading_ == Reading::loaded || path_by_rows(context_, options_, reading_);
  }
  std::optional<Posterior<T>> make_posterior();
  /// Batches of a step that are told products of genes.
  enum ToldBatch : int { decoder_batch, encoder_batch, told_batches };
  /// What the decoder or the encoder is told of a batch, of the data that the model trains on or is asked
  /// about.
  Conditions<T> told(const DeviceData<T>& data, const BatchRows& rows, int batch);

  /// A training step between its parts.
  struct Step {
    BatchRows rows, seen;  ///< the cells, and those that the encoder sees
    Segment segment;
    StepState<T>* state;
    MatrixView<T> z{};  ///< what the decoder begins with
    NetworkBatch<T> decoder{};
    MatrixView<const T> target{};  ///< where the decoder ends in the squared error of dense cells: those
    RandomStream noise(std::uint64_t seed) const { return {seed, Purpose::latent, 0, &state->step}; }
  };
  /// Runs the encoder and a VAE's posterior; returns the latent layer's values (of a VAE the means).
  MatrixView<T> run_encoder(const DeviceData<T>& data, const BatchRows& rows, const Segment& segment,
                            bool training);
  /// What that run tells the networks from cells to the latent layer.
  NetworkBatch<T> encoder_pass(std::int64_t rows, const Segment& segment, bool training) const;
  /// Whether that is what a training step ends in, where the batch lies dense.
  bool ends_in_error() const;
  /// The decoder and the loss, up to the gradient at the decoder's output.
  void reconstruct(const Step& step);
  /// The loss of a prediction of the batch, or where that is `mixed` of what it became. A likelihood may
  /// write over it.
  void add_reconstruction(MatrixView<T> prediction, const BatchRows& rows, bool mixed, LossTerm loss,
                          MatrixView<T> grad);
  /// Whether the decoder leaves its last bias to that.
  bool loss_adds_bias(bool mixed) const;
  /// From the gradient at the decoder's output to those of all parameters; with `early` the output layer's
  /// step of Adam goes beside.
  void backward(const Step& step, bool early);
  double loss_scale() const;
  /// Output of the decoder in evaluation mode, before it becomes rates.
  MatrixView<T> run_decoder(MatrixView<const T> z, const Conditions<T>& conditions);
  Matrix<T> decoder_outputs(const Matrix<T>& latent, const Csr<float>& conditions);
  /// Parameters of the arena, with the padding between them.
  struct Range {
    std::size_t first, end;
  };
  /// Weight and bias of the decoder's output layer.
  Range last_layer() const;
  /// Their step of Adam, which clears the gradients.
  void optimize(Range range, StepState<T>* state);
  /// Of the decoder's output layer, which the loss adds.
  std::span<const T> last_bias();
  /// Shows the step before its optimizer, in the order of the computation.
  void show_step(const Step& step);

  Context& context_;
  const ModelOptions options_;
  const DeviceData<T>& data_;
  const std::uint64_t seed_;
  const std::int64_t capacity_;
  const Reading reading_;
  Arena<T> parameters_, buffers_;
  Network<T> encoder_;
  std::optional<Posterior<T>> posterior_;
  Network<T> decoder_;
  EncoderInput<T> input_;
  std::optional<Likelihood<T>> likelihood_;
  std::optional<LearnedPairs<T>> pairs_;
  Conditions<T> told_encoder_;  ///< in the last pass
  typename Network<T>::Tape encoder_tape_, decoder_tape_;
};

}  // namespace sparcell

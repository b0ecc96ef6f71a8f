// The autoencoder and the variational autoencoder: an encoder, a latent layer (for a VAE two heads and a
// draw), a mirrored decoder, squared error or a likelihood.
#pragma once

#include <optional>

#include "model/likelihood.h"
#include "model/network.h"
#include "model/pairs.h"
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
                 const Csr<float>& conditions) override;

 private:
  enum LossSlot { reconstruction_slot, kl_slot, weighted_kl_slot, gradient_norm_slot };

  bool variational() const { return options_.type == ModelType::vae; }
  /// What a pass reads: the first layer's input (empty where that product is sparse), and the skip path's.
  struct Input {
    MatrixView<const T> hidden, skip;
  };
  /// Whether anything does read batches with their zeros: linear paths do.
  bool reads_dense() const { return !sparse_ || options_.skip; }
  Input load(const DeviceData<T>& data, const BatchRows& rows, const std::int64_t* step);
  Input loaded(std::int64_t rows) const;
  /// Batches of a step that are told products of genes.
  enum ToldBatch : int { decoder_batch, encoder_batch, told_batches };
  /// What the decoder or the encoder is told of a batch, of the data that the model trains on or is asked
  /// about.
  Conditions<T> told(const DeviceData<T>& data, const BatchRows& rows, int batch);
  /// The network whose output is the latent layer (of a VAE mu).
  Network<T>& latent_layer() { return mu_ ? *mu_ : encoder_; }
  void start_from_components(const TrainingStart& start);
  /// Runs the encoder and a VAE's heads; returns the latent layer's values (of a VAE mu).
  MatrixView<T> run_encoder(const DeviceData<T>& data, const BatchRows& rows, const Segment& segment,
                            bool training);
  void head_backward(Network<T>& head, std::vector<LayerTape<T>>& tape, MatrixView<const T> hidden,
                     std::int64_t rows, bool accumulate);
  double loss_scale() const;
  double latent_scale() const;
  /// Output of the decoder in evaluation mode.
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
  void show_step(std::int64_t rows, MatrixView<const T> z);

  Context& context_;
  const ModelOptions options_;
  const DeviceData<T>& data_;
  const std::uint64_t seed_;
  const bool sparse_;
  /// Whether the gradient of a sparse layer's weight is a product with dense batches: on a GPU, which
  /// multiplies all zeros sooner than it finds what is none (H200, the course's step: 7 us and 14 us), and
  /// gathers them beside.
  const bool dense_gradient_;
  const std::int64_t capacity_;
  Arena<T> parameters_, buffers_;
  Network<T> encoder_;
  std::optional<Network<T>> mu_, log_variance_;
  Network<T> decoder_;
  std::optional<Likelihood<T>> likelihood_;
  std::optional<LearnedPairs<T>> pairs_;
  Conditions<T> told_encoder_;  ///< in the last pass
  std::vector<LayerTape<T>> encoder_tape_, mu_tape_, log_variance_tape_, decoder_tape_;
  int input_mean_ = -1, input_inverse_deviation_ = -1;  ///< in buffers_, where the input is standardized
  Buffer<T> raw_, input_;                               ///< a batch as it is (or mixed), and standardized
  Buffer<T> z_, grad_z_, zero_;
  std::int64_t mixed_cells_ = 0;  ///< the cells that `mix` takes values from: those of training
  Buffer<std::int64_t> gene_offsets_;
  Buffer<T> gene_values_;
  ControlInput control_input_;
};

}  // namespace sparcell

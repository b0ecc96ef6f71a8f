// The GAN: a generator, a critic (discriminator), the adversarial losses, spectral normalization and the
// gradient penalty.
#pragma once

#include "model/critic.h"
#include "model/network.h"
#include "model/trainable.h"

namespace sparcell {

template <class T>
class Gan final : public Trainable<T> {
 public:
  Gan(Context& context, const ModelOptions& options, const DeviceData<T>& data, std::uint64_t seed);

  std::vector<ParameterGroup<T>> groups() override {
    return {{"generator", &generator_parameters_, &generator_buffers_},
            {"critic", &critic_parameters_, &critic_buffers_}};
  }
  void initialize() override;
  void train_step(const BatchRows& rows, StepState<T>* state) override;
  LossParts training_losses(const StepState<T>& state, std::int64_t cells,
                            std::int64_t batches) const override;
  bool has_validation_loss() const override { return false; }
  void add_validation_sums(const BatchRows&, RandomStream, double*) override {}
  LossParts validation_losses(const std::vector<double>&, std::int64_t, double) const override { return {}; }
  LossParts diagnostics() override { return critic_.sigmas(); }
  std::int64_t capacity() const override { return capacity_; }
  std::int64_t latent() const override { return options_.latent; }
  Matrix<T> encode(const DeviceData<T>& data, const BatchRows& rows) override;
  Matrix<T> encode_log_variance(const DeviceData<T>&, const BatchRows&) override { return {}; }
  Matrix<T> decode(const Matrix<T>& latent, const Csr<float>& conditions) override;

 private:
  void critic_update(const BatchRows& rows, StepState<T>* state, CriticLosses losses);
  void generator_update(std::int64_t rows, StepState<T>* state);
  /// Runs the generator in training mode on the latents in z_, to `out` or to its tape.
  MatrixView<T> run_generator(std::int64_t rows, std::uint32_t pass, const std::int64_t* step,
                              MatrixView<T> out);
  void draw_latents(std::int64_t rows, std::uint32_t index, const std::int64_t* step);

  Context& context_;
  const ModelOptions options_;
  const DeviceData<T>& data_;
  const std::uint64_t seed_;
  const std::int64_t capacity_;
  Arena<T> generator_parameters_, generator_buffers_, critic_parameters_, critic_buffers_;
  Network<T> generator_;
  Critic<T> critic_;
  std::vector<LayerTape<T>> generator_tape_;
  Buffer<T> z_;
};

}  // namespace sparcell

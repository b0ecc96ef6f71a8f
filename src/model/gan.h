// The GAN: a generator, a critic (discriminator), the adversarial losses, spectral normalization and the
// gradient penalty.
#pragma once

#include "model/critic.h"
#include "model/generator.h"
#include "model/trainable.h"

namespace sparcell {

template <class T>
class Gan final : public Trainable<T> {
 public:
  Gan(Context& context, const ModelOptions& options, const DeviceData<T>& data, std::uint64_t seed);

  std::vector<ParameterGroup<T>> groups() override;
  void initialize() override;
  void begin_from(const TrainingStart& start) override;
  void train_step(const BatchRows& rows, StepState<T>* state) override;
  LossParts training_losses(const StepState<T>& state, std::int64_t cells,
                            std::int64_t batches) const override;
  bool has_validation_loss() const override { return false; }
  void add_validation_sums(const BatchRows&, RandomStream, double*) override {}
  LossParts validation_losses(const std::vector<double>&, std::int64_t, double) const override { return {}; }
  LossParts diagnostics() override;
  std::int64_t capacity() const override { return capacity_; }
  std::int64_t latent() const override { return options_.latent; }
  Matrix<T> encode(const DeviceData<T>& data, const BatchRows& rows) override;
  Matrix<T> encode_log_variance(const DeviceData<T>&, const BatchRows&) override { return {}; }
  Matrix<T> decode(const Matrix<T>& input, const Csr<float>& conditions) override {
    return generator_.generate(input, 0, seed_, conditions);
  }
  Matrix<T> generate(std::int64_t first, std::int64_t count, std::uint64_t seed,
                     const Csr<float>& conditions) override;

 private:
  /// Critic update `k` of a step. Unless somebody watches, what comes next is made beside it: the cells of
  /// update k + 1 or, behind the last one, the generator's own pass, for neither depends on the critic.
  void critic_update(const BatchRows& rows, StepState<T>* state, std::int64_t k);
  void generator_update(const BatchRows& rows, StepState<T>* state);

  Counter update(const StepState<T>* state, std::int64_t k) const { return {&state->update, k}; }
  /// Where the losses of critic update `k` go.
  CriticLosses losses_of(StepState<T>* state, std::int64_t k) const;
  /// The halves of the cells of critic update `k`.
  void take_real_cells(const BatchRows& rows);
  MatrixView<T> make_generated_cells(const BatchRows& rows, StepState<T>* state, std::int64_t k);
  /// The generator's pass for its own update.
  void run_generator(const BatchRows& rows, StepState<T>* state);

  Context& context_;
  const ModelOptions options_;
  const DeviceData<T>& data_;
  const std::uint64_t seed_;
  const std::int64_t capacity_;
  Arena<T> critic_parameters_, critic_buffers_;
  Generator<T> generator_;
  Critic<T> critic_;
  MatrixView<T> generated_;      ///< of the generator's pass for its own update
  Csr<float> shown_conditions_;  ///< of the cells that the record of training looks at
};

}  // namespace sparcell

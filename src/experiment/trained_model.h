// A model with its data on the device, as evaluation and the commands see it: in the space of the selected
// genes, in blocks of any size.
#pragma once

#include <memory>
#include <string>

#include "experiment/condition_table.h"
#include "model/trainable.h"
#include "sparcell/evaluate.h"

namespace sparcell {

class TrainedModel {
 public:
  /// Builds the model; `x` is what it trains on or what it is asked about, with the conditions of its cells.
  /// Options must outlive it.
  TrainedModel(Context& context, std::string name, const ModelOptions& options, const Csr<float>& x,
               const Scaler& scaler, std::uint64_t seed, ConditionTable conditions = {});

  const std::string& name() const { return name_; }
  const ModelOptions& options() const { return options_; }
  Trainable<float>& trainable() { return *model_; }

  /// Latent values (of a VAE the means) of the given cells, in their order.
  Matrix<float> encode(std::span<const std::int32_t> cells);
  /// Reconstruction of the given cells, from the latent mean or, for a VAE, a draw that is keyed by the cell.
  Matrix<float> reconstruct(std::span<const std::int32_t> cells, bool draw);
  /// Cells number first ... first + count of the sample that `seed` names: decoded draws from the prior, each
  /// under the conditions of a training cell that is drawn too, where the model is told any. Not for an
  /// autoencoder.
  Matrix<float> generate(std::int64_t first, std::int64_t count, std::uint64_t seed);
  bool generates() const { return options_.type != ModelType::autoencoder; }
  /// Controls as they would be with these parts perturbed: their latent values (of a VAE the means), decoded
  /// under the conditions of such a cell. Throws DataError for a part that the model cannot know.
  Matrix<float> predict(std::span<const std::int32_t> controls, std::span<const std::string> parts);
  const ConditionTable& conditions() const { return conditions_; }
  bool predicts() const { return !conditions_.controls().empty(); }

  /// The functions that `evaluate` asks for. This and the data must outlive them.
  JudgedModel judged(const Dataset& data);

 private:
  Matrix<float> encode_block(std::span<const std::int32_t> cells, bool log_variance);
  Matrix<float> decode(const Matrix<float>& latent, const Csr<float>& conditions);
  Csr<float> conditions_of(std::span<const std::int32_t> cells) const;
  Csr<float> drawn_conditions(std::int64_t first, std::int64_t count, std::uint64_t seed) const;
  std::vector<float> predicted_mean(const Dataset& data, std::int32_t perturbation);
  template <class Block>
  void for_each_block(std::int64_t count, Block&& block);

  Context& context_;
  std::string name_;
  const ModelOptions& options_;
  const Scaler& scaler_;
  std::uint64_t seed_;
  ConditionTable conditions_;
  DeviceData<float> data_;
  std::unique_ptr<Trainable<float>> model_;
};

}  // namespace sparcell

// A model with its data on the device, as evaluation and the commands see it: in the space of the selected
// genes, in blocks of any size.
#pragma once

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "evaluate/mixture.h"
#include "experiment/condition_table.h"
#include "experiment/prepared.h"
#include "model/trainable.h"
#include "sparcell/evaluate.h"

namespace sparcell {

/// Whether cells that are generated `from` depend on the training cells: latent values on those of a mixture,
/// counts on observed library sizes.
bool needs_training_cells(const ModelOptions& options, SampleFrom from);

/// A sample of generated cells: all that its numbers depend on beside the model.
struct SampleKey {
  std::uint64_t seed = 0;
  SampleFrom from = SampleFrom::prior;
  ChosenConditions chosen{};  ///< what is not chosen is that of training cells that are drawn
};

/// Counts of cells that a model of counts made (DrawnCounts): as many as expression was made for; of other
/// models empty.
struct MadeCounts {
  Csr<float> counts;
  std::vector<double> library, size_factor;
};

class TrainedModel {
 public:
  /// Builds the model; `data` is what it trains on or what it is asked about, with the conditions of its
  /// cells. Options and data must outlive it. Throws DataError where the model is of counts and `data` are
  /// not known to come from any.
  TrainedModel(Context& context, std::string name, const ModelOptions& options, const Dataset& data,
               const Scaler& scaler, std::uint64_t seed, ConditionTable conditions = {});

  const std::string& name() const { return name_; }
  const ModelOptions& options() const { return options_; }
  Trainable<float>& trainable() { return *model_; }

  /// Latent values (of a VAE the means) of the given cells, in their order.
  Matrix<float> encode(std::span<const std::int32_t> cells);
  /// Reconstruction of the given cells, from the latent mean or, for a VAE, a draw that is keyed by the cell.
  Matrix<float> reconstruct(std::span<const std::int32_t> cells, bool draw);
  /// Bounds of the log-likelihood of the given cells by so many draws for each. For a model with a
  /// likelihood.
  CellLikelihoods likelihood(std::span<const std::int32_t> cells, std::int64_t draws);

  /// From here on the cells that it is trained on are known, which `generate` may need
  /// (`needs_training_cells`). Throws DataError where its options ask for a mixture of more components.
  void know_training_cells(std::span<const std::int32_t> cells);
  /// Cells number first ... first + count of the sample: decoded latent values, drawn from the prior or a
  /// mixture, each under the conditions of a training cell that is drawn too and, where those are observed,
  /// with its library size; with a likelihood of counts or values, draws of it, and `counts` become those of
  /// a model of counts. Not for an autoencoder. Throws DataError for a mixture of more components than
  /// training cells, and as ConditionTable::told does.
  Matrix<float> generate(std::int64_t first, std::int64_t count, const SampleKey& key,
                         MadeCounts* counts = nullptr);
  Matrix<float> generate(std::int64_t first, std::int64_t count, std::uint64_t seed) {
    return generate(first, count, SampleKey{seed, options_.sample.from});
  }
  /// Its weights have changed since it generated: a mixture is fitted anew where one is asked for.
  void forget_mixture() { mixture_.reset(); }
  /// For each of those cells the training cell whose conditions it has where they are not chosen: one that
  /// has what is chosen, or any where none has. Empty where cells make no difference to the model.
  std::vector<std::int32_t> drawn_cells(std::int64_t first, std::int64_t count, const SampleKey& key) const;
  bool generates() const { return options_.generates(); }
  /// Cells as they would be with these parts perturbed: their latent values (of a VAE the means), decoded
  /// under the conditions of such a cell; `counts` become draws of a likelihood of counts there, with the
  /// cells' library sizes where those are observed, or stay empty where dispersions of the perturbation
  /// cannot be known (`knows_dispersions`). A GAN, which knows no latent values of cells, generates a cell
  /// for each of them under those conditions. `seed` is of what is drawn. Throws DataError for a part that
  /// the model cannot know.
  Matrix<float> predict(std::span<const std::int32_t> cells, const std::vector<std::string>& parts,
                        std::uint64_t seed, MadeCounts* counts = nullptr);
  bool knows_dispersions(const std::vector<std::string>& parts) const;
  const ConditionTable& conditions() const { return conditions_; }
  bool predicts() const { return !conditions_.controls().empty(); }

  /// The functions that `evaluate` asks for. This must outlive them.
  JudgedModel judged();

 private:
  Matrix<float> encode_block(std::span<const std::int32_t> cells, bool log_variance);
  Matrix<float> decode(const Matrix<float>& latent, const Csr<float>& conditions);
  bool observes_library() const {
    return options_.of_counts() && options_.library == LibrarySource::observed;
  }
  std::vector<double> log_libraries(std::span<const std::int32_t> cells) const;
  std::vector<std::int32_t> drawn_libraries(std::int64_t first, std::int64_t count, std::uint64_t seed) const;
  Csr<float> conditions_of(std::span<const std::int32_t> cells, const ChosenConditions& chosen = {}) const;
  std::vector<std::int32_t> groups_of(std::span<const std::int32_t> cells,
                                      const ChosenConditions& chosen) const;
  std::vector<float> predicted_mean(std::int32_t perturbation);
  void undo_scaling(Matrix<float>& values) const;
  /// Latent values drawn from the posterior: of each row's own stream, draw number `draw`.
  Matrix<float> draw_posterior(std::span<const std::int32_t> cells, std::uint32_t stream, std::int64_t draw,
                               const Matrix<float>& mean, const Matrix<float>& log_variance) const;
  const GaussianMixture& mixture();
  void check_components() const;
  /// Calls block(first, count) for as many cells as the model takes at once.
  template <class Block>
  void for_each_block(std::int64_t count, Block&& block) {
    for (std::int64_t first = 0; first < count; first += model_->capacity())
      block(first, std::min(model_->capacity(), count - first));
  }
  static void put_rows(const Matrix<float>& block, std::int64_t first, Matrix<float>& all) {
    std::copy(block.values.begin(), block.values.end(), all.values.begin() + first * all.cols);
  }

  Context& context_;
  std::string name_;
  const ModelOptions& options_;
  const Scaler& scaler_;
  std::uint64_t seed_;
  ConditionTable conditions_;
  const Dataset& cells_;
  DeviceData<float> data_;
  std::unique_ptr<Trainable<float>> model_;
  std::vector<std::int32_t> training_cells_;
  std::optional<GaussianMixture> mixture_;  ///< fitted where it is first asked for
};

}  // namespace sparcell

// What the training loop and evaluation see of a model.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/arena.h"
#include "model/device_data.h"
#include "model/training_start.h"
#include "model/watched.h"
#include "sparcell/core/phases.h"
#include "sparcell/model.h"
#include "sparcell/ops/batch.h"
#include "sparcell/ops/step.h"

namespace sparcell {

/// Named numbers, in the order in which they are shown.
using LossParts = std::vector<std::pair<std::string, double>>;

/// Parameters that one optimizer moves, with the buffers of their networks.
template <class T>
struct ParameterGroup {
  std::string name;  ///< empty for a model with one group
  Arena<T>* parameters;
  Arena<T>* buffers;
};

/// The counts of cells that were drawn, a row each.
template <class T>
struct DrawnCounts {
  Matrix<T> counts;             ///< cells x genes
  std::vector<double> library;  ///< counts that a cell was to have in all genes, selected or not
  /// Expression is count / size factor, or log(1 + that): the counts that the cell has, over the sum that
  /// cells are normalized to. Of genes that were not selected it has as many as the model leaves for them.
  std::vector<double> size_factor;
};

template <class T>
class Trainable {
 public:
  virtual ~Trainable() = default;

  virtual std::vector<ParameterGroup<T>> groups() = 0;
  virtual void initialize() = 0;
  /// After `initialize`, before the first step or a checkpoint's tensors: what the options want of the
  /// training cells.
  virtual void begin_from(const TrainingStart&) {}

  /// One optimizer step (for a GAN: all critic updates and one of the generator) on the batch, all on the
  /// device, as take_step below calls it: begin_step may be under way beside (core/branches.h), to be joined
  /// before what it sets is read; end_step is called beside the last optimizers, which go by what begin_step
  /// set. Loss sums are added to state->losses.
  virtual void train_step(const BatchRows& rows, StepState<T>* state) = 0;

  /// Names and means of an epoch's losses from the sums of its steps.
  virtual LossParts training_losses(const StepState<T>& state, std::int64_t cells,
                                    std::int64_t batches) const = 0;

  /// Whether the model has a loss on held-out cells.
  virtual bool has_validation_loss() const = 0;
  /// Adds the loss sums of the given cells in evaluation mode to `sums` (device memory, loss_parts numbers).
  /// `draw` numbers the noise that is drawn.
  virtual void add_validation_sums(const BatchRows& rows, RandomStream noise, double* sums) = 0;
  virtual LossParts validation_losses(const std::vector<double>& sums, std::int64_t cells,
                                      double kl_weight) const = 0;

  /// Numbers that describe the state of the networks after an epoch (sigma of weights and the like).
  virtual LossParts diagnostics() { return {}; }

  /// Most rows that a call below takes at once.
  virtual std::int64_t capacity() const = 0;
  virtual std::int64_t latent() const = 0;
  /// Latent representation of cells (of a VAE the mean); not for a GAN. Evaluation mode. Host results, rows x
  /// latent.
  virtual Matrix<T> encode(const DeviceData<T>& data, const BatchRows& rows) = 0;
  /// A VAE's posterior log-variances beside the means; empty for other models.
  virtual Matrix<T> encode_log_variance(const DeviceData<T>& data, const BatchRows& rows) = 0;
  /// From latent values (host) to genes, in the space that the model was trained in. Evaluation mode. A GAN
  /// that knows library sizes has them behind the latent values. Models that are told conditions need a row
  /// of them (as DeviceData has them) for each row.
  virtual Matrix<T> decode(const Matrix<T>& latent, const Csr<float>& conditions) = 0;
  Matrix<T> decode(const Matrix<T>& latent) { return decode(latent, {}); }
  /// Cells number first ... first + count of the sample that `seed` names: draws from the prior, decoded.
  /// Conditions as `decode` has them.
  virtual Matrix<T> generate(std::int64_t first, std::int64_t count, std::uint64_t seed,
                             const Csr<float>& conditions);
  Matrix<T> generate(std::int64_t first, std::int64_t count, std::uint64_t seed) {
    return generate(first, count, seed, {});
  }

  /// log p(x | z) of cells with the given latent values (host), of a model with a likelihood; else empty.
  virtual std::vector<double> log_likelihood(const DeviceData<T>&, const BatchRows&, const Matrix<T>&) {
    return {};
  }
  /// Cells drawn from the likelihood at latent values, in the space that `decode` has: with the log library
  /// sizes given where the model observes them, and the groups where dispersions are of groups of cells,
  /// keyed by `seed` and the number of the cell, `first` that of the first row. Without a likelihood the
  /// decoded values. Conditions as `decode` has them. `counts` becomes the counts of a model of counts.
  virtual Matrix<T> draw(const Matrix<T>& latent, std::span<const double>, std::span<const std::int32_t>,
                         std::uint64_t, std::int64_t, const Csr<float>& conditions,
                         DrawnCounts<T>* /*counts*/ = nullptr) {
    return decode(latent, conditions);
  }

  /// Where the time of its steps goes.
  PhaseClock& phases() { return phases_; }
  /// From now on every step shows what it computes, in the order of the computation; an empty function ends
  /// that. Slow.
  void watch(Watch<T> watch) { watch_ = std::move(watch); }

  std::int64_t parameter_count() {
    std::int64_t count = 0;
    for (const auto& group : groups()) count += group.parameters->element_count();
    return count;
  }

 protected:
  PhaseClock phases_;
  Watch<T> watch_;
};

/// Builds the model that the options describe, for data of that many genes. `data` is what it trains on.
/// Everything given must outlive the model.
template <class T>
std::unique_ptr<Trainable<T>> make_model(Context& context, const ModelOptions& options,
                                         const DeviceData<T>& data, std::uint64_t seed);

/// One training step with its begin and end. Neither keeps the model's own work waiting where there are
/// branches; all are joined.
template <class T>
void take_step(Context& context, const StepPlan& plan, Trainable<T>& model, const BatchRows& rows,
               StepState<T>* state);

/// Elements [first, first + count) of a stream of standard normals, on the host.
template <class T>
std::vector<T> draw_normals(const RandomStream& stream, std::int64_t first, std::int64_t count);
/// The same of uniforms in (0, 1).
std::vector<double> draw_uniforms(const RandomStream& stream, std::int64_t first, std::int64_t count);

}  // namespace sparcell

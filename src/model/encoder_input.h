// What an encoder reads of a batch: its sparse rows, or dense ones, mixed and standardized where the options
// say so; and whose rows those are, where controls stand in for cells.
#pragma once

#include "model/condition.h"
#include "model/device_data.h"
#include "model/network.h"
#include "model/training_start.h"

namespace sparcell {

/// How an encoder's first layer reads batches.
enum class Reading {
  dense,   ///< with their zeros
  rows,    ///< as they lie in sparse data
  loaded,  ///< what became of such rows (ops/loaded_batch.h): mixed cells, cells beside conditions
};
/// Data that are mostly zeros (DeviceData::sparse) are read without them, also where batches are made anew.
/// (tools/bench/MEASURED.md has what strong_ae gains by it.)
template <class T>
Reading reading_of(const ModelOptions& options, const DeviceData<T>& data);
/// Whether linear paths past hidden layers read rows too. On a GPU they read what it gathers anyway.
bool path_by_rows(const Context& context, const ModelOptions& options, Reading reading);

template <class T>
class EncoderInput {
 public:
  /// Of batches of at most `capacity` rows. Adds to `buffers` what it standardizes with.
  EncoderInput(Context& context, const ModelOptions& options, const DeviceData<T>& data, std::uint64_t seed,
               std::int64_t capacity, Arena<T>& buffers);
  /// Takes from the training cells what the options want of them.
  void begin_from(const TrainingStart& start);

  /// Whether batches are made with their zeros: for what follows, or for linear paths.
  bool makes_dense() const {
    return reading_ != Reading::rows ||
           (options_.skip && (!path_by_rows_ || options_.likelihood == LikelihoodType::mse));
  }

  /// The cells that the encoder sees in a training step, or in place of those of a validation batch.
  BatchRows seen(const BatchRows& rows, const std::int64_t* step);
  BatchRows seen_in_validation(const BatchRows& rows, std::int64_t batch);

  /// Whether a training step has to make the dense rows of `for_weight_gradient` of its own, beside.
  bool prepares_weight_gradient() const { return dense_gradient_ && !makes_dense(); }
  void prepare_weight_gradient(const BatchRows& rows);
  /// What the hidden layers read of a batch; mixed where `step`, the training step, is given.
  NetworkInput<T> load(const DeviceData<T>& data, const BatchRows& rows, const std::int64_t* step);

  /// Of the batch that was loaded: its values (mixed, not standardized), to which a mixed batch is to be
  /// reconstructed; empty where nothing reads them.
  MatrixView<const T> values(std::int64_t rows) const;
  /// And what a training step's batch is to be reconstructed to, where that lies dense: the mixed values, or
  /// the cells, unless others are read in place of some. Empty where not. Made beside where that is prepared:
  /// join before it is read.
  MatrixView<const T> dense_target(std::int64_t rows) const;
  /// The values as linear paths read them.
  NetworkInput<T> for_linear_path(std::int64_t rows) const;
  /// And the input of the first layer, for the gradient of its weight.
  NetworkInput<T> for_weight_gradient(const BatchRows& rows) const;

 private:
  bool standardizes() const { return options_.input.standardize; }
  Standardization<T> standardization() const {
    if (!standardizes()) return {};
    return {buffers_.vector(mean_), buffers_.vector(inverse_deviation_)};
  }
  /// The first layer's input, where that is not the data's rows.
  NetworkInput<T> without_rows(std::int64_t rows) const;
  LoadedBatch<T> loaded(std::int64_t rows) const {
    return {view(values_, rows), standardization(), loaded_room_.data()};
  }
  MatrixView<T> view(const Buffer<T>& buffer, std::int64_t rows) const {
    return {buffer.data(), rows, data_.features()};
  }

  Context& context_;
  const ModelOptions options_;
  const DeviceData<T>& data_;
  const std::uint64_t seed_;
  Arena<T>& buffers_;
  const Reading reading_;
  /// Whether the gradient of a sparse layer's weight is a product with dense batches: on a GPU, which
  /// multiplies all zeros sooner than it finds what is none (H200, the course's step: 7 us and 14 us), and
  /// gathers them beside.
  const bool dense_gradient_;
  const bool path_by_rows_;
  NetworkInput<T> rows_;                    ///< the batch, where those are read
  int mean_ = -1, inverse_deviation_ = -1;  ///< in buffers_
  Buffer<T> values_, standardized_;         ///< a batch
  Buffer<std::byte> loaded_room_;           ///< of a loaded one
  ControlInput controls_;
  std::int64_t mixed_cells_ = 0;  ///< the cells that `mix` takes values from: those of training
  Buffer<std::int64_t> gene_offsets_;
  Buffer<T> gene_values_;
};

}  // namespace sparcell

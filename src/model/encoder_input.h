// What an encoder reads of a batch: its sparse rows, or dense ones, mixed and standardized where the options
// say so; and whose rows those are, where controls stand in for cells.
#pragma once

#include "model/condition.h"
#include "model/device_data.h"
#include "model/network.h"
#include "model/training_start.h"

namespace sparcell {

/// Whether an encoder's hidden layers read batches of such data as they lie, zeros left out.
template <class T>
bool reads_sparse(const ModelOptions& options, const DeviceData<T>& data);

template <class T>
class EncoderInput {
 public:
  /// Of batches of at most `capacity` rows. Adds to `buffers` what it standardizes with.
  EncoderInput(Context& context, const ModelOptions& options, const DeviceData<T>& data, std::uint64_t seed,
               std::int64_t capacity, Arena<T>& buffers);
  /// Takes from the training cells what the options want of them.
  void begin_from(const TrainingStart& start);

  bool sparse() const { return sparse_; }
  /// Whether anything does read batches with their zeros: linear paths do.
  bool reads_dense() const { return !sparse_ || options_.skip; }

  /// The cells that the encoder sees in a training step, or in place of those of a validation batch.
  BatchRows seen(const BatchRows& rows, const std::int64_t* step);
  BatchRows seen_in_validation(const BatchRows& rows, std::int64_t batch);

  /// Whether a training step has to make the dense rows of `for_weight_gradient` of its own, beside.
  bool prepares_weight_gradient() const { return dense_gradient_ && !reads_dense(); }
  void prepare_weight_gradient(const BatchRows& rows);
  /// What the hidden layers read of a batch; mixed where `step`, the training step, is given.
  NetworkInput<T> load(const DeviceData<T>& data, const BatchRows& rows, const std::int64_t* step);

  /// Of the batch that was loaded: its values (mixed, not standardized), which linear paths read and a mixed
  /// batch is to be reconstructed to; empty where nothing reads them.
  MatrixView<const T> values(std::int64_t rows) const;
  /// And what a training step's batch is to be reconstructed to, where that lies dense: the mixed values, or
  /// the cells, unless others are read in place of some. Empty where not. Made beside where that is prepared:
  /// join before it is read.
  MatrixView<const T> dense_target(std::int64_t rows) const;
  /// And the dense input of the first layer, for the gradient of its weight as a product; empty where that
  /// gradient is one of sparse rows.
  MatrixView<const T> for_weight_gradient(std::int64_t rows) const;

 private:
  bool standardizes() const { return options_.input.standardize; }
  MatrixView<T> view(const Buffer<T>& buffer, std::int64_t rows) const {
    return {buffer.data(), rows, data_.features()};
  }

  Context& context_;
  const ModelOptions options_;
  const DeviceData<T>& data_;
  const std::uint64_t seed_;
  Arena<T>& buffers_;
  const bool sparse_;
  /// Whether the gradient of a sparse layer's weight is a product with dense batches: on a GPU, which
  /// multiplies all zeros sooner than it finds what is none (H200, the course's step: 7 us and 14 us), and
  /// gathers them beside.
  const bool dense_gradient_;
  int mean_ = -1, inverse_deviation_ = -1;  ///< in buffers_
  Buffer<T> values_, standardized_;         ///< a batch
  ControlInput controls_;
  std::int64_t mixed_cells_ = 0;  ///< the cells that `mix` takes values from: those of training
  Buffer<std::int64_t> gene_offsets_;
  Buffer<T> gene_values_;
};

}  // namespace sparcell

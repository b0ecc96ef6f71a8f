// Checkpoints: everything that a resumed run needs, in one HDF5 file.
//
//     /parameters/<name>  /buffers/<name>     named and shaped as in PyTorch's state_dict (tools/to_torch.py)
//     /moments/first/<name>  /moments/second/<name>
//     /losses                                 sums of the epoch that is under way
//     attributes: schema, config_hash, model, type, seed, epoch, batch, step, update, learning_rate, schedule
//     and best values
#pragma once

#include <string>
#include <vector>

#include "model/trainable.h"
#include "train/schedule.h"

namespace sparcell {

/// Host copies of tensors by name, in PyTorch's layout.
struct NamedTensor {
  std::string name;
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

struct TensorSnapshot {
  std::int64_t epoch = 0;
  std::vector<NamedTensor> parameters, buffers, first_moments, second_moments;
};

/// Copies the tensors of a model; moments only where asked for.
TensorSnapshot snapshot(Trainable<float>& model, bool with_moments);
/// Writes parameters and buffers (and moments, where the snapshot has them) back. Throws DataError for a
/// tensor that is missing or of another shape, and leaves the model as it was.
void restore(Trainable<float>& model, const TensorSnapshot& tensors);

/// The state of a training loop beside its tensors.
struct CheckpointState {
  StepState<float> step;
  std::int64_t epoch = 0;  ///< that is under way, or comes next
  double plateau_best = 0;
  std::int64_t plateau_bad_epochs = 0;
  BestValue best;
};

struct CheckpointIdentity {
  std::string config_hash;
  std::string model;
  std::string type;
  std::int64_t seed = 0;
};

/// Written beside `path`, synced, renamed: a crash leaves the previous file.
void write_checkpoint(const std::string& path, const CheckpointIdentity& identity,
                      const TensorSnapshot& tensors, const CheckpointState& state);

/// Reads the tensors of a checkpoint. Throws DataError where it is no checkpoint or of another schema.
TensorSnapshot read_checkpoint(const std::string& path);

}  // namespace sparcell

// Checkpoints: everything that a resumed run needs, in one HDF5 file.
//
//     /parameters/<name>  /buffers/<name>     named and shaped as in PyTorch's state_dict (tools/to_torch.py)
//     /moments/first/<name>  /moments/second/<name>
//     /best/parameters/<name>  /best/buffers/<name>     weights of the best epoch so far
//     /losses                                 sums of the epoch that is under way
//     /last_epoch/{names,values}              what the epoch before it left
//     attributes: schema, checksum (CRC-32C of all that is here), config_hash, lineage, model, type, seed,
//     seen_cells, the step's state, schedule and best values
#pragma once

#include <memory>
#include <string>

#include "train/schedule.h"
#include "train/snapshot.h"

namespace sparcell {

/// What an epoch left.
struct EpochRecord {
  std::int64_t epoch = 0;  ///< counted from 0
  std::int64_t step = 0;   ///< steps taken by its end
  LossParts train, validation, diagnostics;
};

/// The state of a training loop beside its tensors.
struct CheckpointState {
  StepState<float> step;
  std::int64_t epoch = 0;  ///< that is under way (step.batch > 0), or comes next
  double plateau_best = 0;
  std::int64_t plateau_bad_epochs = 0;
  BestValue best;
  EpochRecord last;
};

struct CheckpointIdentity {
  std::string config_hash;
  std::string lineage;  ///< names what a resumed run must share with it
  std::string model;
  std::string type;
  std::int64_t seed = 0;
  std::string seen_cells{};  ///< SHA-256 of the names of the cells it was fitted on; empty in older files
};

struct Checkpoint {
  CheckpointIdentity identity;
  TensorSnapshot tensors;
  CheckpointState state;
  std::shared_ptr<const TensorSnapshot> best;  ///< without moments; null before there is one
};

/// A checkpoint of another version of this program: not damaged, but not readable here.
class OtherVersion : public DataError {
 public:
  using DataError::DataError;
};

/// Written beside `path`, synced, renamed: a crash leaves the file that was there. That one is kept as
/// `previous` where it is given.
void write_checkpoint(const std::string& path, const Checkpoint& checkpoint,
                      const std::string& previous = "");

/// Throws DataError where it is no checkpoint or its checksum says that it is damaged, OtherVersion where it
/// is of another schema.
Checkpoint read_checkpoint(const std::string& path);

}  // namespace sparcell

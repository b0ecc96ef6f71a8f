// Checkpoints written behind training.
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

#include "train/checkpoint.h"

namespace sparcell {

/// Where a model's checkpoints go.
struct CheckpointFiles {
  std::string last;
  std::string previous;  ///< the one before it
  std::string best;      ///< weights of the best epoch alone, for other programs
};

/// `save` copies the arenas and returns; a thread of its own names the tensors, writes and syncs. Nothing
/// else may call HDF5 before `wait`.
class CheckpointWriter {
 public:
  /// Runs in the thread before a checkpoint is written, with what it holds: what must be on the disk by then.
  using Before = std::function<void(const TensorSnapshot& tensors, std::int64_t step)>;

  CheckpointWriter(Trainable<float>& model, CheckpointIdentity identity, CheckpointFiles files,
                   Before before);
  ~CheckpointWriter();
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  /// What to write: the model's tensors as they are now, this state, and the best weights with theirs. Waits
  /// for the checkpoint before it and throws what that one met.
  void save(const CheckpointState& state, std::shared_ptr<const TensorSnapshot> best,
            const CheckpointState& best_state);
  bool busy() const;
  /// Whether there is a checkpoint on the disk.
  bool written() const;
  /// Returns when nothing is left to write. Throws what the writing met.
  void wait();
  /// The same, for a training that failed already: what the writing met is not thrown.
  void wait_quietly() noexcept;

 private:
  struct Job {
    CheckpointState state, best_state;
    std::shared_ptr<const TensorSnapshot> best;
  };

  void work();
  void write(const Job& job);

  Trainable<float>& model_;
  const CheckpointIdentity identity_;
  const CheckpointFiles files_;
  const Before before_;
  ArenaCopies copies_;
  std::int64_t best_written_ = -1;  ///< epoch of the weights in files_.best, as far as this writer knows
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Job job_;
  bool busy_ = false, written_ = false, ending_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace sparcell

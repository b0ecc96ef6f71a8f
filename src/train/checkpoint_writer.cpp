#include "train/checkpoint_writer.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace sparcell {
namespace {

/// The checkpoint before it is worth more than one that is lost already.
void check_finite(const TensorSnapshot& tensors, std::int64_t step) {
  const std::pair<const char*, const std::vector<NamedTensor>*> parts[] = {
      {"parameter", &tensors.parameters},
      {"buffer", &tensors.buffers},
      {"first moment of", &tensors.first_moments},
      {"second moment of", &tensors.second_moments}};
  for (const auto& [part, list] : parts) {
    for (const NamedTensor& tensor : *list) {
      if (!std::all_of(tensor.values.begin(), tensor.values.end(),
                       [](float x) { return std::isfinite(x); })) {
        throw NumericalError(
            "after step {} the {} {} has values that are not finite; this state is not saved", step, part,
            tensor.name);
      }
    }
  }
}

}  // namespace

CheckpointWriter::CheckpointWriter(Trainable<float>& model, CheckpointIdentity identity,
                                   CheckpointFiles files, Before before)
    : model_(model), identity_(std::move(identity)), files_(std::move(files)), before_(std::move(before)) {
  copy_arenas(model_, copies_);  // so that its memory is there when time counts
  thread_ = std::thread([this] { work(); });
}

CheckpointWriter::~CheckpointWriter() {
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !busy_; });
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void CheckpointWriter::save(const CheckpointState& state, std::shared_ptr<const TensorSnapshot> best,
                            const CheckpointState& best_state) {
  wait();
  copy_arenas(model_, copies_);
  {
    const std::lock_guard guard(mutex_);
    job_ = {state, best_state, std::move(best)};
    busy_ = true;
  }
  changed_.notify_all();
}

bool CheckpointWriter::busy() const {
  const std::lock_guard guard(mutex_);
  return busy_;
}

bool CheckpointWriter::written() const {
  const std::lock_guard guard(mutex_);
  return written_;
}

void CheckpointWriter::wait() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !busy_; });
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
}

void CheckpointWriter::wait_quietly() noexcept {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !busy_; });
  failure_ = nullptr;
}

void CheckpointWriter::work() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return busy_ || ending_; });
    if (!busy_) return;
    lock.unlock();
    std::exception_ptr failure;
    try {
      write(job_);
    } catch (...) {
      failure = std::current_exception();
    }
    lock.lock();
    failure_ = failure;
    written_ = written_ || !failure;
    busy_ = false;
    changed_.notify_all();
  }
}

/// The best weights go first: a last checkpoint that says training is finished has them beside it.
void CheckpointWriter::write(const Job& job) {
  const TensorSnapshot tensors = snapshot(model_, copies_);
  check_finite(tensors, job.state.step.step);
  if (job.best && job.best->epoch != best_written_) {
    write_checkpoint(files_.best, {identity_, *job.best, job.best_state, nullptr});
    best_written_ = job.best->epoch;
  }
  before_(tensors, job.state.step.step);
  write_checkpoint(files_.last, {identity_, tensors, job.state, job.best}, files_.previous);
}

}  // namespace sparcell

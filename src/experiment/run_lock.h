// One process writes to a run folder.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <string>
#include <thread>

#include "sparcell/core/errors.h"

namespace sparcell {

/// Another process writes to the folder.
class FolderInUse : public UsageError {
 public:
  using UsageError::UsageError;
};

/// The folder is another process's by now: nothing more may be written there.
class LockLost : public UsageError {
 public:
  using UsageError::UsageError;
};

/// `lock.json` in the folder says who writes there: host, process, job. While it is held its time stamp is
/// renewed. A lock is taken over where its process is dead: seen directly on the same host, after a minute
/// without a sign of life on another, at once where the same Slurm job was started again. Time stamps are
/// those of the file system and compared with a file written now, so clocks of hosts need not agree. No
/// flock: folders lie on network file systems.
class RunLock {
 public:
  /// Throws FolderInUse where another process writes there, UsageError where no file can be made, WriteError
  /// where the disk is full or broken.
  explicit RunLock(const std::filesystem::path& folder);
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

  /// Whether a process that is alive, as far as can be seen from here, writes to the folder. Of a process on
  /// another host only the silence tells, for which a file is made beside the lock and removed again; where
  /// the folder cannot be written, this host's clock must do.
  static bool held(const std::filesystem::path& folder);
  /// The process that holds the lock, where it is certain to be that one here: on this host since it started,
  /// in this process's space of process ids, and alive. 0 elsewhere.
  static std::int64_t process_here(const std::filesystem::path& folder);

  /// Throws LockLost where another process took the folder over, because this one stood still for too long.
  /// Costs a look at the file where the last one is some seconds old: after a standstill nothing is written
  /// before it. From any thread.
  void check() const;
  /// Whether the lock is this process's at this moment.
  bool is_ours() const;

 private:
  void acquire();
  void keep_alive();
  void look() const;

  std::string folder_, path_;
  std::string content_;  ///< of the file while it is ours
  mutable std::atomic<bool> lost_ = false;
  mutable std::atomic<std::int64_t> looked_ = 0;  ///< when, in seconds since the host started
  std::mutex mutex_;
  std::condition_variable ended_;
  bool ending_ = false;
  std::thread heart_;
};

}  // namespace sparcell

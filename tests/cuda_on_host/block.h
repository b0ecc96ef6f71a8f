// The threads of one block as fibers: barriers, warp operations, and who waits where.
#pragma once

#include <string>
#include <vector>

#include "cuda_on_host/execution.h"
#include "cuda_on_host/fibers.h"
#include "cuda_on_host/shared_memory.h"

namespace cuda_on_host {

/// Lanes of one warp that meet for one operation.
struct Meeting {
  const char* operation = nullptr;
  unsigned mask = 0, arrived = 0, votes = 0;
  unsigned long long brought[32], taken[32];  ///< of those who are arriving; of those who met last
  unsigned result = 0;
};

class BlockRunner {
 public:
  void begin(const Launch& launch);
  /// Runs one block of the launch to its end; what went wrong, empty where nothing did.
  std::string run(int block);
  void end();

  // Called from kernels, on the fiber of the running thread.
  int block_barrier(bool vote, Where where);
  void warp_meet(const char* operation, unsigned mask, unsigned long long value, bool vote, Where where,
                 Meeting*& meeting);
  [[noreturn]] void fail(const std::string& what);
  int lane() const { return running_ % 32; }
  unsigned thread() const { return static_cast<unsigned>(running_); }
  const SharedMemory& shared() const { return shared_; }
  /// Whether a lane takes part: it lies in the mask and its thread has not returned.
  bool takes_part(unsigned mask, int lane) const;
  unsigned live_lanes() const { return live_lanes_[static_cast<std::size_t>(running_ / 32)]; }
  std::string running_thread() const;
  /// As fail(), from a signal handler or a sanitizer: the thread is left soon. The first note stays.
  void note_fault(const std::string& what);

 private:
  enum class State : char { ready, at_barrier, at_meeting, done };
  struct Thread {
    State state = State::ready;
    uint3 index{};
    Where where;
    const char* operation = nullptr;
    unsigned mask = 0;
    unsigned meeting = 0;
  };

  static void thread_entry();
  void release_barrier();
  void release_if_complete(Meeting& meeting);
  Meeting& meeting_of(const char* operation, unsigned mask);
  std::string deadlock() const;

  const Launch* launch_ = nullptr;
  Fibers fibers_;
  SharedMemory shared_;
  std::vector<Thread> threads_;
  std::vector<std::vector<Meeting>> meetings_;  ///< of each warp
  std::vector<unsigned> live_lanes_;            ///< of each warp
  std::vector<int> order_;
  int running_ = -1, live_ = 0, at_barrier_ = 0, votes_ = 0, last_votes_ = 0;
  bool progressed_ = false;
  Where barrier_where_;
  std::string failure_;
};

/// The one that runs, null outside of kernels.
BlockRunner* running_block();

}  // namespace cuda_on_host

// Which accesses happen before which: within a launch by program order, barriers, warp operations, and fences
// with atomics; launches of a graph by its edges, all others one after the other.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <vector>

#include "cuda_on_host/check/shadow.h"

namespace cuda_on_host::check {

/// The threads of the block that runs, and what earlier blocks of the launch have published.
class HappensBefore {
 public:
  void begin_graph() { graph_.emplace(Graph{launch_ + 1, {}, 0, nullptr}); }
  void begin_node(int node, const std::vector<bool>& before);
  void end_graph() { graph_.reset(); }
  void begin_launch(unsigned threads);
  void begin_block(unsigned block);
  void barrier() { ++interval_; }
  void warp_meeting(unsigned warp, unsigned lanes);
  void fence(unsigned thread) { fenced_[thread] = interval_ + 1; }
  /// A read-modify-write takes over what others published at the address, and publishes what a fence of the
  /// thread covers.
  void atomic(unsigned thread, const char* address);

  /// What the node that runs writes without a kernel; none outside of graphs, where the host waits for it.
  std::optional<Stamp> host_stamp() const;
  /// The stamp of an access by `thread` now.
  Stamp stamp(unsigned thread, unsigned bytes, bool atomic) const;
  /// Whether what `earlier` did is complete and visible to `thread`.
  bool ordered(const Stamp& earlier, unsigned thread) const;

 private:
  /// Intervals below `interval` of a block, and the publishing thread's own accesses up to it.
  struct Published {
    std::uint32_t interval;
    std::uint16_t thread;
  };
  /// Taken over by `thread` in `interval`: for it at once, for others of the block after a barrier.
  struct Taken {
    Published published;
    std::uint32_t interval;
    unsigned thread;
  };
  /// The graph that runs.
  struct Graph {
    std::uint32_t first_launch;
    std::vector<int> node_of;  ///< by launch, from the first one on
    int node;                  ///< the one that runs
    const std::vector<bool>* before;
  };
  using Epochs = std::array<std::uint16_t, warp>;

  std::optional<Graph> graph_;
  std::uint32_t launch_ = 0, block_ = 0, interval_ = 0;
  std::vector<std::uint16_t> epochs_;  ///< of each thread
  std::vector<Epochs> known_;  ///< accesses of a lane of the same warp in epochs below this are visible
  std::vector<std::uint32_t> fenced_;  ///< interval of the last fence, plus 1; 0 for none
  std::map<const char*, std::map<std::uint32_t, Published>> published_;
  std::map<std::uint32_t, Taken> taken_;
};

}  // namespace cuda_on_host::check

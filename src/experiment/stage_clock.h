// Seconds and memory by stage, and the ranges that profilers show of stages.
#pragma once

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "core/durations.h"
#include "sparcell/core/ranges.h"

namespace sparcell {

/// The largest memory that the process has held so far.
inline std::int64_t peak_memory_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * 1024;  // Linux counts KiB
}

/// What a stage took.
struct StageCost {
  std::string stage;
  double seconds = 0;             ///< wall-clock
  std::int64_t memory_bytes = 0;  ///< the largest that the process had held when the stage ended
};
using StageCosts = std::vector<StageCost>;

/// Adds the cost of each named piece of work to a list that keeps the order of first use.
class StageClock {
 public:
  explicit StageClock(StageCosts& costs) : costs_(costs) {}

  template <class Work>
  decltype(auto) time(const std::string& stage, Work&& work) {
    struct Stop {
      StageClock& clock;
      std::string stage;
      std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
      ~Stop() { clock.add(stage, seconds_since(start)); }
    } stop{*this, stage};
    const RangeName name(stage);
    const Range range(name);
    return work();
  }

 private:
  void add(const std::string& stage, double seconds) {
    auto found = std::find_if(costs_.begin(), costs_.end(), [&](const auto& c) { return c.stage == stage; });
    if (found == costs_.end()) found = costs_.insert(costs_.end(), StageCost{stage});
    found->seconds += seconds;
    found->memory_bytes = peak_memory_bytes();
  }

  StageCosts& costs_;
};

}  // namespace sparcell

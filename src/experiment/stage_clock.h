// Seconds by stage, and the ranges that profilers show of stages.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "sparcell/core/ranges.h"

namespace sparcell {

/// Adds the wall-clock seconds of each named piece of work to a list that keeps the order of first use.
class StageClock {
 public:
  using Seconds = std::vector<std::pair<std::string, double>>;
  explicit StageClock(Seconds& seconds) : seconds_(seconds) {}

  template <class Work>
  decltype(auto) time(const std::string& stage, Work&& work) {
    struct Stop {
      StageClock& clock;
      std::string stage;
      std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
      ~Stop() {
        clock.add(stage, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
      }
    } stop{*this, stage};
    const RangeName name(stage);
    const Range range(name);
    return work();
  }

 private:
  void add(const std::string& stage, double seconds) {
    const auto found =
        std::find_if(seconds_.begin(), seconds_.end(), [&](const auto& s) { return s.first == stage; });
    if (found == seconds_.end()) {
      seconds_.emplace_back(stage, seconds);
    } else {
      found->second += seconds;
    }
  }

  Seconds& seconds_;
};

}  // namespace sparcell

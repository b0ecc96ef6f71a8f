// Where the time of training goes: always on, a few clock readings a step.
#pragma once

#include <array>
#include <chrono>
#include <string_view>

namespace sparcell {

enum class Phase { data, forward, loss, backward, optimizer, evaluation, checkpoint };
inline constexpr std::array<std::string_view, 7> phase_names{"data",      "forward",    "loss",      "backward",
                                                             "optimizer", "evaluation", "checkpoint"};

/// Seconds of wall-clock time by phase. Each reading ends one phase and begins the next. On a GPU it measures the
/// host, unless the caller waits for the device before it reads.
class PhaseClock {
 public:
  void enter(Phase phase) {
    stop();
    current_ = static_cast<int>(phase);
  }
  /// What comes now is no phase.
  void leave() {
    stop();
    current_ = -1;
  }
  double seconds(Phase phase) const { return seconds_[static_cast<std::size_t>(phase)]; }

 private:
  using Clock = std::chrono::steady_clock;

  void stop() {
    const Clock::time_point now = Clock::now();
    if (current_ >= 0)
      seconds_[static_cast<std::size_t>(current_)] += std::chrono::duration<double>(now - since_).count();
    since_ = now;
  }

  std::array<double, phase_names.size()> seconds_{};
  int current_ = -1;
  Clock::time_point since_;
};

}  // namespace sparcell

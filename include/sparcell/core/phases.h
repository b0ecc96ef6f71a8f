// Where the time of training goes: always on, a few clock readings a step.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <string_view>
#include <utility>

namespace sparcell {

enum class Phase { data, forward, loss, backward, optimizer, evaluation, checkpoint };
inline constexpr std::array<std::string_view, 7> phase_names{
    "data", "forward", "loss", "backward", "optimizer", "evaluation", "checkpoint"};

/// Seconds, by Phase.
using PhaseSeconds = std::array<double, phase_names.size()>;

/// Seconds of wall-clock time by phase. Each reading ends one phase and begins the next; a phase is a range
/// of profilers too (core/ranges.h).
class PhaseClock {
 public:
  PhaseClock() = default;
  ~PhaseClock() { abandon(); }
  PhaseClock(const PhaseClock&) = delete;
  PhaseClock& operator=(const PhaseClock&) = delete;

  void enter(Phase phase);
  /// What comes now is no phase.
  void leave();
  /// Leaves a phase that an error ended, without a reading.
  void abandon();

  /// Before each reading `wait` is called: where work is only queued, its time is the phase's that queued it.
  void wait_before_readings(std::function<void()> wait) { wait_ = std::move(wait); }
  /// Between phases: whether those to come count, or are ranges alone.
  void count(bool counts) { counts_ = counts; }
  const PhaseSeconds& seconds() const { return seconds_; }

 private:
  using Clock = std::chrono::steady_clock;

  void stop();

  PhaseSeconds seconds_{};
  int current_ = -1;
  Clock::time_point since_;
  std::function<void()> wait_;
  bool counts_ = true;
};

}  // namespace sparcell

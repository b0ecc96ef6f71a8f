// How long training steps take, and what of a step.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "sparcell/core/context.h"
#include "sparcell/core/phases.h"

namespace sparcell {

/// The time of a training loop by phase. On the CPU the phase clock sees it all. A GPU takes its steps from
/// recordings, or long after the host has queued them: there some steps, the samples, are taken op by op with
/// a wait after each phase, and the time of the other steps is divided as theirs.
class StepTime {
 public:
  /// Both must outlive this. Outside of steps the clock waits for the device.
  StepTime(Context& context, PhaseClock& clock);

  /// Whether the step on this batch of an epoch is to be a sample: the second one of a training, then the
  /// first of each epoch until there are enough. Never the first that a process takes, which brings up memory
  /// and plans.
  bool sample_is_due(std::int64_t batch) const;

  /// Runs `steps`, which waits for the device at its end, and returns the seconds that it took. A sample is
  /// one step, op by op.
  template <class Steps>
  double run(bool sample, Steps&& steps) {
    begin(sample);
    steps();
    return end(sample);
  }

  PhaseSeconds by_phase() const;
  /// How many steps were sampled; nothing on the CPU, where all are seen.
  std::optional<std::int64_t> samples() const;

  static constexpr std::int64_t most_samples = 20;

 private:
  void begin(bool sample);
  double end(bool sample);

  Context& context_;
  PhaseClock& clock_;
  std::chrono::steady_clock::time_point start_;
  bool warm_ = false;
  std::int64_t samples_ = 0;
  PhaseSeconds before_{}, sampled_{};
  double unseen_ = 0;  ///< seconds of steps that were no samples
};

}  // namespace sparcell

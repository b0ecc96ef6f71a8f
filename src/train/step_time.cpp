#include "train/step_time.h"

#include <numeric>

#include "core/durations.h"

namespace sparcell {

StepTime::StepTime(Context& context, PhaseClock& clock) : context_(context), clock_(clock) {
  if (context.device().is_cuda()) clock.wait_before_readings([&context] { context.synchronize(); });
  clock.count(true);
}

bool StepTime::sample_is_due(std::int64_t batch) const {
  return context_.device().is_cuda() && warm_ && samples_ < most_samples && (batch == 0 || samples_ == 0);
}

void StepTime::begin(bool sample) {
  before_ = clock_.seconds();
  clock_.count(sample || !context_.device().is_cuda());
  start_ = std::chrono::steady_clock::now();
}

double StepTime::end(bool sample) {
  clock_.leave();
  clock_.count(true);
  const double seconds = seconds_since(start_);
  warm_ = true;
  if (!context_.device().is_cuda()) return seconds;
  if (sample) {
    ++samples_;
    for (std::size_t p = 0; p < sampled_.size(); ++p) sampled_[p] += clock_.seconds()[p] - before_[p];
  } else {
    unseen_ += seconds;
  }
  return seconds;
}

std::optional<std::int64_t> StepTime::samples() const {
  return context_.device().is_cuda() ? std::optional(samples_) : std::nullopt;
}

PhaseSeconds StepTime::by_phase() const {
  PhaseSeconds seconds = clock_.seconds();
  const double sampled = std::accumulate(sampled_.begin(), sampled_.end(), 0.0);
  if (sampled > 0) {
    for (std::size_t p = 0; p < seconds.size(); ++p) seconds[p] += unseen_ * sampled_[p] / sampled;
  }
  return seconds;
}

}  // namespace sparcell

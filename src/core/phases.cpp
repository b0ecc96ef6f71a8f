#include "sparcell/core/phases.h"

#include <vector>

#include "sparcell/core/ranges.h"

namespace sparcell {
namespace {

const RangeName& range_of(Phase phase) {
  static const std::vector<RangeName> names = [] {
    std::vector<RangeName> made;
    for (const std::string_view name : phase_names) made.emplace_back(std::string(name));
    return made;
  }();
  return names[static_cast<std::size_t>(phase)];
}

}  // namespace

void PhaseClock::enter(Phase phase) {
  leave();
  open_range(range_of(phase));
  current_ = static_cast<int>(phase);
}

void PhaseClock::leave() {
  stop();
  abandon();
}

void PhaseClock::abandon() {
  if (current_ >= 0) close_range();
  current_ = -1;
}

void PhaseClock::stop() {
  if (!counts_) return;
  if (current_ >= 0 && wait_) wait_();
  const Clock::time_point now = Clock::now();
  if (current_ >= 0)
    seconds_[static_cast<std::size_t>(current_)] += std::chrono::duration<double>(now - since_).count();
  since_ = now;
}

}  // namespace sparcell

// Signals that ask a run to stop at the next step.
#pragma once

namespace sparcell {

/// While it lives, SIGTERM, SIGINT and SIGUSR1 are remembered instead of ending the process.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
};

bool stop_requested();
/// The last signal that asked; 0 before any.
int stop_signal();

}  // namespace sparcell

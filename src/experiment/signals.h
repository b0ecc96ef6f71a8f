// Signals that ask a run to stop at the next step.
#pragma once

#include <csignal>
#include <thread>

namespace sparcell {

/// While it lives, SIGTERM, SIGINT, SIGUSR1 and SIGHUP, which a terminal that closes sends, are remembered
/// instead of ending the process; a SIGHUP that is ignored, as under `nohup`, stays so. They are blocked in
/// the thread that makes it and in those made after it, so make it before any other; a thread of its own
/// waits for them. No handler may run over a matrix product: where one did, oneDNN 2.6 with AVX-512 found its
/// packed operands overwritten, once in some 500 signals.
/// SIGPIPE is ignored from then on: Ctrl-C also ends the `tee` or `head` that reads what is printed, and a
/// run that says then that it stops is to save itself, not to die of having said so.
class StopSignals {
 public:
  StopSignals();
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  sigset_t before_;
  std::thread waiting_;
};

/// Between fork and exec: the program to be started blocks none of them.
void unblock_signals_of_child();

bool stop_requested();
/// The last signal that asked; 0 before any.
int stop_signal();

}  // namespace sparcell

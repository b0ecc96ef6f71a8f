#include "experiment/signals.h"

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <optional>

namespace sparcell {
namespace {

constexpr std::array<int, 4> stop_signals{SIGTERM, SIGINT, SIGUSR1, SIGHUP};
std::atomic<int> requested = 0;  // the signal, or 0
std::atomic<bool> ended = false;

void remember(int signal) { requested = signal; }

/// As `nohup` has it for whoever goes on when the terminal closes.
bool is_ignored(int signal) {
  struct sigaction action {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

/// Ends the process as if nothing waited for the signal. What lies in the folder of a run is resumable
/// whenever.
void end_by(int signal) {
  std::signal(signal, SIG_DFL);
  sigset_t one;
  sigemptyset(&one);
  sigaddset(&one, signal);
  pthread_sigmask(SIG_UNBLOCK, &one, nullptr);
  std::raise(signal);
}

/// A second Ctrl-C ends at once: reading or judging many cells takes minutes, in which nothing asks. One that
/// comes with the first is no second: shells and wrappers send it too.
void wait_for(sigset_t signals) {
  using Clock = std::chrono::steady_clock;
  constexpr std::chrono::seconds at_once{1};
  std::optional<Clock::time_point> first;
  for (int signal = 0; sigwait(&signals, &signal) == 0 && !ended;) {
    if (signal == SIGINT) {
      if (first && Clock::now() - *first > at_once) end_by(SIGINT);
      if (!first) std::fputs("\nstopping at the next step or stage; Ctrl-C again ends at once\n", stderr);
      first = first.value_or(Clock::now());
    }
    requested = signal;
  }
}

}  // namespace

StopSignals::StopSignals() {
  requested = 0;
  ended = false;
  sigset_t signals;
  sigemptyset(&signals);
  struct sigaction action {};
  action.sa_handler =
      remember;  // a signal that is ignored, as in a shell's background, would never be waited for
  action.sa_flags = SA_RESTART;
  for (const int signal : stop_signals) {
    if (signal == SIGHUP && is_ignored(SIGHUP)) continue;
    sigaddset(&signals, signal);
    sigaction(signal, &action, nullptr);
  }
  std::signal(SIGPIPE, SIG_IGN);
  pthread_sigmask(SIG_BLOCK, &signals, &before_);
  waiting_ = std::thread(wait_for, signals);
}

StopSignals::~StopSignals() {
  ended = true;
  pthread_kill(waiting_.native_handle(), stop_signals.front());
  waiting_.join();
  for (const int signal : stop_signals) {
    if (!is_ignored(signal)) std::signal(signal, SIG_DFL);
  }
  pthread_sigmask(SIG_SETMASK, &before_, nullptr);
}

void unblock_signals_of_child() {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  std::signal(SIGPIPE, SIG_DFL);
}

bool stop_requested() { return requested != 0; }

int stop_signal() { return requested; }

}  // namespace sparcell

#include "experiment/signals.h"

#include <array>
#include <csignal>

namespace sparcell {
namespace {

constexpr std::array<int, 3> stop_signals{SIGTERM, SIGINT, SIGUSR1};
volatile std::sig_atomic_t requested = 0;

void remember(int signal) { requested = signal; }

}  // namespace

StopSignals::StopSignals() {
  requested = 0;
  struct sigaction action {};
  action.sa_handler = remember;
  action.sa_flags = SA_RESTART;
  for (int signal : stop_signals) sigaction(signal, &action, nullptr);
}

StopSignals::~StopSignals() {
  for (int signal : stop_signals) std::signal(signal, SIG_DFL);
}

bool stop_requested() { return requested != 0; }

int stop_signal() { return requested; }

}  // namespace sparcell

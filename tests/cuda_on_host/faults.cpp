#include "cuda_on_host/faults.h"

#include <fmt/format.h>

#include <csignal>

#include "cuda_on_host/block.h"
#include "cuda_on_host/memory.h"

namespace cuda_on_host {
namespace {

constexpr std::size_t handler_stack = 256 * 1024;  // descriptions are composed on it

void on_fault(int signal, siginfo_t* info, void*) {
  if (BlockRunner* block = running_block(); block != nullptr) {
    block->note_fault(signal == SIGFPE
                          ? "a division of integers by zero"
                          : fmt::format("a kernel touched {}", device_memory().describe(info->si_addr)));
    siglongjmp(fault_return(), 1);
  }
  if (device_memory().contains(info->si_addr)) {
    fmt::print(stderr, "host code touched {}\n", device_memory().describe(info->si_addr));
    std::fflush(stderr);
  }
  std::signal(signal, SIG_DFL);  // the instruction faults again and ends the program as usual
}

}  // namespace

void catch_faults() {
  static const bool installed = [] {
    static char stack[handler_stack];
    const stack_t alternative{.ss_sp = stack, .ss_flags = 0, .ss_size = sizeof stack};
    sigaltstack(&alternative, nullptr);
    struct sigaction action {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER;
    for (int signal : {SIGSEGV, SIGBUS, SIGFPE}) sigaction(signal, &action, nullptr);
    return true;
  }();
  static_cast<void>(installed);
}

sigjmp_buf& fault_return() {
  static sigjmp_buf buffer;
  return buffer;
}

}  // namespace cuda_on_host

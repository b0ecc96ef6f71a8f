// The checker of the AddressSanitizer build, in each of its programs: what lies around device memory and
// dynamic shared memory is poisoned, and what the sanitizer finds in a kernel becomes the launch's failure.
#include <fmt/format.h>
#include <sanitizer/asan_interface.h>

#include <cstdlib>
#include <vector>

#include "cuda_on_host/block.h"
#include "cuda_on_host/checker.h"
#include "cuda_on_host/memory.h"
#include "cuda_on_host/shared_memory.h"

namespace cuda_on_host {
namespace {

class AddressChecker final : public Checker {
 public:
  void begin_graph() override {}
  void begin_node(int, const std::vector<bool>&) override {}
  void end_graph() override {}
  void begin_launch(const Launch& launch) override { dynamic_bytes_ = launch.shared; }
  void begin_block(int, char*, std::size_t, char* dynamic) override {
    if (dynamic_ != nullptr) return;
    dynamic_ = dynamic;
    __asan_poison_memory_region(dynamic_ + dynamic_bytes_, most_shared_bytes - dynamic_bytes_);
  }
  void end_launch() override {
    if (dynamic_ != nullptr) __asan_unpoison_memory_region(dynamic_, most_shared_bytes);
    dynamic_ = nullptr;
  }
  void barrier() override {}
  void warp_meeting(int, unsigned) override {}
  void fence() override {}
  void atomic(void*, std::size_t, Where) override {}
  void allocated(const void* memory, std::size_t bytes) override {
    constexpr std::size_t around = DeviceMemorySpace::red_zone;
    __asan_poison_memory_region(static_cast<const char*>(memory) - around, bytes + 2 * around);
    __asan_unpoison_memory_region(memory, bytes);
  }
  void released(const void* memory, std::size_t bytes) override {
    __asan_poison_memory_region(memory, bytes);
  }
  void written_by_host(const void*, std::size_t) override {}

 private:
  char* dynamic_ = nullptr;  ///< while a launch runs
  std::size_t dynamic_bytes_ = 0;
};

std::string place(const void* address) {
  return device_memory().contains(address) ? device_memory().describe(address) : fmt::format("{}", address);
}

/// The sanitizer goes on behind its report; a launch ends with the thread's next turn.
void on_report(const char*) {
  BlockRunner* const block = running_block();
  if (block == nullptr) std::abort();  // a bug of host code
  block->note_fault(fmt::format("out of bounds: {}, {} of {} bytes at {}", __asan_get_report_description(),
                                __asan_get_report_access_type() == 0 ? "read" : "write",
                                __asan_get_report_access_size(), place(__asan_get_report_address())));
}

const struct Installed {
  Installed() {
    static AddressChecker instance;
    checker = &instance;
    __asan_set_error_report_callback(on_report);
  }
} installed;

}  // namespace
}  // namespace cuda_on_host

/// Reports go on, so that a launch says what was found, and the same is said again.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
  return "halt_on_error=0:suppress_equal_pcs=0:detect_leaks=0";
}

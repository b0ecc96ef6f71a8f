#include "cpu/memory.h"

#include <cstddef>
#include <cstring>

#include "sparcell/core/large_array.h"
#include "sparcell/core/parallel.h"

namespace sparcell::cpu {
namespace {

constexpr std::int64_t bytes_worth_a_thread = 4 << 20;

class HostRecording final : public Recording {
 public:
  explicit HostRecording(std::function<void()> work) : work_(std::move(work)) {}
  void run() override { work_(); }

 private:
  std::function<void()> work_;
};

class HostMemory final : public DeviceMemory {
 public:
  explicit HostMemory(int threads) : threads_(threads) {}

  void* allocate(std::size_t bytes) override {
    void* memory = allocate_in_large_pages(bytes);
    if (memory == nullptr) {
      throw MemoryError("out of memory: {:.1f} MiB could not be allocated",
                        static_cast<double>(bytes) / (1 << 20));
    }
    return memory;
  }
  void release(void* memory, std::size_t) override { release_large_pages(memory); }
  void copy_to_device(void* device, const void* host, std::size_t bytes) override {
    copy(device, host, bytes);
  }
  void copy_to_host(void* host, const void* device, std::size_t bytes) override { copy(host, device, bytes); }
  void copy_on_device(void* to, const void* from, std::size_t bytes) override {
    const auto* const begin = static_cast<const std::byte*>(from);
    const auto* const target = static_cast<std::byte*>(to);
    if (target + bytes <= begin || begin + bytes <= target) {
      copy(to, from, bytes);
    } else {
      std::memmove(to, from, bytes);
    }
  }
  /// In parts: this is where a new buffer's pages are made, which takes longer than to fill them.
  void set_zero(void* device, std::size_t bytes) override {
    const auto part = [&](std::int64_t first, std::int64_t last, int) {
      std::memset(static_cast<std::byte*>(device) + first, 0, static_cast<std::size_t>(last - first));
    };
    parallel_parts(threads_, static_cast<std::int64_t>(bytes), bytes_worth_a_thread, part);
  }
  void synchronize() override {}
  void* stream() override { return nullptr; }
  std::unique_ptr<Recording> record(std::function<void()> work) override {
    return std::make_unique<HostRecording>(std::move(work));
  }
  std::unique_ptr<LibraryState>& library_state() { return library_state_; }

 private:
  void copy(void* to, const void* from, std::size_t bytes) const {
    const auto part = [&](std::int64_t first, std::int64_t last, int) {
      std::memcpy(static_cast<std::byte*>(to) + first, static_cast<const std::byte*>(from) + first,
                  static_cast<std::size_t>(last - first));
    };
    parallel_parts(threads_, static_cast<std::int64_t>(bytes), bytes_worth_a_thread, part);
  }

  int threads_;
  std::unique_ptr<LibraryState> library_state_;
};

}  // namespace

std::unique_ptr<DeviceMemory> make_memory(int threads) { return std::make_unique<HostMemory>(threads); }

std::unique_ptr<LibraryState>& library_state(Context& context) {
  return static_cast<HostMemory&>(context.memory()).library_state();
}

}  // namespace sparcell::cpu

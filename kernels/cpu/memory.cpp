#include "cpu/memory.h"

#include <cstdlib>
#include <cstring>

namespace sparcell::cpu {
namespace {

class HostRecording final : public Recording {
 public:
  explicit HostRecording(std::function<void()> work) : work_(std::move(work)) {}
  void run() override { work_(); }

 private:
  std::function<void()> work_;
};

class HostMemory final : public DeviceMemory {
 public:
  void* allocate(std::size_t bytes) override {
    const std::size_t rounded = (bytes + 63) / 64 * 64;
    void* memory = std::aligned_alloc(64, rounded);
    if (memory == nullptr) {
      throw MemoryError("out of memory: {:.1f} MiB could not be allocated", static_cast<double>(bytes) / (1 << 20));
    }
    return memory;
  }
  void release(void* memory, std::size_t) override { std::free(memory); }
  void copy_to_device(void* device, const void* host, std::size_t bytes) override { std::memcpy(device, host, bytes); }
  void copy_to_host(void* host, const void* device, std::size_t bytes) override { std::memcpy(host, device, bytes); }
  void copy_on_device(void* to, const void* from, std::size_t bytes) override { std::memmove(to, from, bytes); }
  void set_zero(void* device, std::size_t bytes) override { std::memset(device, 0, bytes); }
  void synchronize() override {}
  void* stream() override { return nullptr; }
  std::unique_ptr<Recording> record(std::function<void()> work) override {
    return std::make_unique<HostRecording>(std::move(work));
  }
};

}  // namespace

std::unique_ptr<DeviceMemory> make_memory() { return std::make_unique<HostMemory>(); }

}  // namespace sparcell::cpu

// Where work runs: a device, its threads or stream, and memory on it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sparcell/core/errors.h"

namespace sparcell {

struct Device {
  enum class Kind { cpu, cuda };
  Kind kind = Kind::cpu;
  int index = 0;

  bool is_cuda() const { return kind == Kind::cuda; }
  std::string name() const { return is_cuda() ? fmt::format("cuda:{}", index) : "cpu"; }
  bool operator==(const Device&) const = default;
};

/// Reads `auto`, `cpu`, `cuda` or `cuda:N`; `auto` takes the first GPU that this build can use, else the CPU.
/// Throws UsageError for anything else and for a device that is not there.
Device find_device(const std::string& name);
/// Why `auto` takes what it takes, for the log.
std::string reason_for_auto();

/// Work that was recorded and can be repeated without telling the device each part again.
class Recording {
 public:
  virtual ~Recording() = default;
  virtual void run() = 0;
};

/// What a device must offer for memory and order; one implementation per kind of device (kernels/<device>/memory).
class DeviceMemory {
 public:
  virtual ~DeviceMemory() = default;
  virtual void* allocate(std::size_t bytes) = 0;  ///< 64-byte aligned; throws MemoryError with the size
  virtual void release(void* memory, std::size_t bytes) = 0;
  virtual void copy_to_device(void* device, const void* host, std::size_t bytes) = 0;
  virtual void copy_to_host(void* host, const void* device, std::size_t bytes) = 0;
  virtual void copy_on_device(void* to, const void* from, std::size_t bytes) = 0;
  virtual void set_zero(void* device, std::size_t bytes) = 0;
  virtual void synchronize() = 0;
  virtual void* stream() = 0;  ///< cudaStream_t on CUDA, null on the CPU
  /// Keeps what `work` asks of the device, with the addresses and numbers it passes now; nothing runs yet. On CUDA a
  /// graph, on the CPU `work` itself. `work` has run before, so that all memory it needs is there, and neither
  /// allocates nor waits.
  virtual std::unique_ptr<Recording> record(std::function<void()> work) = 0;
};

/// One device with everything an op needs to run there. Not shared between threads.
class Context {
 public:
  /// `threads` 0 takes every core this process may use. Results depend on the number of threads.
  explicit Context(Device device = {}, int threads = 0);

  Device device() const { return device_; }
  int threads() const { return threads_; }
  DeviceMemory& memory() { return *memory_; }
  void* stream() { return memory_->stream(); }
  /// Waits until everything that was asked for is done. Needed before host code reads device memory itself.
  void synchronize() { memory_->synchronize(); }

 private:
  Device device_;
  int threads_;
  std::unique_ptr<DeviceMemory> memory_;
};

/// The cores that this process may use: its affinity mask, or its control groups' quota where that is less.
int available_threads();

/// Memory on the context's device for `size` elements, zeroed. Lives no longer than its context.
template <class T>
class Buffer {
 public:
  Buffer() = default;
  Buffer(Context& context, std::int64_t size) : context_(&context), size_(size) {
    if (size > 0) {
      data_ = static_cast<T*>(context.memory().allocate(bytes()));
      context.memory().set_zero(data_, bytes());
    }
  }
  Buffer(Context& context, std::span<const T> host) : Buffer(context, static_cast<std::int64_t>(host.size())) {
    upload(host);
  }
  Buffer(Buffer&& other) noexcept { swap(other); }
  Buffer& operator=(Buffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Buffer() {
    if (data_ != nullptr) context_->memory().release(data_, bytes());
  }

  T* data() const { return data_; }
  std::int64_t size() const { return size_; }
  std::span<T> span() const { return {data_, static_cast<std::size_t>(size_)}; }

  void upload(std::span<const T> host) {
    require(static_cast<std::int64_t>(host.size()) == size_, "a buffer of {} elements got {}", size_, host.size());
    if (size_ > 0) context_->memory().copy_to_device(data_, host.data(), bytes());
  }
  void download(std::span<T> host) const {
    require(static_cast<std::int64_t>(host.size()) == size_, "a buffer of {} elements goes to {}", size_, host.size());
    if (size_ > 0) context_->memory().copy_to_host(host.data(), data_, bytes());
  }
  std::vector<T> to_host() const {
    std::vector<T> host(static_cast<std::size_t>(size_));
    download(host);
    return host;
  }
  void set_zero() {
    if (size_ > 0) context_->memory().set_zero(data_, bytes());
  }

 private:
  std::size_t bytes() const { return static_cast<std::size_t>(size_) * sizeof(T); }
  void swap(Buffer& other) {
    std::swap(context_, other.context_);
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
  }

  Context* context_ = nullptr;
  T* data_ = nullptr;
  std::int64_t size_ = 0;
};

}  // namespace sparcell

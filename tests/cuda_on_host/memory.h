// Device memory: a range of addresses of its own that host code cannot touch. Allocations lie between red
// zones, are filled with ones (NaN) and never get an address that was used before.
#pragma once

#include <cstddef>
#include <map>
#include <string>

namespace cuda_on_host {

class DeviceMemorySpace {
 public:
  DeviceMemorySpace();
  ~DeviceMemorySpace();
  DeviceMemorySpace(const DeviceMemorySpace&) = delete;
  DeviceMemorySpace& operator=(const DeviceMemorySpace&) = delete;

  /// Null where less is free.
  void* allocate(std::size_t bytes);
  /// What is wrong with releasing `memory`, empty if nothing.
  std::string release(void* memory);

  /// Whether an address lies in the device's range.
  bool contains(const void* address) const;
  /// Why `bytes` from `address` on are not one piece of live memory, empty if they are.
  std::string refused(const void* address, std::size_t bytes) const;
  /// "device memory 0x..., 8 bytes behind an allocation of 64".
  std::string describe(const void* address) const;
  /// The first red zone that was written into, empty if none.
  std::string red_zones_broken() const;

  /// Where the runtime itself may read and write what device address `address` holds.
  char* alias(const void* address) const;

  /// Live memory can be touched between open() and close(), while kernels run.
  void open();
  void close();

  std::size_t free_bytes() const { return total_ - used_; }
  std::size_t total_bytes() const { return total_; }
  char* base() const { return base_; }

  static constexpr std::size_t range_bytes = std::size_t{1} << 36;
  static constexpr std::size_t red_zone = 256;  ///< before and behind every allocation; also its alignment

 private:
  struct Allocation {
    std::size_t bytes;  ///< asked for
    std::size_t pages;  ///< bytes of whole pages, red zones included
  };

  void protect(int access);
  bool red_zones_whole(const char* memory, const Allocation& allocation) const;

  int file_ = -1;
  char* base_ = nullptr;   ///< the device's addresses
  char* alias_ = nullptr;  ///< the same memory for the runtime
  std::size_t next_ = 0, used_ = 0, total_;
  std::map<const char*, Allocation> live_, released_;
};

DeviceMemorySpace& device_memory();

}  // namespace cuda_on_host

#include "cuda_on_host/memory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <new>

#include "cuda_on_host/checker.h"
#include "cuda_on_host/played.h"

namespace cuda_on_host {
namespace {

constexpr std::size_t page_bytes = 4096;
constexpr unsigned char untouched = 0xff;

}  // namespace

DeviceMemorySpace& device_memory() {
  static DeviceMemorySpace space;
  return space;
}

DeviceMemorySpace::DeviceMemorySpace() : total_(played_memory()) {
  file_ = memfd_create("emulated device memory", MFD_CLOEXEC);
  if (file_ < 0 || ftruncate(file_, range_bytes) != 0) throw std::bad_alloc();
  const auto map = [&](int access) {
    void* at = mmap(nullptr, range_bytes, access, MAP_SHARED | MAP_NORESERVE, file_, 0);
    if (at == MAP_FAILED) throw std::bad_alloc();
    return static_cast<char*>(at);
  };
  base_ = map(PROT_NONE);
  alias_ = map(PROT_READ | PROT_WRITE);
  next_ = page_bytes;  // offset 0 stays unused
}

DeviceMemorySpace::~DeviceMemorySpace() {
  munmap(base_, range_bytes);
  munmap(alias_, range_bytes);
  ::close(file_);
}

void* DeviceMemorySpace::allocate(std::size_t bytes) {
  const std::size_t pages = (bytes + 2 * red_zone + page_bytes - 1) / page_bytes * page_bytes;
  if (used_ + bytes > total_ || next_ + pages > range_bytes) return nullptr;
  char* const memory = base_ + next_ + red_zone;
  std::memset(alias_ + next_, untouched, pages);
  live_[memory] = {bytes, pages};
  next_ += pages;
  used_ += bytes;
  if (checker != nullptr) checker->allocated(memory, bytes);
  return memory;
}

std::string DeviceMemorySpace::release(void* memory) {
  const auto found = live_.find(static_cast<char*>(memory));
  if (found == live_.end())
    return fmt::format("{} is released, which is no start of live memory", describe(memory));
  const auto [start, allocation] = *found;
  const std::string broken = red_zones_whole(start, allocation)
                                 ? ""
                                 : fmt::format("a red zone of {} was written into", describe(start));
  if (checker != nullptr) checker->released(start, allocation.bytes);
  live_.erase(found);
  released_[start] = allocation;
  used_ -= allocation.bytes;
  // The pages go back to the system, the addresses are never used again.
  fallocate(file_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, start - red_zone - base_,
            static_cast<off_t>(allocation.pages));
  return broken;
}

bool DeviceMemorySpace::contains(const void* address) const {
  const auto* at = static_cast<const char*>(address);
  return at >= base_ && at < base_ + range_bytes;
}

std::string DeviceMemorySpace::refused(const void* address, std::size_t bytes) const {
  const auto* at = static_cast<const char*>(address);
  const auto after = live_.upper_bound(at);
  if (contains(address) && after != live_.begin()) {
    const auto& [start, allocation] = *std::prev(after);
    if (at + bytes <= start + allocation.bytes) return "";
  }
  return fmt::format("{} bytes at {} are not live device memory", bytes, describe(address));
}

std::string DeviceMemorySpace::describe(const void* address) const {
  if (!contains(address)) return fmt::format("{}, which is not device memory", address);
  const auto* at = static_cast<const char*>(address);
  const auto nearest =
      [&](const std::map<const char*, Allocation>& all) -> const std::pair<const char* const, Allocation>* {
    const auto after = all.upper_bound(at + red_zone);
    if (after == all.begin()) return nullptr;
    const auto before = std::prev(after);
    return at < before->first + before->second.pages ? &*before : nullptr;
  };
  const auto text = [&](const auto& entry, const char* kind) {
    const auto& [start, allocation] = entry;
    const auto distance = at - start;
    const auto size = static_cast<std::ptrdiff_t>(allocation.bytes);
    if (distance < 0)
      return fmt::format("device memory, {} bytes before {} allocation of {} bytes", -distance, kind, size);
    if (distance < size)
      return fmt::format("device memory, byte {} of {} allocation of {} bytes", distance, kind, size);
    return fmt::format("device memory, {} bytes behind the end of {} allocation of {} bytes", distance - size,
                       kind, size);
  };
  if (const auto* entry = nearest(live_)) return text(*entry, "an");
  if (const auto* entry = nearest(released_)) return text(*entry, "a released");
  return "device memory that was never allocated";
}

bool DeviceMemorySpace::red_zones_whole(const char* memory, const Allocation& allocation) const {
  const char* const data = alias(memory);
  static const std::string expected(red_zone, static_cast<char>(untouched));
  const auto whole = [](const char* first, std::size_t bytes) {
    return std::memcmp(first, expected.data(), bytes) == 0;
  };
  return whole(data - red_zone, red_zone) && whole(data + allocation.bytes, red_zone);
}

std::string DeviceMemorySpace::red_zones_broken() const {
  for (const auto& [memory, allocation] : live_) {
    if (!red_zones_whole(memory, allocation))
      return fmt::format("written beside an allocation of {} bytes of device memory", allocation.bytes);
  }
  return "";
}

char* DeviceMemorySpace::alias(const void* address) const {
  return alias_ + (static_cast<const char*>(address) - base_);
}

void DeviceMemorySpace::protect(int access) {
  // One call for each run of neighbours.
  const char* first = nullptr;
  const char* end = nullptr;
  const auto apply = [&] {
    if (first != nullptr) mprotect(const_cast<char*>(first), static_cast<std::size_t>(end - first), access);
  };
  for (const auto& [memory, allocation] : live_) {
    const char* const start = memory - red_zone;
    if (start != end) {
      apply();
      first = start;
    }
    end = start + allocation.pages;
  }
  apply();
}

void DeviceMemorySpace::open() { protect(PROT_READ | PROT_WRITE); }
void DeviceMemorySpace::close() { protect(PROT_NONE); }

}  // namespace cuda_on_host

#include "cuda_on_host/access_record.h"

#include <algorithm>
#include <array>
#include <set>

#include "cuda_on_host/memory.h"

namespace cuda_on_host {
namespace {

constexpr int warp = 32;
constexpr std::uintptr_t sector_bytes = 32, bank_bytes = 4, banks = 32;
constexpr std::uint32_t phase_bytes = 128;  // what shared memory gives at once

}  // namespace

AccessRecord* access_record = nullptr;

[[gnu::noinline]] void note_access(const void* address, std::size_t bytes, bool write) {
  access_record->access(__builtin_return_address(0), address, bytes, write);
}

void AccessRecord::begin_launch(const std::string& kernel, dim3 grid, dim3 block,
                                std::size_t dynamic_shared) {
  kernel_ = &kernels_[kernel];
  kernel_->grid = grid;
  kernel_->block = block;
  kernel_->dynamic_shared = dynamic_shared;
  ++kernel_->launches;
  threads_ = block.x * block.y * block.z;
}

void AccessRecord::access(const void* place, const void* address, std::size_t bytes, bool write) {
  const uint3 &b = position.block, &t = position.thread;
  if (b.x != running_.x || b.y != running_.y || b.z != running_.z) {
    close_block();
    running_ = {b.x, b.y, b.z};
  }
  const dim3& size = position.block_size;
  const unsigned thread = t.x + size.x * (t.y + size.y * t.z);
  Place& at = places_[place];
  if (at.times.empty()) {
    at.times.resize(threads_);
    at.requests.resize((threads_ + warp - 1) / warp);
  }
  auto& requests = at.requests[thread / warp];
  const auto time = static_cast<std::size_t>(at.times[thread]++);
  if (requests.size() <= time) requests.resize(time + 1);
  requests[time].push_back({reinterpret_cast<std::uintptr_t>(address), static_cast<std::uint32_t>(bytes),
                            static_cast<std::int16_t>(thread % warp), write});
}

void AccessRecord::close_block() {
  for (auto& [place, at] : places_) {
    for (const auto& requests : at.requests) {
      for (const std::vector<Access>& request : requests) {
        const bool global = device_memory().contains(reinterpret_cast<const void*>(request[0].address));
        global ? count_global(request) : count_shared(request);
      }
    }
  }
  places_.clear();
}

void AccessRecord::count_global(const std::vector<Access>& request) {
  std::vector<std::pair<std::uintptr_t, std::uintptr_t>> ranges;
  for (const Access& a : request) ranges.emplace_back(a.address, a.address + a.bytes);
  std::sort(ranges.begin(), ranges.end());
  std::int64_t bytes = 0, sectors = 0;
  std::uintptr_t end = 0, next_sector = 0;
  for (const auto& [first, last] : ranges) {
    if (last > end) bytes += static_cast<std::int64_t>(last - std::max(first, end));
    end = std::max(end, last);
    const std::uintptr_t from = std::max(first / sector_bytes, next_sector);
    const std::uintptr_t to = (last - 1) / sector_bytes + 1;
    if (to > from) sectors += static_cast<std::int64_t>(to - from);
    next_sector = std::max(next_sector, to);
  }
  (request[0].write ? kernel_->written : kernel_->read) += bytes;
  kernel_->sectors += sectors;
  kernel_->ideal_sectors +=
      (bytes + static_cast<std::int64_t>(sector_bytes) - 1) / static_cast<std::int64_t>(sector_bytes);
}

/// Accesses of more than a bank's width are served in phases: half or a quarter of the lanes at a time.
void AccessRecord::count_shared(const std::vector<Access>& request) {
  const auto lanes = static_cast<int>(phase_bytes / std::max(request[0].bytes, std::uint32_t{bank_bytes}));
  for (int phase = 0; phase < warp; phase += lanes) {
    std::array<std::set<std::uintptr_t>, banks> words;
    for (const Access& a : request) {
      if (a.lane < phase || a.lane >= phase + lanes) continue;
      for (std::uintptr_t at = a.address; at < a.address + a.bytes; at += bank_bytes)
        words[at / bank_bytes % banks].insert(at / bank_bytes);
    }
    for (const auto& of_bank : words)
      kernel_->bank_conflict = std::max(kernel_->bank_conflict, static_cast<int>(of_bank.size()));
  }
}

}  // namespace cuda_on_host

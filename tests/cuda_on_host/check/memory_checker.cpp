#include "cuda_on_host/check/memory_checker.h"

#include <fmt/format.h>

#include "cuda_on_host/block.h"
#include "cuda_on_host/check/source.h"
#include "cuda_on_host/memory.h"

namespace cuda_on_host::check {
namespace {

constexpr std::size_t largest_dynamic = 227 * 1024;

const char* name_of(Access kind) {
  return kind == Access::read ? "read" : kind == Access::write ? "write" : "atomic operation";
}

const struct Installed {
  Installed() { checker = &memory_checker(); }
} installed;

}  // namespace

std::string Site::text() const { return where != nullptr ? text_of(*where) : source_of(code); }

MemoryChecker& memory_checker() {
  static MemoryChecker instance;
  return instance;
}

MemoryChecker::MemoryChecker() { device_.map(device_memory().base(), DeviceMemorySpace::range_bytes); }

void MemoryChecker::begin_launch(const Launch& launch) {
  order_.begin_launch(launch.block.x * launch.block.y * launch.block.z);
  dynamic_bytes_ = launch.shared;
}

void MemoryChecker::begin_block(int block, char* shared, std::size_t shared_bytes, char* dynamic) {
  order_.begin_block(static_cast<unsigned>(block));
  static_.map(shared, shared_bytes);
  static_.set_exists(shared, shared_bytes, true);
  dynamic_.map(dynamic, largest_dynamic);
  dynamic_.set_exists(dynamic, largest_dynamic, false);
  dynamic_.set_exists(dynamic, dynamic_bytes_, true);
  active_ = true;
}

void MemoryChecker::fence() { order_.fence(running_block()->thread()); }

void MemoryChecker::atomic(void* address, std::size_t bytes, Where where) {
  const auto* at = static_cast<const char*>(address);
  access(at, bytes, Access::atomic, {.where = &where});
  order_.atomic(running_block()->thread(), at);
}

void MemoryChecker::allocated(const void* memory, std::size_t bytes) {
  device_.set_exists(static_cast<const char*>(memory), bytes, true);
}
void MemoryChecker::released(const void* memory, std::size_t bytes) {
  device_.set_exists(static_cast<const char*>(memory), bytes, false);
}
void MemoryChecker::written_by_host(const void* memory, std::size_t bytes) {
  const auto* const first = static_cast<const char*>(memory);
  device_.set_written(first, bytes);
  const std::optional<Stamp> stamp = order_.host_stamp();
  if (!stamp) return;
  for (std::size_t offset = 0; offset < bytes; offset += granule) device_.cell(first + offset).write = *stamp;
}

void MemoryChecker::check(const Shadow& shadow, const char* address, std::size_t bytes, Access kind,
                          Site from) {
  for (const char* const end = address + bytes; address < end;) {
    const std::size_t offset = reinterpret_cast<std::uintptr_t>(address) % granule;
    const std::size_t count = std::min(granule - offset, static_cast<std::size_t>(end - address));
    const unsigned mask = ((1u << count) - 1) << offset;
    std::uint8_t& state = shadow.state(address);
    if ((state & exists_bit) == 0) {
      fail(fmt::format("out of bounds: the {} at {} touches {}", name_of(kind), from.text(),
                       place(shadow, address)));
    }
    if (kind != Access::write && (state & mask) != mask) {
      fail(fmt::format("uninitialised: the {} at {} of {}, which nobody has written", name_of(kind),
                       from.text(), place(shadow, address)));
    }
    check_order(shadow, address, mask, kind, from);
    if (kind != Access::read) state |= static_cast<std::uint8_t>(mask);
    address += count;
  }
}

void MemoryChecker::check_order(const Shadow& shadow, const char* address, unsigned mask, Access kind,
                                Site from) {
  Cell& cell = shadow.cell(address);
  const unsigned thread = running_block()->thread();
  const Stamp now = order_.stamp(thread, mask, kind == Access::atomic);
  const bool shared = &shadow != &device_;
  const auto conflicts = [&](const Stamp& earlier) {
    if ((earlier.bytes & mask) == 0 || (earlier.atomic && kind == Access::atomic)) return false;
    if (shared && (earlier.launch != now.launch || earlier.block != now.block)) return false;  // not the same
    return !order_.ordered(earlier, thread);
  };
  if (conflicts(cell.write)) race(shadow, address, cell.write, "written", kind, from);
  if (kind == Access::read) {
    if (cell.read.launch == now.launch && cell.read.block == now.block && cell.read.thread != now.thread)
      (cell.read.thread / warp == now.thread / warp ? cell.read_in_warp : cell.read_elsewhere) = cell.read;
    else if (cell.read.launch == now.launch && cell.read.block != now.block)
      cell.read_elsewhere = cell.read;
    cell.read = now;
    return;
  }
  for (const Stamp* earlier : {&cell.read, &cell.read_in_warp, &cell.read_elsewhere}) {
    if (conflicts(*earlier)) race(shadow, address, *earlier, "read", kind, from);
  }
  cell.write = now;
}

void MemoryChecker::race(const Shadow& shadow, const char* address, const Stamp& earlier, const char* was,
                         Access kind, Site from) {
  fail(fmt::format(
      "race: the {} at {} of {}, {} by block {}, thread {} (numbers in one dimension) with nothing between",
      name_of(kind), from.text(), place(shadow, address), was, earlier.block,
      static_cast<unsigned>(earlier.thread)));
}

std::string MemoryChecker::place(const Shadow& shadow, const char* address) const {
  if (&shadow == &device_) return device_memory().describe(address);
  const std::size_t offset = static_cast<std::size_t>(address - running_block()->shared().dynamic_memory());
  if (&shadow == &dynamic_)
    return fmt::format("byte {} of {} of dynamic shared memory", offset, dynamic_bytes_);
  return "static shared memory";
}

}  // namespace cuda_on_host::check

#include "cuda_on_host/check/shadow.h"

#include <sys/mman.h>

#include <cstring>
#include <new>

namespace cuda_on_host::check {
namespace {

template <class T>
T* reserve(std::size_t count) {
  void* const memory = mmap(nullptr, count * sizeof(T), PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  return static_cast<T*>(memory);
}

}  // namespace

void Shadow::map(const char* base, std::size_t bytes) {
  const std::size_t granules = (bytes + granule - 1) / granule;
  if (bytes > bytes_) {
    unmap();
    cells_ = reserve<Cell>(granules);
    states_ = reserve<std::uint8_t>(granules);
  }
  base_ = base;
  bytes_ = bytes;
}

void Shadow::unmap() {
  const std::size_t granules = (bytes_ + granule - 1) / granule;
  if (cells_ != nullptr) munmap(cells_, granules * sizeof(Cell));
  if (states_ != nullptr) munmap(states_, granules);
}

void Shadow::set_exists(const char* first, std::size_t bytes, bool exists) {
  if (bytes == 0) return;
  std::memset(&state(first), exists ? exists_bit : 0, (bytes + granule - 1) / granule);
}

void Shadow::set_written(const char* first, std::size_t bytes) {
  const char* const end = first + bytes;
  for (; first < end && reinterpret_cast<std::uintptr_t>(first) % granule != 0; ++first)
    state(first) |= static_cast<std::uint8_t>(1u << reinterpret_cast<std::uintptr_t>(first) % granule);
  const std::size_t whole = static_cast<std::size_t>(end - first) / granule;
  if (whole > 0) std::memset(&state(first), exists_bit | written_bits, whole);
  for (first += whole * granule; first < end; ++first)
    state(first) |= static_cast<std::uint8_t>(1u << reinterpret_cast<std::uintptr_t>(first) % granule);
}

}  // namespace cuda_on_host::check

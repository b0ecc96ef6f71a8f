#include "cuda_on_host/shared_memory.h"

#include <link.h>

#include <cstdint>
#include <cstring>

namespace sparcell::device {

// The array that device/shared.h declares, as large as any GPU allows.
alignas(128) thread_local unsigned char dynamic_shared_bytes[cuda_on_host::most_shared_bytes];

}  // namespace sparcell::device

namespace cuda_on_host {
namespace {

struct Search {
  std::uintptr_t address;
  char* memory = nullptr;
  std::size_t bytes = 0;
};

/// Notes the thread-local storage of the library in which the address lies.
int look_at(dl_phdr_info* info, std::size_t, void* data) {
  auto& search = *static_cast<Search*>(data);
  bool inside = false;
  const ElfW(Phdr)* storage = nullptr;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& part = info->dlpi_phdr[i];
    const std::uintptr_t first = info->dlpi_addr + part.p_vaddr;
    if (part.p_type == PT_LOAD && search.address >= first && search.address < first + part.p_memsz)
      inside = true;
    if (part.p_type == PT_TLS) storage = &part;
  }
  if (!inside) return 0;
  if (storage != nullptr) {
    search.memory = static_cast<char*>(info->dlpi_tls_data);
    search.bytes = storage->p_memsz;
  }
  return 1;
}

}  // namespace

void SharedMemory::begin(const Launch& launch) {
  dynamic_bytes_ = launch.shared;
  if (launch.kernel == library_of_) return;
  Search search{reinterpret_cast<std::uintptr_t>(launch.kernel)};
  dl_iterate_phdr(look_at, &search);
  library_of_ = launch.kernel;
  static_memory_ = search.memory;
  static_bytes_ = search.bytes;
}

void SharedMemory::fill() {
  if (static_bytes_ > 0) std::memset(static_memory_, 0xff, static_bytes_);
  if (dynamic_bytes_ > 0) std::memset(dynamic_memory(), 0xff, dynamic_bytes_);
}

char* SharedMemory::dynamic_memory() const {
  return reinterpret_cast<char*>(sparcell::device::dynamic_shared_bytes);
}

}  // namespace cuda_on_host

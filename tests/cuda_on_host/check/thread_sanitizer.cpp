// The functions that g++ -fsanitize=thread calls, in place of libtsan.
#include "cuda_on_host/check/memory_checker.h"

using cuda_on_host::check::Access;
using cuda_on_host::check::memory_checker;

#define ACCESS(name, bytes, kind)                                           \
  extern "C" void name(const void* address) {                               \
    memory_checker().access(static_cast<const char*>(address), bytes, kind, \
                            {.code = __builtin_return_address(0)});         \
  }
#define ACCESSES(bytes)                                       \
  ACCESS(__tsan_read##bytes, bytes, Access::read)             \
  ACCESS(__tsan_write##bytes, bytes, Access::write)           \
  ACCESS(__tsan_unaligned_read##bytes, bytes, Access::read)   \
  ACCESS(__tsan_unaligned_write##bytes, bytes, Access::write) \
  ACCESS(__tsan_volatile_read##bytes, bytes, Access::read)    \
  ACCESS(__tsan_volatile_write##bytes, bytes, Access::write)

ACCESSES(1)
ACCESSES(2)
ACCESSES(4)
ACCESSES(8)
ACCESSES(16)

extern "C" {

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}

void __tsan_read_range(const void* address, unsigned long bytes) {
  memory_checker().access(static_cast<const char*>(address), bytes, Access::read,
                          {.code = __builtin_return_address(0)});
}
void __tsan_write_range(const void* address, unsigned long bytes) {
  memory_checker().access(static_cast<const char*>(address), bytes, Access::write,
                          {.code = __builtin_return_address(0)});
}

}  // extern "C"

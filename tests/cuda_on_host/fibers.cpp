#include "cuda_on_host/fibers.h"

#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <new>

#ifndef __x86_64__
#include <ucontext.h>
#endif

// What AddressSanitizer wants to know of stacks; null where it is not linked.
extern "C" {
[[gnu::weak]] void __sanitizer_start_switch_fiber(void** frames, const void* stack, std::size_t bytes);
[[gnu::weak]] void __sanitizer_finish_switch_fiber(void* frames, const void** left, std::size_t* left_bytes);
[[gnu::weak]] void __asan_unpoison_memory_region(const volatile void* memory, std::size_t bytes);
}

namespace cuda_on_host {
namespace {

constexpr std::size_t stack_bytes = 128 * 1024;  // reserved; the pages that are used are few
constexpr std::size_t guard_bytes = 4096;
// Stacks begin at different places of a page, or all of them would compete for the same lines of the cache.
constexpr std::size_t colors = 16, color_bytes = 192;

/// A time on another stack, as AddressSanitizer is told of it.
class Away {
 public:
  Away(const void* stack, std::size_t bytes) {
    if (__sanitizer_start_switch_fiber != nullptr) __sanitizer_start_switch_fiber(&frames_, stack, bytes);
  }
  ~Away() {
    if (__sanitizer_finish_switch_fiber != nullptr)
      __sanitizer_finish_switch_fiber(frames_, nullptr, nullptr);
  }
  Away(const Away&) = delete;
  Away& operator=(const Away&) = delete;

 private:
  void* frames_ = nullptr;
};

}  // namespace

#ifdef __x86_64__

extern "C" void cuda_on_host_switch(void** save, void* resume);
asm(R"(
.text
.globl cuda_on_host_switch
.type cuda_on_host_switch, @function
cuda_on_host_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size cuda_on_host_switch, .-cuda_on_host_switch
)");

void Fibers::prepare(int fiber, Entry entry) {
  constexpr int saved_registers = 6;
  auto top = reinterpret_cast<std::uintptr_t>(stack(fiber) + stack_bytes) - fiber % colors * color_bytes;
  auto* frame = reinterpret_cast<std::uint64_t*>(top & ~std::uintptr_t{63}) - 1;  // 8 off 16, as after a call
  *--frame = reinterpret_cast<std::uint64_t>(entry);
  for (int i = 0; i < saved_registers; ++i) *--frame = 0;
  saved_[fiber] = frame;
}

void Fibers::resume(int fiber) {
  running_ = fiber;
  const Away away(stack(fiber) + guard_bytes, stack_bytes - guard_bytes);
  cuda_on_host_switch(&owner_, saved_[fiber]);
}

void Fibers::suspend() {
  const Away away(owner_stack_, owner_stack_bytes_);
  cuda_on_host_switch(&saved_[running_], owner_);
}

Fibers::~Fibers() {
  if (memory_ != nullptr) munmap(memory_, bytes_);
}

#else  // the portable way, forty times slower

void Fibers::prepare(int fiber, Entry entry) {
  if (saved_[fiber] == nullptr) saved_[fiber] = new ucontext_t;
  auto* context = static_cast<ucontext_t*>(saved_[fiber]);
  getcontext(context);
  context->uc_stack.ss_sp = stack(fiber) + guard_bytes;
  context->uc_stack.ss_size = stack_bytes - guard_bytes;
  context->uc_link = nullptr;
  makecontext(context, entry, 0);
}

void Fibers::resume(int fiber) {
  running_ = fiber;
  if (owner_ == nullptr) owner_ = new ucontext_t;
  const Away away(stack(fiber) + guard_bytes, stack_bytes - guard_bytes);
  swapcontext(static_cast<ucontext_t*>(owner_), static_cast<ucontext_t*>(saved_[fiber]));
}

void Fibers::suspend() {
  const Away away(owner_stack_, owner_stack_bytes_);
  swapcontext(static_cast<ucontext_t*>(saved_[running_]), static_cast<ucontext_t*>(owner_));
}

Fibers::~Fibers() {
  if (memory_ != nullptr) munmap(memory_, bytes_);
  for (void* context : saved_) delete static_cast<ucontext_t*>(context);
  delete static_cast<ucontext_t*>(owner_);
}

#endif

void Fibers::reserve(int count) {
  if (count <= static_cast<int>(saved_.size())) return;
  if (memory_ != nullptr) munmap(memory_, bytes_);
  bytes_ = static_cast<std::size_t>(count) * stack_bytes;
  void* const memory =
      mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  memory_ = static_cast<char*>(memory);
  saved_.resize(static_cast<std::size_t>(count), nullptr);
  for (int fiber = 0; fiber < count; ++fiber) mprotect(stack(fiber), guard_bytes, PROT_NONE);
}

void Fibers::started() {
  if (__sanitizer_finish_switch_fiber != nullptr)
    __sanitizer_finish_switch_fiber(nullptr, &owner_stack_, &owner_stack_bytes_);
}

void Fibers::left_by_jump() { const Away away(owner_stack_, owner_stack_bytes_); }

void Fibers::forget() {
  if (__asan_unpoison_memory_region != nullptr) __asan_unpoison_memory_region(memory_, bytes_);
}

char* Fibers::stack(int fiber) const { return memory_ + static_cast<std::size_t>(fiber) * stack_bytes; }

int Fibers::fiber_at(const void* address) const {
  const auto* at = static_cast<const char*>(address);
  if (memory_ == nullptr || at < memory_ || at >= memory_ + bytes_) return -1;
  return static_cast<int>(static_cast<std::size_t>(at - memory_) / stack_bytes);
}

}  // namespace cuda_on_host

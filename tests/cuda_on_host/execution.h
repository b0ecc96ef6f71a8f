// One launch at a time: blocks in turn, the threads of a block as fibers.
#pragma once

#include <cuda_runtime.h>

#include <functional>
#include <source_location>
#include <string>

namespace cuda_on_host {

using Where = std::source_location;

/// A kernel with its arguments.
struct Launch {
  const void* kernel = nullptr;
  dim3 grid, block;
  std::size_t shared = 0;
  std::function<void()> body;  ///< the kernel as one thread runs it
};

/// Runs the launch to its end; what went wrong, empty where nothing did.
std::string execute(const Launch& launch);

/// Allows a kernel that much dynamic shared memory, as cudaFuncSetAttribute does. What it declares counts
/// too on a GPU, where both together need no permission up to 48 KiB; that is not known here, so that 8 KiB
/// are taken for declared and 40 KiB need none.
void allow_shared(const void* kernel, std::size_t bytes);

/// The kernel's name as nvcc's profilers show it.
std::string name_of(const void* kernel);

/// Ends the launch from within a kernel: `what` is completed with kernel, block and thread.
[[noreturn]] void fail(const std::string& what);

/// Whether a kernel runs now.
bool in_kernel();

/// "file.cu:12" of a place in a kernel.
std::string text_of(const Where& where);

/// The order in which blocks run, and in which the threads of a block get their turn. Where it is random,
/// each launch draws another one. The environment variable SPARCELL_EMULATED_ORDER (forward, reverse,
/// random:SEED) sets the first one.
struct Order {
  enum class Kind { forward, reverse, random };
  Kind kind = Kind::forward;
  unsigned seed = 0;
};
void set_order(Order order);

/// 0 ... count - 1 in the order that is set.
void order_of(int count, std::vector<int>& order);

}  // namespace cuda_on_host

#include "sparcell/core/gpus.h"

#ifdef SPARCELL_HAS_CUDA
#include "cuda/memory.h"
#include "cuda/profiler.h"
#endif

namespace sparcell {
namespace {

void check_gpu(const Context& context) {
  require(context.device().is_cuda(), "a profiler of GPUs is asked to look at {}", context.device().name());
}

}  // namespace

#ifdef SPARCELL_HAS_CUDA
int gpu_count() { return cuda::find_devices().count; }

void start_profiler(Context& context) {
  check_gpu(context);
  context.synchronize();
  cuda::start_profiler();
}

void stop_profiler(Context& context) {
  check_gpu(context);
  context.synchronize();
  cuda::stop_profiler();
}
#else
int gpu_count() { return 0; }
void start_profiler(Context& context) { check_gpu(context); }
void stop_profiler(Context& context) { check_gpu(context); }
#endif

}  // namespace sparcell

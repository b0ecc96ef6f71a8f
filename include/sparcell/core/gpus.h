// What the host asks of GPUs beside work (core/context.h).
#pragma once

#include "sparcell/core/context.h"

namespace sparcell {

/// How many GPUs this process can use: those that CUDA_VISIBLE_DEVICES leaves; 0 where there is no driver, or
/// the build has no CUDA.
int gpu_count();

/// Tells a profiler that waits for it to begin or to end its collection (cudaProfilerStart,
/// cudaProfilerStop), when all that was asked of the context's GPU is done. Throws InternalError on the CPU.
void start_profiler(Context& context);
void stop_profiler(Context& context);

}  // namespace sparcell

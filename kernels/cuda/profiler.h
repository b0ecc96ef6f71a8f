// The window of a profiler that collects between two calls of the runtime (nsys, ncu). No CUDA header is
// included here.
#pragma once

namespace sparcell::cuda {

/// Nothing happens where no profiler listens.
void start_profiler();
void stop_profiler();

}  // namespace sparcell::cuda

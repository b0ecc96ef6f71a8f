#include "cuda/profiler.h"

#include <cuda_profiler_api.h>

#include "device/check.h"

namespace sparcell {

void cuda::start_profiler() { SPARCELL_CUDA_CHECK(cudaProfilerStart()); }
void cuda::stop_profiler() { SPARCELL_CUDA_CHECK(cudaProfilerStop()); }

}  // namespace sparcell

// Work as a CUDA graph.
#pragma once

#include <cuda_runtime_api.h>

#include <functional>
#include <memory>

#include "sparcell/core/context.h"

namespace sparcell::cuda {

/// The graph of what `work` queues on `stream`; it is launched on the same stream.
std::unique_ptr<Recording> record(cudaStream_t stream, const std::function<void()>& work);

}  // namespace sparcell::cuda

// Every call of the CUDA runtime and its libraries is checked by one macro.
#pragma once

#include <cuda_runtime_api.h>

#include "sparcell/core/context.h"

namespace sparcell::device {

/// Throws unless `status` is success: MemoryError where memory ran out, UsageError where there is no device
/// or driver that this build can use, InternalError with expression, file and line for all else.
void check(cudaError_t status, const char* expression, const char* file, int line);

/// The stream that work of `context` is queued on.
inline cudaStream_t stream_of(Context& context) { return static_cast<cudaStream_t>(context.stream()); }

}  // namespace sparcell::device

#define SPARCELL_CUDA_CHECK(expression) \
  ::sparcell::device::check((expression), #expression, __FILE_NAME__, __LINE__)

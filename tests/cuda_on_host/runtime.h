// What the files of the runtime API share.
#pragma once

#include <cuda_runtime.h>

#include <string>

#include "cuda_on_host/streams.h"

namespace cuda_on_host {

/// Notes an error with its description, which cudaGetErrorString then returns; success where `what` is empty.
cudaError_t report(cudaError_t status, const std::string& what);
inline cudaError_t report_failure(const std::string& what) { return report(cudaErrorLaunchFailure, what); }

/// What a call that waits or allocates returns while a stream is captured; success otherwise.
cudaError_t refuse_in_capture(const char* call);

}  // namespace cuda_on_host

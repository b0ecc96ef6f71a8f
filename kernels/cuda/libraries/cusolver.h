// cuSOLVER, loaded when it is first needed: together with the libraries that it needs it is a gigabyte, and
// one op of the evaluation asks for it.
#pragma once

#include <cusolverDn.h>

#include "sparcell/core/errors.h"

namespace sparcell::cuda {

/// The functions of the library that are used here.
struct Cusolver {
  decltype(&::cusolverDnCreate) create;
  decltype(&::cusolverDnDestroy) destroy;
  decltype(&::cusolverDnSetStream) set_stream;
  decltype(&::cusolverDnCreateParams) create_parameters;
  decltype(&::cusolverDnDestroyParams) destroy_parameters;
  decltype(&::cusolverDnXsyevdx_bufferSize) eigen_scratch;
  decltype(&::cusolverDnXsyevdx) eigen;
};

/// Throws UsageError with the loader's reason where the library is not to be found.
const Cusolver& cusolver();

inline void check_cusolver(cusolverStatus_t status, const char* expression, const char* file, int line) {
  if (status == CUSOLVER_STATUS_SUCCESS) return;
  throw InternalError("cuSOLVER failed: {} gives status {}, {}:{}", expression, static_cast<int>(status),
                      file, line);
}

}  // namespace sparcell::cuda

#define SPARCELL_CUSOLVER_CHECK(expression) \
  ::sparcell::cuda::check_cusolver((expression), #expression, __FILE_NAME__, __LINE__)

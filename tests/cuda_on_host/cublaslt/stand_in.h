// What tests ask of the stand-in for cuBLASLt beside its own functions.
#pragma once

#include <cublasLt.h>

#include <string>

#include "cuda_on_host/cublaslt/algorithms.h"

namespace cuda_on_host::cublaslt {

/// The next call of `function` does nothing and returns `status`.
void fail_next(const std::string& function, cublasStatus_t status);

/// How often it was called.
int calls(const std::string& function);

/// What an algorithm's 64 bytes hold.
Choice choice_of(const cublasLtMatmulAlgo_t& algorithm);

}  // namespace cuda_on_host::cublaslt

// cuBLASLt, loaded when it is first needed: it is larger than everything else together, and most commands
// need none of it.
#pragma once

#include <cublasLt.h>

#include "sparcell/core/errors.h"

namespace sparcell::cuda {

/// The functions of the library that are used here.
struct CublasLt {
  decltype(&::cublasLtCreate) create;
  decltype(&::cublasLtDestroy) destroy;
  decltype(&::cublasLtMatmul) matmul;
  decltype(&::cublasLtMatmulAlgoGetHeuristic) heuristic;
  decltype(&::cublasLtMatmulDescCreate) description_create;
  decltype(&::cublasLtMatmulDescDestroy) description_destroy;
  decltype(&::cublasLtMatmulDescSetAttribute) description_set;
  decltype(&::cublasLtMatrixLayoutCreate) layout_create;
  decltype(&::cublasLtMatrixLayoutDestroy) layout_destroy;
  decltype(&::cublasLtMatmulPreferenceCreate) preference_create;
  decltype(&::cublasLtMatmulPreferenceDestroy) preference_destroy;
  decltype(&::cublasLtMatmulPreferenceSetAttribute) preference_set;
  decltype(&::cublasLtMatmulAlgoInit) algorithm_init;
  decltype(&::cublasLtMatmulAlgoCheck) algorithm_check;
  decltype(&::cublasLtMatmulAlgoConfigSetAttribute) algorithm_set;
  decltype(&::cublasLtMatmulAlgoConfigGetAttribute) algorithm_get;
  decltype(&::cublasLtGetStatusString) status_string;
  decltype(&::cublasLtGetVersion) version;
};

/// Throws UsageError with the loader's reason where the library is not to be found.
const CublasLt& cublaslt();

inline void check_cublaslt(cublasStatus_t status, const char* expression, const char* file, int line) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw InternalError("cuBLASLt failed: {} gives {}, {}:{}", expression, cublaslt().status_string(status),
                      file, line);
}

}  // namespace sparcell::cuda

#define SPARCELL_CUBLASLT_CHECK(expression) \
  ::sparcell::cuda::check_cublaslt((expression), #expression, __FILE_NAME__, __LINE__)

#include "cuda/libraries/cublaslt.h"

#include <dlfcn.h>

namespace sparcell::cuda {
namespace {

constexpr int major_version = CUBLAS_VER_MAJOR;

template <class Function>
void find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  if (function == nullptr) throw UsageError("cuBLASLt lacks {}: version {} is needed", name, major_version);
}

CublasLt load() {
  const std::string name = fmt::format("libcublasLt.so.{}", major_version);
  void* const library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw UsageError(
        "matrix products on a GPU need {}: {}; add the folder of CUDA's libraries to LD_LIBRARY_PATH", name,
        dlerror());
  }
  CublasLt lt;
  find(library, "cublasLtCreate", lt.create);
  find(library, "cublasLtDestroy", lt.destroy);
  find(library, "cublasLtMatmul", lt.matmul);
  find(library, "cublasLtMatmulAlgoGetHeuristic", lt.heuristic);
  find(library, "cublasLtMatmulDescCreate", lt.description_create);
  find(library, "cublasLtMatmulDescDestroy", lt.description_destroy);
  find(library, "cublasLtMatmulDescSetAttribute", lt.description_set);
  find(library, "cublasLtMatrixLayoutCreate", lt.layout_create);
  find(library, "cublasLtMatrixLayoutDestroy", lt.layout_destroy);
  find(library, "cublasLtMatmulPreferenceCreate", lt.preference_create);
  find(library, "cublasLtMatmulPreferenceDestroy", lt.preference_destroy);
  find(library, "cublasLtMatmulPreferenceSetAttribute", lt.preference_set);
  find(library, "cublasLtMatmulAlgoInit", lt.algorithm_init);
  find(library, "cublasLtMatmulAlgoCheck", lt.algorithm_check);
  find(library, "cublasLtMatmulAlgoConfigSetAttribute", lt.algorithm_set);
  find(library, "cublasLtMatmulAlgoConfigGetAttribute", lt.algorithm_get);
  find(library, "cublasLtGetStatusString", lt.status_string);
  find(library, "cublasLtGetVersion", lt.version);
  return lt;
}

}  // namespace

const CublasLt& cublaslt() {
  static const CublasLt lt = load();
  return lt;
}

}  // namespace sparcell::cuda

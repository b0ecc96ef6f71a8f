#include "cuda/libraries/cusolver.h"

#include <dlfcn.h>

namespace sparcell::cuda {
namespace {

constexpr int major_version = CUSOLVER_VER_MAJOR;

template <class Function>
void find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  if (function == nullptr) throw UsageError("cuSOLVER lacks {}: version {} is needed", name, major_version);
}

Cusolver load() {
  const std::string name = fmt::format("libcusolver.so.{}", major_version);
  void* const library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    throw UsageError(
        "principal components on a GPU need {}: {}; add the folder of CUDA's libraries to LD_LIBRARY_PATH",
        name, dlerror());
  }
  Cusolver solver;
  find(library, "cusolverDnCreate", solver.create);
  find(library, "cusolverDnDestroy", solver.destroy);
  find(library, "cusolverDnSetStream", solver.set_stream);
  find(library, "cusolverDnCreateParams", solver.create_parameters);
  find(library, "cusolverDnDestroyParams", solver.destroy_parameters);
  find(library, "cusolverDnXsyevdx_bufferSize", solver.eigen_scratch);
  find(library, "cusolverDnXsyevdx", solver.eigen);
  return solver;
}

}  // namespace

const Cusolver& cusolver() {
  static const Cusolver solver = load();
  return solver;
}

}  // namespace sparcell::cuda

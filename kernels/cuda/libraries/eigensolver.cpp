#include "cuda/eigensolver.h"

#include <type_traits>
#include <vector>

#include "cuda/libraries/cusolver.h"
#include "device/check.h"

namespace sparcell::cuda {
namespace {

/// The library on one stream, with its default options.
class Solver {
 public:
  explicit Solver(cudaStream_t stream) {
    SPARCELL_CUSOLVER_CHECK(functions.create(&handle));
    SPARCELL_CUSOLVER_CHECK(functions.create_parameters(&parameters));
    SPARCELL_CUSOLVER_CHECK(functions.set_stream(handle, stream));
  }
  ~Solver() {
    functions.destroy_parameters(parameters);
    functions.destroy(handle);
  }
  Solver(const Solver&) = delete;
  Solver& operator=(const Solver&) = delete;

  const Cusolver& functions = cusolver();
  cusolverDnHandle_t handle = nullptr;
  cusolverDnParams_t parameters = nullptr;
};

}  // namespace

template <class T>
void solve(Context& context, const Eigenproblem<T>& p) {
  constexpr cudaDataType type = std::is_same_v<T, float> ? CUDA_R_32F : CUDA_R_64F;
  const Solver solver(device::stream_of(context));
  T unused = 0;
  std::int64_t found = 0;
  const std::int64_t first = p.n - p.wanted + 1, last = p.n;
  std::size_t device_bytes = 0, host_bytes = 0;
  // Row-major upper is column-major lower, and the library's columns of vectors are our rows.
  SPARCELL_CUSOLVER_CHECK(solver.functions.eigen_scratch(
      solver.handle, solver.parameters, CUSOLVER_EIG_MODE_VECTOR, CUSOLVER_EIG_RANGE_I,
      CUBLAS_FILL_MODE_LOWER, p.n, type, p.matrix, p.n, &unused, &unused, first, last, &found, type, p.values,
      type, &device_bytes, &host_bytes));
  const Buffer<char> device_scratch(context, static_cast<std::int64_t>(device_bytes));
  std::vector<char> host_scratch(host_bytes);
  SPARCELL_CUSOLVER_CHECK(solver.functions.eigen(
      solver.handle, solver.parameters, CUSOLVER_EIG_MODE_VECTOR, CUSOLVER_EIG_RANGE_I,
      CUBLAS_FILL_MODE_LOWER, p.n, type, p.matrix, p.n, &unused, &unused, first, last, &found, type, p.values,
      type, device_scratch.data(), device_bytes, host_scratch.data(), host_bytes, p.failure));
  context.synchronize();  // the host's scratch memory is in use until then
}

template void solve(Context&, const Eigenproblem<float>&);
template void solve(Context&, const Eigenproblem<double>&);

}  // namespace sparcell::cuda

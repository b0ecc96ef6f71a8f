// Eigenvectors of symmetric matrices as kernels/cuda/eigen.cu asks for them: by cuSOLVER
// (libraries/eigensolver.cpp), or by Jacobi's rotations where kernels run without a GPU (tests/cuda_on_host).
#pragma once

#include <cstdint>

#include "sparcell/core/context.h"

namespace sparcell::cuda {

/// A symmetric n x n matrix without gaps, of which the upper triangle (row-major) is read, and what becomes
/// of it. All pointers are device memory; T is float or double.
template <class T>
struct Eigenproblem {
  std::int64_t n = 0;
  std::int64_t wanted = 0;  ///< eigenpairs, the largest ones, 1 <= wanted <= n
  T* matrix = nullptr;      ///< in its place come the eigenvectors: rows 0 .. wanted, in the order of values
  T* values = nullptr;      ///< n elements, of which the first `wanted` are set, ascending
  int* failure = nullptr;   ///< 0, or the solver's code where it did not converge
};

/// Queues the solution on the context's stream. Not for captured steps: it takes scratch memory of its own.
template <class T>
void solve(Context& context, const Eigenproblem<T>& problem);

}  // namespace sparcell::cuda

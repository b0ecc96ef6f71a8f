#include "sparcell/ops/eigen.h"

#include <omp.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "cpu/lanczos.h"

// LAPACK's symbols in OpenBLAS, declared here because its C header is a package of its own.
extern "C" {
void ssyevr_(const char* job, const char* range, const char* triangle, const int* n, float* a,
             const int* stride, const float* low, const float* high, const int* first, const int* last,
             const float* tolerance, int* found, float* values, float* vectors, const int* vectors_stride,
             int* support, float* work, const int* work_size, int* integers, const int* integers_size,
             int* info);
void dsyevr_(const char* job, const char* range, const char* triangle, const int* n, double* a,
             const int* stride, const double* low, const double* high, const int* first, const int* last,
             const double* tolerance, int* found, double* values, double* vectors, const int* vectors_stride,
             int* support, double* work, const int* work_size, int* integers, const int* integers_size,
             int* info);
}

namespace sparcell {
namespace {

template <class... Arguments>
void syevr(float*, Arguments... arguments) {
  ssyevr_(arguments...);
}
template <class... Arguments>
void syevr(double*, Arguments... arguments) {
  dsyevr_(arguments...);
}

/// Eigenpairs first .. last (from 1, ascending). Vectors are LAPACK's columns, so rows of ours.
template <class T>
void solve(int n, T* a, int first, int last, T* values, T* vectors) {
  const T unused = 0;
  int found = 0, info = 0, ask = -1, integers_size = 0;
  T work_size = 0;
  std::vector<int> support(static_cast<std::size_t>(2 * n));
  // Row-major upper is column-major lower.
  const auto call = [&](T* work, const int* size, int* integers, const int* integer_count) {
    syevr(a, "V", "I", "L", &n, a, &n, &unused, &unused, &first, &last, &unused, &found, values, vectors, &n,
          support.data(), work, size, integers, integer_count, &info);
  };
  call(&work_size, &ask, &integers_size, &ask);
  std::vector<T> work(static_cast<std::size_t>(work_size));
  std::vector<int> integers(static_cast<std::size_t>(integers_size));
  const int size = static_cast<int>(work.size());
  call(work.data(), &size, integers.data(), &integers_size);
  if (info != 0 || found != last - first + 1) {
    throw NumericalError(
        "the eigenvectors of a {} x {} matrix were not found (LAPACK's syevr: info {}, {} of {} vectors)", n,
        n, info, found, last - first + 1);
  }
}

template <class T>
void fix_sign(std::span<T> vector) {
  const auto largest =
      std::max_element(vector.begin(), vector.end(), [](T a, T b) { return std::abs(a) < std::abs(b); });
  if (*largest < T(0)) {
    for (T& element : vector) element = -element;
  }
}

/// By block Lanczos, where that pays and converges: values and vectors ascending.
bool solve_few(int threads, MatrixView<double> symmetric, std::span<double> values,
               MatrixView<double> vectors) {
  const std::int64_t k = vectors.rows;
  if (!cpu::BlockLanczos::pays(symmetric.rows, k)) return false;
  cpu::BlockLanczos lanczos(threads, symmetric, k);
  const bool found =
      lanczos.run([&](std::int64_t size, double* matrix, double* of_space, double* coefficients) {
        omp_set_num_threads(1);
        solve(static_cast<int>(size), matrix, static_cast<int>(size - k + 1), static_cast<int>(size),
              of_space, coefficients);
        omp_set_num_threads(threads);
      });
  if (!found) return false;
  std::copy(lanczos.values().begin(), lanczos.values().end(), values.begin());
  lanczos.vectors(vectors);
  return true;
}
bool solve_few(int, MatrixView<float>, std::span<float>, MatrixView<float>) { return false; }

}  // namespace

template <class T>
void cpu::top_eigenpairs(Context& context, MatrixView<T> symmetric, std::span<T> values,
                         MatrixView<T> vectors) {
  const std::int64_t n = symmetric.rows, k = vectors.rows;
  for (std::int64_t r = 0; r < n; ++r) {
    for (std::int64_t c = r; c < n; ++c) {  // LAPACK may loop for ever on NaN
      if (!std::isfinite(symmetric(r, c))) {
        throw NumericalError("the element ({}, {}) of a matrix whose eigenvectors are wanted is not finite",
                             r, c);
      }
    }
  }
  std::vector<T> ascending(static_cast<std::size_t>(n));
  if (!solve_few(context.threads(), symmetric, ascending, vectors)) {
    // One thread: the reduction to tridiagonal form waits for all its threads n times. At 5,000 genes two
    // threads take 5.5 s instead of 8.7 s, and 60 s as soon as another process is busy.
    omp_set_num_threads(1);
    solve(static_cast<int>(n), symmetric.data, static_cast<int>(n - k + 1), static_cast<int>(n),
          ascending.data(), vectors.data);
  }
  for (std::int64_t i = 0; i < k; ++i) values[i] = ascending[k - 1 - i];
  for (std::int64_t i = 0; i < k / 2; ++i)
    std::swap_ranges(vectors.row(i), vectors.row(i) + n, vectors.row(k - 1 - i));
  for (std::int64_t i = 0; i < k; ++i) fix_sign(std::span<T>(vectors.row(i), static_cast<std::size_t>(n)));
}
SPARCELL_INSTANTIATE(cpu::top_eigenpairs);

}  // namespace sparcell

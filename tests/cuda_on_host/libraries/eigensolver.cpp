// The twin of cuSOLVER: Jacobi's rotations (Golub and Van Loan, Matrix Computations, section 8.5), as work of
// the stream. Not LAPACK, which is the CPU's: two devices that agree then agree by two methods.
#include "cuda/eigensolver.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "cuda_on_host/checker.h"
#include "cuda_on_host/memory.h"
#include "cuda_on_host/streams.h"
#include "device/check.h"
#include "sparcell/core/matrix.h"

namespace sparcell::cuda {
namespace {

using cuda_on_host::device_memory;

constexpr int most_sweeps = 50;

/// A symmetric matrix on its way to its eigenvalues, and the rotations so far: rows are eigenvectors in the
/// end.
struct Rotated {
  Matrix<double> a, vectors;

  double off_diagonal() const {
    double sum = 0;
    for (std::int64_t r = 0; r < a.rows; ++r) {
      for (std::int64_t c = r + 1; c < a.cols; ++c) sum += a(r, c) * a(r, c);
    }
    return std::sqrt(sum);
  }

  /// Makes element (p, q) zero.
  void rotate(std::int64_t p, std::int64_t q) {
    if (a(p, q) == 0) return;
    const double tau = (a(q, q) - a(p, p)) / (2 * a(p, q));
    const double t = (tau < 0 ? -1 : 1) / (std::abs(tau) + std::sqrt(1 + tau * tau));
    const double cosine = 1 / std::sqrt(1 + t * t), sine = t * cosine;
    const auto turn = [&](double& x, double& y) {
      const double before = x;
      x = cosine * before - sine * y;
      y = sine * before + cosine * y;
    };
    for (std::int64_t i = 0; i < a.rows; ++i) turn(a(i, p), a(i, q));
    for (std::int64_t i = 0; i < a.rows; ++i) turn(a(p, i), a(q, i));
    for (std::int64_t i = 0; i < a.rows; ++i) turn(vectors(p, i), vectors(q, i));
  }

  /// Whether it converged.
  bool diagonalize() {
    double scale = 0;
    for (double element : a.values) scale = std::max(scale, std::abs(element));
    for (int sweep = 0; sweep < most_sweeps; ++sweep) {
      if (off_diagonal() <= 1e-15 * scale) return true;
      for (std::int64_t p = 0; p < a.rows; ++p) {
        for (std::int64_t q = p + 1; q < a.rows; ++q) rotate(p, q);
      }
    }
    return false;
  }
};

template <class T>
T* reachable(T* device) {
  return reinterpret_cast<T*>(device_memory().alias(device));
}

template <class T>
Rotated upper_triangle_of(const Eigenproblem<T>& p) {
  Rotated rotated{Matrix<double>(p.n, p.n), Matrix<double>(p.n, p.n)};
  const T* const from = reachable(p.matrix);
  for (std::int64_t r = 0; r < p.n; ++r) {
    rotated.vectors(r, r) = 1;
    for (std::int64_t c = r; c < p.n; ++c)
      rotated.a(r, c) = rotated.a(c, r) = static_cast<double>(from[r * p.n + c]);
  }
  return rotated;
}

template <class T>
void written(T* device, std::int64_t count) {
  if (cuda_on_host::checker != nullptr)
    cuda_on_host::checker->written_by_host(device, static_cast<std::size_t>(count) * sizeof(T));
}

template <class T>
std::string solve_now(const Eigenproblem<T>& p) {
  const auto bytes = [](std::int64_t count) { return static_cast<std::size_t>(count) * sizeof(T); };
  for (const std::string& wrong :
       {device_memory().refused(p.matrix, bytes(p.n * p.n)), device_memory().refused(p.values, bytes(p.n)),
        device_memory().refused(p.failure, sizeof(int))}) {
    if (!wrong.empty()) return "an eigenproblem: " + wrong;
  }
  Rotated rotated = upper_triangle_of(p);
  *reachable(p.failure) = rotated.diagonalize() ? 0 : 1;
  written(p.failure, 1);
  std::vector<std::int64_t> ascending(static_cast<std::size_t>(p.n));
  std::iota(ascending.begin(), ascending.end(), 0);
  std::sort(ascending.begin(), ascending.end(),
            [&](std::int64_t i, std::int64_t j) { return rotated.a(i, i) < rotated.a(j, j); });
  for (std::int64_t i = 0; i < p.wanted; ++i) {
    const std::int64_t from = ascending[p.n - p.wanted + i];
    reachable(p.values)[i] = static_cast<T>(rotated.a(from, from));
    for (std::int64_t c = 0; c < p.n; ++c)
      reachable(p.matrix)[i * p.n + c] = static_cast<T>(rotated.vectors(from, c));
  }
  written(p.values, p.wanted);
  written(p.matrix, p.wanted * p.n);
  return "";
}

}  // namespace

template <class T>
void solve(Context& context, const Eigenproblem<T>& problem) {
  cuda_on_host::enqueue(*cuda_on_host::stream_of(device::stream_of(context)),
                        [problem] { return solve_now(problem); });
}

template void solve(Context&, const Eigenproblem<float>&);
template void solve(Context&, const Eigenproblem<double>&);

}  // namespace sparcell::cuda

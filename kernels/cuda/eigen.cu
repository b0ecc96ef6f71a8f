// Eigenvectors: the solver is a library's (eigensolver.h). Kernels here look for what is not finite before it
// runs, and after it bring vectors into falling order with the sign that the contract wants, one block a
// vector.
#include "sparcell/ops/eigen.h"

#include "cuda/eigensolver.h"
#include "cuda/memory.h"
#include "device/access.h"
#include "device/launch.h"
#include "device/reduce.h"

namespace sparcell {
namespace kernels::eigen {

using device::load, device::store;

constexpr int threads = 256;

/// What the host asks for between the stages.
struct Report {
  unsigned long long not_finite;  ///< n * n - i for the first such element i, 0 where there is none
  int failure;                    ///< of the solver
};

template <class T>
__global__ void __launch_bounds__(threads) find_not_finite(MatrixView<const T> symmetric, Report* report) {
  device::for_each_in_blocks(symmetric.rows, [&](std::int64_t r) {
    device::for_each_in_block(symmetric.cols - r, [&](std::int64_t i) {
      const T value = load(symmetric.row(r) + r + i);
      if (value - value == T(0)) return;  // not of infinity, not of NaN
      atomicMax(&report->not_finite,
                static_cast<unsigned long long>(symmetric.size() - (r * symmetric.cols + r + i)));
    });
  });
}

/// An element of a vector; f64 so that there is no gap between its parts.
struct Element {
  double value;
  std::int64_t index;
};

struct Largest {
  __device__ __forceinline__ Element operator()(const Element& a, const Element& b) const {
    const double of_a = a.value < 0 ? -a.value : a.value, of_b = b.value < 0 ? -b.value : b.value;
    return of_a > of_b || (of_a == of_b && a.index < b.index) ? a : b;
  }
};

template <class T>
__global__ void __launch_bounds__(threads)
    order_pairs(const T* ascending, MatrixView<const T> solved, T* values, MatrixView<T> vectors) {
  device::for_each_in_blocks(vectors.rows, [&](std::int64_t i) {
    const std::int64_t from = vectors.rows - 1 - i;
    Element mine{0, std::int64_t{vectors.cols}};
    device::for_each_in_block(vectors.cols, [&](std::int64_t c) {
      mine = Largest{}(mine, {static_cast<double>(load(solved.row(from) + c)), c});
    });
    const bool flip = device::block_reduce<threads>(mine, Largest{}).value < 0;
    device::for_each_in_block(vectors.cols, [&](std::int64_t c) {
      const T element = load(solved.row(from) + c);
      store(vectors.row(i) + c, flip ? -element : element);
    });
    if (threadIdx.x == 0) store(values + i, load(ascending + from));
  });
}

Report fetch(Context& context, const Report* report) {
  Report host;
  context.memory().copy_to_host(&host, report, sizeof host);
  return host;
}

}  // namespace kernels::eigen

template <class T>
void cuda::top_eigenpairs(Context& context, MatrixView<T> symmetric, std::span<T> values,
                          MatrixView<T> vectors) {
  using namespace kernels::eigen;
  const std::int64_t n = symmetric.rows;
  auto* const scratch = workspace<char>(
      context, static_cast<std::int64_t>(sizeof(Report)) + n * static_cast<std::int64_t>(sizeof(T)));
  auto* const report = reinterpret_cast<Report*>(scratch);
  auto* const ascending = reinterpret_cast<T*>(scratch + sizeof(Report));
  const auto shape = [&](std::int64_t blocks) {
    return device::LaunchShape{
        .grid = device::blocks_for(blocks, 1), .block = threads, .stream = device::stream_of(context)};
  };
  context.memory().set_zero(report, sizeof(Report));
  device::launch(find_not_finite<T>, shape(n), symmetric, report);
  if (const auto found = static_cast<std::int64_t>(fetch(context, report).not_finite); found > 0) {
    throw NumericalError("the element ({}, {}) of a matrix whose eigenvectors are wanted is not finite",
                         (n * n - found) / n, (n * n - found) % n);
  }
  solve<T>(context, {.n = n,
                     .wanted = vectors.rows,
                     .matrix = symmetric.data,
                     .values = ascending,
                     .failure = &report->failure});
  if (const int failure = fetch(context, report).failure; failure != 0) {
    throw NumericalError("the eigenvectors of a {} x {} matrix were not found (the solver's code: {})", n, n,
                         failure);
  }
  device::launch(order_pairs<T>, shape(vectors.rows), ascending, symmetric, values.data(), vectors);
}
SPARCELL_INSTANTIATE(cuda::top_eigenpairs);

}  // namespace sparcell

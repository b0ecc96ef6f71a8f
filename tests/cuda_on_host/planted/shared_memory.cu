// Planted bugs in shared memory.
#include "device/access.h"
#include "device/launch.h"
#include "device/shared.h"
#include "planted/planted.h"

namespace planted {
namespace kernels {

using sparcell::device::dynamic_shared;

/// A barrier between writing and reading is missing.
template <bool bug>
__global__ void read_before_barrier(Arrays a) {
  __shared__ float tile[threads];
  tile[threadIdx.x] = a.in[threadIdx.x];
  if (!bug) __syncthreads();
  a.out[blockIdx.x * threads + threadIdx.x] = tile[threads - 1 - threadIdx.x];
}

/// The barrier before a tile is written again is missing.
template <bool bug>
__global__ void overwrite_before_barrier(Arrays a) {
  __shared__ float tile[threads];
  float sum = 0;
  for (int round = 0; round < 2; ++round) {
    tile[threadIdx.x] = a.in[threadIdx.x] + static_cast<float>(round);
    __syncthreads();
    sum += tile[threads - 1 - threadIdx.x];
    if (!bug || round == 1) __syncthreads();
  }
  a.out[blockIdx.x * threads + threadIdx.x] = sum;
}

/// All threads add to one number.
template <bool bug>
__global__ void sum_without_order(Arrays a) {
  __shared__ float sum;
  if (threadIdx.x == 0) sum = 0;
  __syncthreads();
  if (bug) {
    sum += a.in[threadIdx.x];
  } else if (threadIdx.x == 0) {
    for (int i = 0; i < threads; ++i) sum += a.in[i];
  }
  __syncthreads();
  a.out[blockIdx.x * threads + threadIdx.x] = sum;
}

/// Half of the tile is never written.
template <bool bug>
__global__ void read_unwritten(Arrays a) {
  __shared__ float tile[threads];
  if (threadIdx.x < (bug ? threads / 2 : threads)) tile[threadIdx.x] = a.in[threadIdx.x];
  __syncthreads();
  a.out[blockIdx.x * threads + threadIdx.x] = tile[threads - 1 - threadIdx.x];
}

/// One element more than the launch asked for.
template <bool bug>
__global__ void beyond_dynamic(Arrays a) {
  float* const tile = dynamic_shared<float>();
  tile[threadIdx.x + (bug ? 1 : 0)] = a.in[threadIdx.x];
  __syncthreads();
  a.out[blockIdx.x * threads + threadIdx.x] = tile[threadIdx.x + (bug ? 1 : 0)];
}

/// An index beyond a static array.
template <bool bug>
__global__ void beyond_static(Arrays a) {
  __shared__ float tile[threads];
  const unsigned place = threadIdx.x + (bug ? 1 : 0);
  tile[place] = a.in[threadIdx.x];
  __syncthreads();
  a.out[blockIdx.x * threads + threadIdx.x] = tile[place];
}

}  // namespace kernels

namespace {

template <class Kernel>
void launch(sparcell::Context& context, const Arrays& arrays, Kernel kernel) {
  sparcell::device::launch(kernel,
                           {.grid = blocks,
                            .block = threads,
                            .shared = threads * sizeof(float),
                            .stream = sparcell::device::stream_of(context)},
                           arrays);
}

}  // namespace

// clang-format off
#define PLANTED(name, found, builds)                                                   \
  Case{#name, [](sparcell::Context& context, const Arrays& arrays, bool bug) {         \
         launch(context, arrays, bug ? kernels::name<true> : kernels::name<false>);    \
       }, found, builds}
// clang-format on

std::vector<Case> shared_memory_cases() {
  return {PLANTED(read_before_barrier, early_read, checked),
          PLANTED(overwrite_before_barrier, "race: ", checked),
          PLANTED(sum_without_order, "race: ", checked),
          PLANTED(read_unwritten, "uninitialised: ", checked),
          PLANTED(beyond_dynamic, "out of bounds: ", checked | address),
          PLANTED(beyond_static, "index out of the bounds", checked)};
}

}  // namespace planted

// Planted bugs in device memory.
#include "device/access.h"
#include "device/launch.h"
#include "device/reduce.h"
#include "planted/planted.h"

namespace planted {
namespace kernels {

/// A neighbour's number is read without a barrier.
template <bool bug>
__global__ void read_of_neighbour(Arrays a) {
  float* const mine = a.scratch + blockIdx.x * threads;
  mine[threadIdx.x] = a.in[threadIdx.x];
  if (!bug) __syncthreads();
  a.out[blockIdx.x * threads + threadIdx.x] = mine[(threadIdx.x + 33) % threads];
}

/// Both blocks write the same place.
template <bool bug>
__global__ void same_place(Arrays a) {
  const unsigned block = bug ? 0 : blockIdx.x;
  a.out[block * threads + threadIdx.x] = a.in[threadIdx.x];
}

/// The last block adds up what others wrote, without a fence before the ticket.
template <bool bug>
__global__ void last_without_fence(Arrays a) {
  a.scratch[blockIdx.x * threads + threadIdx.x] = a.in[threadIdx.x];
  bool last;
  if (bug) {
    __shared__ bool is_last;
    __syncthreads();
    if (threadIdx.x == 0) is_last = atomicInc(a.counter, blocks - 1) == blocks - 1;
    __syncthreads();
    last = is_last;
  } else {
    last = sparcell::device::is_last_block(a.counter);
  }
  if (last) a.out[threadIdx.x] = a.scratch[threadIdx.x] + a.scratch[threads + threadIdx.x];
}

/// A counter is read while others still count.
template <bool bug>
__global__ void plain_read_of_counter(Arrays a) {
  if (threadIdx.x == 0) atomicAdd(a.counter, 1u);
  const unsigned seen = bug ? *a.counter : 0;
  a.out[blockIdx.x * threads + threadIdx.x] = static_cast<float>(seen);
}

/// Scratch memory is read that nobody wrote.
template <bool bug>
__global__ void scratch_unwritten(Arrays a) {
  const unsigned i = blockIdx.x * threads + threadIdx.x;
  if (!bug || i % 2 == 0) a.scratch[i] = a.in[threadIdx.x];
  a.out[i] = a.scratch[i];
}

/// One element beyond the end is read.
template <bool bug>
__global__ void read_beyond(Arrays a) {
  a.out[blockIdx.x * threads + threadIdx.x] = a.in[threadIdx.x + (bug ? 1 : 0)];
}

/// One element beyond the end is written.
template <bool bug>
__global__ void write_beyond(Arrays a) {
  a.out[blockIdx.x * threads + threadIdx.x + (bug ? 1 : 0)] = a.in[threadIdx.x];
}

/// A vector is read from where no vector begins.
template <bool bug>
__global__ void misaligned_vector(Arrays a) {
  if (threadIdx.x >= threads / 4 - 1) return;
  const auto v = sparcell::device::load_vector<4>(a.in + threadIdx.x * 4 + (bug ? 1 : 0));
  a.out[blockIdx.x * threads + threadIdx.x] = v[0] + v[3];
}

/// A pointer to a thread's own array goes beyond it.
template <bool bug>
__global__ void beyond_own_array(Arrays a) {
  float own[8];
  for (float& number : own) number = a.in[threadIdx.x];
  const float* volatile first = own;
  a.out[blockIdx.x * threads + threadIdx.x] = first[threadIdx.x % 8 + (bug ? 1 : 0)];
}

/// A thread's own number is read when it is no longer there.
template <bool bug>
__global__ void after_its_scope(Arrays a) {
  const float* volatile place = a.in;
  {
    float own = a.in[threadIdx.x];
    const float* volatile inside = &own;
    if (bug) place = inside;
  }
  a.out[blockIdx.x * threads + threadIdx.x] = *place;
}

/// A shift by more bits than there are.
template <bool bug>
__global__ void wide_shift(Arrays a) {
  const int bits = static_cast<int>(a.in[threadIdx.x]) % (bug ? 64 : 31);
  a.out[blockIdx.x * threads + threadIdx.x] = static_cast<float>(1 << bits);
}

}  // namespace kernels

namespace {

template <class Kernel>
void launch(sparcell::Context& context, const Arrays& arrays, Kernel kernel) {
  sparcell::device::launch(
      kernel, {.grid = blocks, .block = threads, .stream = sparcell::device::stream_of(context)}, arrays);
}

}  // namespace

// clang-format off
#define PLANTED(name, found, builds)                                                   \
  Case{#name, [](sparcell::Context& context, const Arrays& arrays, bool bug) {         \
         launch(context, arrays, bug ? kernels::name<true> : kernels::name<false>);    \
       }, found, builds}
// clang-format on

std::vector<Case> global_memory_cases() {
  return {PLANTED(read_of_neighbour, early_read, checked),
          PLANTED(same_place, "race: ", checked),
          PLANTED(last_without_fence, "race: ", checked),
          PLANTED(plain_read_of_counter, "race: ", checked),
          PLANTED(scratch_unwritten, "uninitialised: ", checked),
          PLANTED(read_beyond, "out of bounds: ", checked | address),
          PLANTED(write_beyond, "an allocation of 512 bytes", every_build),
          PLANTED(misaligned_vector, "misaligned pointer", checked),
          PLANTED(wide_shift, "a shift out of bounds", checked),
          PLANTED(beyond_own_array, "out of bounds: stack-buffer-overflow", address),
          PLANTED(after_its_scope, "out of bounds: stack-use-after-scope", address)};
}

}  // namespace planted

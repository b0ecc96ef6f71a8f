#include "accesses/kernels.h"

#include "device/access.h"
#include "device/launch.h"

namespace accesses {
namespace kernels {

using sparcell::device::load, sparcell::device::load_vector, sparcell::device::store,
    sparcell::device::store_vector;

constexpr int warp = 32;

__global__ void copy(const float* in, float* out, int stride) {
  store(out + threadIdx.x, load(in + threadIdx.x * stride));
}

__global__ void copy_vectors(const float* in, float* out) {
  store_vector(out + 4 * threadIdx.x, load_vector<4>(in + 4 * threadIdx.x));
}

__global__ void broadcast(const float* in, float* out) { store(out + threadIdx.x, load(in)); }

__global__ void scatter_shared(int stride) {
  __shared__ float words[warp * warp];
  store(words + threadIdx.x * stride, 1.0f);
}

__global__ void store_shared_vectors() {
  __shared__ __align__(16) float words[4 * warp];
  store_vector<4>(words + 4 * threadIdx.x, {{1, 2, 3, 4}});
}

}  // namespace kernels

using sparcell::device::launch;

void copy(cudaStream_t stream, const float* in, float* out, int threads, int stride) {
  launch(kernels::copy, {.block = static_cast<unsigned>(threads), .stream = stream}, in, out, stride);
}
void copy_vectors(cudaStream_t stream, const float* in, float* out, int threads) {
  launch(kernels::copy_vectors, {.block = static_cast<unsigned>(threads), .stream = stream}, in, out);
}
void broadcast(cudaStream_t stream, const float* in, float* out, int threads) {
  launch(kernels::broadcast, {.block = static_cast<unsigned>(threads), .stream = stream}, in, out);
}
void scatter_shared(cudaStream_t stream, int stride) {
  launch(kernels::scatter_shared, {.block = kernels::warp, .stream = stream}, stride);
}
void store_shared_vectors(cudaStream_t stream) {
  launch(kernels::store_shared_vectors, {.block = kernels::warp, .stream = stream});
}

}  // namespace accesses

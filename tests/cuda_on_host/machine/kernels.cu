#include "machine/kernels.h"

#include "device/launch.h"

namespace machine {
namespace kernels {

__global__ void write(float* out, float value) { out[threadIdx.x] = value + static_cast<float>(threadIdx.x); }

__global__ void write_with_shared(float* out) { out[threadIdx.x] = static_cast<float>(threadIdx.x); }

__global__ void add_one(const float* in, float* out) { out[threadIdx.x] = in[threadIdx.x] + 1; }

__global__ void note_order(int* order) {
  const int place = atomicAdd(order, 1);
  order[1 + place] = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
}

}  // namespace kernels

using sparcell::device::launch;

void write(cudaStream_t stream, float* out, int count, float value) {
  launch(kernels::write, {.block = static_cast<unsigned>(count), .stream = stream}, out, value);
}

void add_one(cudaStream_t stream, const float* in, float* out, int count) {
  launch(kernels::add_one, {.block = static_cast<unsigned>(count), .stream = stream}, in, out);
}

void note_order(cudaStream_t stream, int* order, int blocks, int threads) {
  launch(kernels::note_order,
         {.grid = static_cast<unsigned>(blocks), .block = static_cast<unsigned>(threads), .stream = stream},
         order);
}

void write_with_shared(cudaStream_t stream, float* out, std::size_t bytes, bool asks) {
  if (asks) return launch(kernels::write_with_shared, {.shared = bytes, .stream = stream}, out);
  cudaLaunchConfig_t config{};
  config.gridDim = config.blockDim = dim3(1);
  config.dynamicSmemBytes = bytes;
  config.stream = stream;
  SPARCELL_CUDA_CHECK(cudaLaunchKernelEx(&config, kernels::write_with_shared, out));
}

}  // namespace machine

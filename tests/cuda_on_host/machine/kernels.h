// Kernels for the tests of the emulated machine.
#pragma once

#include <cuda_runtime_api.h>

namespace machine {

/// out[i] = value + index of the block and thread, for `count` threads of one block.
void write(cudaStream_t stream, float* out, int count, float value);
/// out[i] = in[i] + 1.
void add_one(cudaStream_t stream, const float* in, float* out, int count);
/// Appends the number of each thread to `order`, which begins with their count.
void note_order(cudaStream_t stream, int* order, int blocks, int threads);

/// As write, with so many bytes of dynamic shared memory: asked for as sparcell's launches do, or not.
void write_with_shared(cudaStream_t stream, float* out, std::size_t bytes, bool asks);

}  // namespace machine

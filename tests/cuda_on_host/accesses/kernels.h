// Kernels whose requests to memory can be counted by hand.
#pragma once

#include <cuda_runtime_api.h>

namespace accesses {

/// out[i] = in[i * stride], a number a thread, in one block.
void copy(cudaStream_t stream, const float* in, float* out, int threads, int stride);
/// The same for vectors of four; in[4 i ...].
void copy_vectors(cudaStream_t stream, const float* in, float* out, int threads);
/// Every thread reads in[0].
void broadcast(cudaStream_t stream, const float* in, float* out, int threads);
/// Thread i of one warp writes word i * stride of shared memory.
void scatter_shared(cudaStream_t stream, int stride);
/// Thread i of one warp writes 16 bytes of shared memory, behind those of its neighbour.
void store_shared_vectors(cudaStream_t stream);

}  // namespace accesses

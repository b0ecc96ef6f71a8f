// Random numbers: a thread computes one Philox block, four neighbouring elements of the stream, and a warp
// the 128 elements of 32 blocks. Where memory is aligned a thread stores its four at once; elsewhere they go
// through shared memory, so that a warp's stores are neighbours in either case.
#include "sparcell/ops/random.h"

#include "device/access.h"
#include "device/launch.h"
#include "math/philox.h"

namespace sparcell {
namespace kernels::random {

using device::load, device::load_vector, device::store, device::store_global_vector;

constexpr int threads = 256;
constexpr int width = 4;  // words of a Philox block, and floats of 16 bytes
constexpr int warp_elements = width * device::warp_size;
constexpr int block_elements = width * threads;

using Vector = device::Vector<float, width>;

struct Uniform {
  float low, high;

  __device__ __forceinline__ Vector operator()(const math::PhiloxBlock& block) const {
    Vector out;
#pragma unroll
    for (int k = 0; k < width; ++k) out[k] = math::fma(high - low, math::uniform<float>(block.word[k]), low);
    return out;
  }
};

struct Normal {
  float scale;

  __device__ __forceinline__ Vector operator()(const math::PhiloxBlock& block) const {
    Vector out;
#pragma unroll
    for (int k = 0; k < width; k += 2) {
      math::normal_pair(block.word[k], block.word[k + 1], out[k], out[k + 1]);
      out[k] *= scale;
      out[k + 1] *= scale;
    }
    return out;
  }
};

template <bool add>
__device__ __forceinline__ void put(float* to, float value) {
  store(to, add ? load(to) + value : value);
}

template <bool add>
__device__ __forceinline__ void put_vector(float* to, Vector value) {
  if constexpr (add) {
    const Vector before = load_vector<width>(to);
#pragma unroll
    for (int k = 0; k < width; ++k) value[k] = before[k] + value[k];
  }
  store_global_vector(to, value);
}

template <class Draw, bool add, bool aligned>
__global__ void __launch_bounds__(threads)
    draw_elements(RandomStream random_stream, Draw draw, float* out, std::int64_t size) {
  const math::PhiloxStream stream(random_stream);
  const int lane = threadIdx.x % device::warp_size;
  const std::int64_t step = device::grid_threads() * width;
  for (std::int64_t first = (device::grid_thread() - lane) * width; first < size; first += step) {
    const std::int64_t mine = first + lane * width;
    const Vector value = draw(stream.block(static_cast<std::uint64_t>(mine / width)));
    if constexpr (aligned) {
      if (mine + width <= size) {
        put_vector<add>(out + mine, value);
      } else {
#pragma unroll
        for (int k = 0; k < width; ++k) {
          if (mine + k < size) put<add>(out + mine + k, value[k]);
        }
      }
    } else {
      __shared__ Vector blocks[threads];
      const Vector* const warp_blocks = blocks + (threadIdx.x - lane);
      store(blocks + threadIdx.x, value);
      __syncwarp();
#pragma unroll
      for (int k = 0; k < warp_elements; k += device::warp_size) {
        if (first + k + lane < size) put<add>(out + first + k + lane, load(warp_blocks->element + k + lane));
      }
      __syncwarp();  // the next round writes `blocks`
    }
  }
}

template <bool add, class Draw>
void launch_draw(Context& context, const RandomStream& stream, Draw draw, std::span<float> out) {
  const auto size = static_cast<std::int64_t>(out.size());
  device::launch(
      device::aligned<width>(out.data()) ? draw_elements<Draw, add, true> : draw_elements<Draw, add, false>,
      {.grid = device::blocks_for(size, block_elements),
       .block = threads,
       .stream = device::stream_of(context)},
      stream, draw, out.data(), size);
}

}  // namespace kernels::random

template <class T>
void cuda::fill_uniform(Context& context, RandomStream stream, T low, T high, std::span<T> out) {
  kernels::random::launch_draw<false>(context, stream, kernels::random::Uniform{low, high}, out);
}
SPARCELL_INSTANTIATE_CUDA(cuda::fill_uniform);

template <class T>
void cuda::fill_normal(Context& context, RandomStream stream, T scale, std::span<T> out) {
  kernels::random::launch_draw<false>(context, stream, kernels::random::Normal{scale}, out);
}
SPARCELL_INSTANTIATE_CUDA(cuda::fill_normal);

template <class T>
void cuda::add_normal(Context& context, RandomStream stream, T scale, std::span<T> out) {
  kernels::random::launch_draw<true>(context, stream, kernels::random::Normal{scale}, out);
}
SPARCELL_INSTANTIATE_CUDA(cuda::add_normal);

}  // namespace sparcell

#include "sparcell/ops/random.h"

#include <algorithm>

#include "math/philox.h"
#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

constexpr std::int64_t blocks_per_tile = 64;  // words of a tile stay in registers and L1, and its loops vectorize
constexpr std::int64_t tile = 4 * blocks_per_tile;

/// Calls use(first element, count, words) for tiles of the stream.
template <class Use>
void for_each_tile(Context& context, const RandomStream& random_stream, std::int64_t size, Use&& use) {
  const math::PhiloxStream stream(random_stream);
  parallel_for(context.threads(), (size + tile - 1) / tile, 16, [&](std::int64_t t) {
    std::uint32_t words[4][blocks_per_tile];
    for (std::int64_t b = 0; b < blocks_per_tile; ++b) {
      const math::PhiloxBlock block = stream.block(static_cast<std::uint64_t>(t * blocks_per_tile + b));
      for (int lane = 0; lane < 4; ++lane) words[lane][b] = block.word[lane];
    }
    use(t * tile, std::min(tile, size - t * tile), words);
  });
}

template <class T, class Store>
void normals(Context& context, const RandomStream& stream, std::int64_t size, Store&& store) {
  for_each_tile(context, stream, size, [&](std::int64_t first, std::int64_t count, auto& words) {
    T values[4][blocks_per_tile];
    for (int pair = 0; pair < 4; pair += 2) {
      for (std::int64_t b = 0; b < blocks_per_tile; ++b) {
        math::normal_pair<T>(words[pair][b], words[pair + 1][b], values[pair][b], values[pair + 1][b]);
      }
    }
    for (std::int64_t i = 0; i < count; ++i) store(first + i, values[i % 4][i / 4]);
  });
}

}  // namespace

template <class T>
void cpu::fill_uniform(Context& context, RandomStream stream, T low, T high, std::span<T> out) {
  for_each_tile(context, stream, static_cast<std::int64_t>(out.size()),
                [&](std::int64_t first, std::int64_t count, auto& words) {
                  for (std::int64_t i = 0; i < count; ++i) {
                    out[first + i] = math::fma(high - low, math::uniform<T>(words[i % 4][i / 4]), low);
                  }
                });
}
SPARCELL_INSTANTIATE(cpu::fill_uniform);

template <class T>
void cpu::fill_normal(Context& context, RandomStream stream, T scale, std::span<T> out) {
  normals<T>(context, stream, static_cast<std::int64_t>(out.size()),
             [&](std::int64_t i, T value) { out[i] = scale * value; });
}
SPARCELL_INSTANTIATE(cpu::fill_normal);

template <class T>
void cpu::add_normal(Context& context, RandomStream stream, T scale, std::span<T> out) {
  normals<T>(context, stream, static_cast<std::int64_t>(out.size()),
             [&](std::int64_t i, T value) { out[i] += scale * value; });
}
SPARCELL_INSTANTIATE(cpu::add_normal);

}  // namespace sparcell

#include "sparcell/ops/random.h"

#include <algorithm>

#include "cpu/stream_words.h"
#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

constexpr std::int64_t tile = cpu::long_tile;

/// Calls use(first element, count) for tiles of a stream.
template <class Use>
void for_each_tile(Context& context, std::int64_t size, Use&& use) {
  parallel_for(context.threads(), (size + tile - 1) / tile, 16,
               [&](std::int64_t t) { use(t * tile, std::min(tile, size - t * tile)); });
}

template <class T, class Store>
void normals(Context& context, const RandomStream& random_stream, std::int64_t size, Store&& store) {
  const math::PhiloxStream stream(random_stream);
  for_each_tile(context, size, [&](std::int64_t first, std::int64_t count) {
    T values[tile];
    cpu::draw_normals(stream, static_cast<std::uint64_t>(first), count, values);
    for (std::int64_t i = 0; i < count; ++i) store(first + i, values[i]);
  });
}

}  // namespace

template <class T>
void cpu::fill_uniform(Context& context, RandomStream random_stream, T low, T high, std::span<T> out) {
  const math::PhiloxStream stream(random_stream);
  for_each_tile(context, static_cast<std::int64_t>(out.size()), [&](std::int64_t first, std::int64_t count) {
    const StreamWords<tile> words(stream, static_cast<std::uint64_t>(first));
    for (std::int64_t i = 0; i < count; ++i)
      out[first + i] = math::fma(high - low, math::uniform<T>(words.begin()[i]), low);
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

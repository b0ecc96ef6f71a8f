// Square tiles that fit in L1 with both of their sides.
#include "sparcell/ops/transpose.h"

#include <algorithm>

#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

constexpr std::int64_t tile = 32;

}  // namespace

template <class T>
void cpu::transpose(Context& context, MatrixView<const T> in, MatrixView<T> out) {
  parallel_for(context.threads(), (in.cols + tile - 1) / tile, 1, [&](std::int64_t t) {
    const std::int64_t first = t * tile, last = std::min(first + tile, in.cols);
    for (std::int64_t r = 0; r < in.rows; r += tile) {
      const std::int64_t end = std::min(r + tile, in.rows);
      for (std::int64_t c = first; c < last; ++c) {
        for (std::int64_t i = r; i < end; ++i) out(c, i) = in(i, c);
      }
    }
  });
}
SPARCELL_INSTANTIATE(cpu::transpose);

}  // namespace sparcell

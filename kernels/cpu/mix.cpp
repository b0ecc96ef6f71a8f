#include "sparcell/ops/mix.h"

#include "cpu/rows.h"
#include "math/mix.h"
#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

/// Replaces entries of one row whose first element in the stream is `first`.
template <class T>
void mix_row(const GeneValues<T>& other, const math::PhiloxStream& stream, std::uint64_t first, double share,
             std::int64_t cols, T* row) {
  math::PhiloxBlock block{};
  for (std::int64_t c = 0; c < cols; ++c) {
    const std::uint64_t element = first + static_cast<std::uint64_t>(c);
    if (c == 0 || element % 4 == 0) block = stream.block(element / 4);
    const double number = math::mixing_number(block.word[element % 4]);
    if (number >= share) continue;
    const std::int64_t from = math::mixed_from(other, other.offsets[c], other.offsets[c + 1], number, share);
    row[c] = from < 0 ? T(0) : other.values[from];
  }
}

}  // namespace

template <class T>
void cpu::gather_mixed(Context& context, CsrView<const T> x, BatchRows rows, GeneValues<T> other,
                       double probability, RandomStream shares, RandomStream draws, MatrixView<T> out,
                       std::span<const T> mean, std::span<const T> inverse_scale,
                       MatrixView<T> standardized) {
  const math::PhiloxStream share_stream(shares), draw_stream(draws);
  parallel_for(context.threads(), rows.count, 4, [&](std::int64_t i) {
    T* row = out.row(i);
    densify(x, row_of(rows, i), {}, {}, row);
    if (probability > 0) {
      const auto cell = static_cast<std::uint64_t>(i);
      const double share = probability * math::uniform<double>(share_stream.word(cell));
      mix_row(other, draw_stream, cell * static_cast<std::uint64_t>(x.cols), share, x.cols, row);
    }
    if (standardized.data == nullptr) return;
    T* seen = standardized.row(i);
    for (std::int64_t c = 0; c < x.cols; ++c) seen[c] = (row[c] - mean[c]) * inverse_scale[c];
  });
}
SPARCELL_INSTANTIATE(cpu::gather_mixed);

}  // namespace sparcell

// A batch with replaced entries: as gather.cu, a block spreads a tile of one row in shared memory; on its way
// out an entry may be exchanged for a stored value of its gene. Draws are made where they are used; the
// values that they name lie anywhere.
#include "sparcell/ops/mix.h"

#include "device/access.h"
#include "device/launch.h"
#include "device/random.h"
#include "device/rows.h"
#include "device/slab.h"
#include "device/sparse.h"
#include "math/mix.h"

namespace sparcell {
namespace kernels::mix {

using device::Columns, device::Four, device::four, device::load;

constexpr int threads = 256;
constexpr int width = device::own_columns;
constexpr std::int64_t tile_columns = 4096;

/// The entries of four columns after mixing; `first` is the stream's element of the first of them.
__device__ __forceinline__ Four mixed(const GeneValues<float>& other, const math::PhiloxStream& draws,
                                      std::int64_t first, double share, const Columns& columns,
                                      const Four& own) {
  const double cells = math::mixed_cells(other.cells, share);
  using Words = device::Vector<std::uint32_t, width>;
  const Words words = device::four_elements(draws, first, [](const math::PhiloxBlock& block) {
    return Words{{block.word[0], block.word[1], block.word[2], block.word[3]}};
  });
  return four([&](int k) {
    const double number = math::mixing_number(words[k]);
    if (k >= columns.count || number >= share) return own[k];
    const std::int64_t gene = columns.column + k;
    const std::int64_t from =
        math::mixed_from(load(other.offsets + gene), load(other.offsets + gene + 1), number, cells);
    return from < 0 ? 0.0f : load(other.values + from);
  });
}

/// access: 4 where every row can be cut into aligned vectors, else 1.
template <int access>
__global__ void __launch_bounds__(threads)
    gather_mixed(CsrView<const float> x, BatchRows rows, GeneValues<float> other, double probability,
                 RandomStream shares, RandomStream draws, MatrixView<float> out, const float* mean,
                 const float* inverse_scale, MatrixView<float> standardized) {
  __shared__ __align__(16) float values[tile_columns];
  const math::PhiloxStream share_stream(shares), draw_stream(draws);
  const std::int64_t tiles = (x.cols + tile_columns - 1) / tile_columns;
  device::for_each_in_blocks(rows.count * tiles, [&](std::int64_t item) {
    const std::int64_t i = item / tiles, begin = item % tiles * tile_columns;
    const std::int64_t left = x.cols - begin, count = left < tile_columns ? left : tile_columns;
    const auto entries = device::entries_of(x, device::row_of(rows, i), begin, begin + count);
    const std::int64_t vectors = (count + width - 1) / width;
    device::for_each_in_block(vectors,
                              [&](std::int64_t v) { device::store_vector(values + v * width, Four{}); });
    __syncthreads();
    device::for_each_in_block(entries.count(), [&](std::int64_t k) {
      values[load(x.indices + entries.first + k) - begin] = load(x.values + entries.first + k);
    });
    __syncthreads();
    double share = 0;
    if (probability > 0)
      share = probability * math::uniform<double>(share_stream.word(static_cast<std::uint64_t>(i)));
    device::for_each_in_block(vectors, [&](std::int64_t v) {
      const Columns columns = device::columns_at(begin / width + v, x.cols);
      Four value = device::load_vector<width>(values + v * width);
      if (share > 0) value = mixed(other, draw_stream, i * x.cols + columns.column, share, columns, value);
      columns.store<access>(out.row(i), value);
      if (standardized.data == nullptr) return;
      const Four m = columns.load<access>(mean), s = columns.load<access>(inverse_scale);
      columns.store<access>(standardized.row(i), four([&](int k) { return (value[k] - m[k]) * s[k]; }));
    });
    __syncthreads();  // before the next tile overwrites this one
  });
}

}  // namespace kernels::mix

template <class T>
void cuda::gather_mixed(Context& context, CsrView<const T> x, BatchRows rows, Mixing<T> mixing, MatrixView<T> out,
                        Standardization<T> standardization, MatrixView<T> standardized) {
  using namespace kernels::mix;
  const std::span<const T> mean = standardization.mean, inverse_scale = standardization.inverse_scale;
  const bool aligned = device::aligned_rows<width>(out) && device::aligned_rows<width>(standardized) &&
                       device::aligned<width>(mean.data()) && device::aligned<width>(inverse_scale.data());
  const std::int64_t tiles = (x.cols + tile_columns - 1) / tile_columns;
  device::with_width<width>(aligned, [&](auto constant) {
    device::launch(kernels::mix::gather_mixed<constant>,
                   {.grid = device::blocks_for(rows.count * tiles, 1),
                    .block = threads,
                    .stream = device::stream_of(context)},
                   x, rows, mixing.other, mixing.probability, mixing.shares, mixing.draws, out, device::data_or_null(mean),
                   device::data_or_null(inverse_scale), standardized);
  });
}
SPARCELL_INSTANTIATE_CUDA(cuda::gather_mixed);

}  // namespace sparcell

#include "evaluate/blocks.h"

#include <numeric>

#include "math/philox.h"
#include "sparcell/core/parallel.h"

namespace sparcell {

RealBlocks::RealBlocks(Context& context, const Csr<float>& x)
    : x_(x),
      host_(static_cast<std::size_t>(evaluation_block * x.cols)),
      device_(context, evaluation_block * x.cols),
      context_(context) {}

MatrixView<const float> RealBlocks::load(std::span<const std::int32_t> cells) {
  const MatrixView<float> block{device_.data(), static_cast<std::int64_t>(cells.size()), x_.cols};
  copy(cells, block);
  return block;
}

void RealBlocks::copy(std::span<const std::int32_t> cells, MatrixView<float> out) {
  const auto rows = static_cast<std::int64_t>(cells.size());
  parallel_for(context_.threads(), rows, 16, [&](std::int64_t i) {
    float* const values = host_.data() + i * x_.cols;
    std::fill_n(values, x_.cols, 0.0f);
    for (std::int64_t p = x_.offsets[cells[i]]; p < x_.offsets[cells[i] + 1]; ++p)
      values[x_.indices[p]] = x_.values[p];
  });
  context_.memory().copy_to_device(out.data, host_.data(),
                                   static_cast<std::size_t>(rows * x_.cols) * sizeof(float));
}

std::vector<std::int32_t> random_order(std::int64_t count, const RandomStream& stream) {
  const math::PhiloxStream philox(stream);
  std::vector<std::pair<std::uint32_t, std::int32_t>> keyed(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    keyed[i] = {philox.word(static_cast<std::uint64_t>(i)), static_cast<std::int32_t>(i)};
  }
  std::sort(keyed.begin(), keyed.end());
  std::vector<std::int32_t> order;
  order.reserve(keyed.size());
  for (const auto& [key, i] : keyed) order.push_back(i);
  return order;
}

}  // namespace sparcell

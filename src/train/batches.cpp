#include "train/batches.h"

#include <algorithm>
#include <utility>

#include "math/philox.h"

namespace sparcell {

std::int64_t batch_count(std::int64_t cells, std::int64_t batch) {
  const std::int64_t batches = (cells + batch - 1) / batch;
  return batches > 1 && cells % batch == 1 ? batches - 1 : batches;
}

std::vector<std::int32_t> shuffled(const std::vector<std::int32_t>& cells,
                                   const RandomStream& random_stream) {
  const math::PhiloxStream stream(random_stream);
  std::vector<std::pair<std::uint64_t, std::int32_t>> keyed(cells.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::uint64_t high = stream.word(2 * i), low = stream.word(2 * i + 1);
    keyed[i] = {high << 32 | low, cells[i]};
  }
  std::sort(keyed.begin(), keyed.end());
  std::vector<std::int32_t> order(cells.size());
  std::transform(keyed.begin(), keyed.end(), order.begin(), [](const auto& key) { return key.second; });
  return order;
}

}  // namespace sparcell

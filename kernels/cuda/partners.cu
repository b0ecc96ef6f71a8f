// Partners of a batch: a thread takes a cell. A batch is a few hundred cells: one launch of little work.
#include "sparcell/ops/partners.h"

#include "device/access.h"
#include "device/launch.h"
#include "device/rows.h"
#include "math/partners.h"

namespace sparcell {
namespace kernels::partners {

constexpr int threads = 128;

__global__ void __launch_bounds__(threads)
    draw_partners(BatchRows rows, const std::int32_t* partners, std::int64_t count, double share,
                  RandomStream draws, std::int32_t* out) {
  const math::PhiloxStream stream(draws);
  device::for_each_in_grid(rows.count, [&](std::int64_t i) {
    const std::int64_t partner = math::partner_of(stream, i, count, share);
    const auto row =
        partner < 0 ? static_cast<std::int32_t>(device::row_of(rows, i)) : device::load(partners + partner);
    device::store(out + i, row);
  });
}

}  // namespace kernels::partners

template <class T>
void cuda::draw_partners(Context& context, BatchRows rows, std::span<const std::int32_t> partners,
                         double share, RandomStream draws, std::span<std::int32_t> out) {
  using namespace kernels::partners;
  device::launch(kernels::partners::draw_partners,
                 {.grid = device::blocks_for(rows.count, threads),
                  .block = threads,
                  .stream = device::stream_of(context)},
                 rows, device::data_or_null(partners), std::ssize(partners), share, draws, out.data());
}
SPARCELL_INSTANTIATE_CUDA(cuda::draw_partners);

}  // namespace sparcell

#include "sparcell/ops/partners.h"

#include "cpu/rows.h"
#include "math/partners.h"

namespace sparcell {

template <class T>
void cpu::draw_partners(Context&, BatchRows rows, std::span<const std::int32_t> partners, double share,
                        RandomStream draws, std::span<std::int32_t> out) {
  const math::PhiloxStream stream(draws);
  for (std::int64_t i = 0; i < rows.count; ++i) {
    const std::int64_t partner = math::partner_of(stream, i, std::ssize(partners), share);
    out[i] = partner < 0 ? static_cast<std::int32_t>(row_of(rows, i)) : partners[partner];
  }
}
SPARCELL_INSTANTIATE(cpu::draw_partners);

}  // namespace sparcell

#include "sparcell/ops/partners.h"

#include "ops/dispatch.h"

namespace sparcell {

template <class T>
void draw_partners(Context& context, BatchRows rows, std::span<const std::int32_t> partners, double share,
                   RandomStream draws, std::span<std::int32_t> out) {
  require(share >= 0 && share <= 1, "draw_partners: a share of {}", share);
  require(share == 0 || !partners.empty(), "draw_partners: no partners to draw from");
  require(std::ssize(out) == rows.count, "draw_partners: out has {} elements for {} rows", out.size(),
          rows.count);
  if (out.empty()) return;
  SPARCELL_DISPATCH(draw_partners, context, rows, partners, share, draws, out);
}
SPARCELL_INSTANTIATE(draw_partners);

}  // namespace sparcell

#include "sparcell/ops/random.h"

#include "ops/dispatch.h"

namespace sparcell {

template <class T>
void fill_uniform(Context& context, RandomStream stream, T low, T high, std::span<T> out) {
  require(low <= high, "fill_uniform: low is {}, above high, {}", low, high);
  if (out.empty()) return;
  SPARCELL_DISPATCH(fill_uniform, context, stream, low, high, out);
}
SPARCELL_INSTANTIATE(fill_uniform);

template <class T>
void fill_normal(Context& context, RandomStream stream, T scale, std::span<T> out) {
  if (out.empty()) return;
  SPARCELL_DISPATCH(fill_normal, context, stream, scale, out);
}
SPARCELL_INSTANTIATE(fill_normal);

template <class T>
void add_normal(Context& context, RandomStream stream, T scale, std::span<T> out) {
  if (out.empty()) return;
  SPARCELL_DISPATCH(add_normal, context, stream, scale, out);
}
SPARCELL_INSTANTIATE(add_normal);

}  // namespace sparcell

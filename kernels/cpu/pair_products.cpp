#include "sparcell/ops/pair_products.h"

#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

/// out(r, c) = value(r, c).
template <class T, class Value>
void fill(Context& context, MatrixView<T> out, Value&& value) {
  parallel_for(context.threads(), out.rows, 64, [&](std::int64_t r) {
    T* const to = out.row(r);
    for (std::int64_t c = 0; c < out.cols; ++c) to[c] = value(r, c);
  });
}

}  // namespace

template <class T>
void cpu::elementwise_product(Context& context, MatrixView<const T> a, MatrixView<const T> b,
                              MatrixView<T> out) {
  fill(context, out, [&](std::int64_t r, std::int64_t c) { return a(r, c) * b(r, c); });
}
SPARCELL_INSTANTIATE(cpu::elementwise_product);

template <class T>
void cpu::pair_products(Context& context, MatrixView<const T> sums, MatrixView<const T> squares,
                        MatrixView<T> out) {
  fill(context, out,
       [&](std::int64_t r, std::int64_t c) { return (sums(r, c) * sums(r, c) - squares(r, c)) / T(2); });
}
SPARCELL_INSTANTIATE(cpu::pair_products);

template <class T>
void cpu::pair_products_backward(Context& context, MatrixView<const T> q, MatrixView<const T> with_sums,
                                 MatrixView<const T> plain, MatrixView<T> grad) {
  fill(context, grad,
       [&](std::int64_t r, std::int64_t c) { return with_sums(r, c) - q(r, c) * plain(r, c); });
}
SPARCELL_INSTANTIATE(cpu::pair_products_backward);

}  // namespace sparcell

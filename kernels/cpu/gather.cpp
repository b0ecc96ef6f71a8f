#include "sparcell/ops/gather.h"

#include "cpu/rows.h"
#include "sparcell/core/parallel.h"

namespace sparcell {

template <class T>
void cpu::gather_dense(Context& context, CsrView<const T> x, BatchRows rows, std::span<const T> mean,
                       std::span<const T> inverse_scale, MatrixView<T> out) {
  parallel_for(context.threads(), rows.count, 8,
               [&](std::int64_t i) { densify(x, row_of(rows, i), mean, inverse_scale, out.row(i)); });
}
SPARCELL_INSTANTIATE(cpu::gather_dense);

}  // namespace sparcell

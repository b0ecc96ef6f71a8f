#include "sparcell/ops/gather.h"

#include "cpu/rows.h"
#include "sparcell/core/parallel.h"

namespace sparcell {

template <class T>
void cpu::gather_dense(Context& context, CsrView<const T> x, BatchRows rows,
                       Standardization<T> standardization, MatrixView<T> out) {
  parallel_for(context.threads(), rows.count, 8,
               [&](std::int64_t i) { densify(x, row_of(rows, i), standardization, out.row(i)); });
}
SPARCELL_INSTANTIATE(cpu::gather_dense);

}  // namespace sparcell

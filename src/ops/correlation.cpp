#include "sparcell/ops/correlation.h"

#include "ops/dispatch.h"

namespace sparcell {

template <class T>
void standardize_rows(Context& context, MatrixView<T> rows) {
  if (rows.size() == 0) return;
  SPARCELL_DISPATCH(standardize_rows, context, rows);
}
SPARCELL_INSTANTIATE(standardize_rows);

}  // namespace sparcell

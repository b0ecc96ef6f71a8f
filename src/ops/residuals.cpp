#include "sparcell/ops/residuals.h"

#include "ops/dispatch.h"

namespace sparcell {

template <class T>
void residual_moments(Context& context, MatrixView<const T> real, MatrixView<const T> predicted, MomentsOf of,
                      std::span<const double> shift, MatrixView<double> moments) {
  require(real.rows == predicted.rows && real.cols == predicted.cols,
          "residual_moments: {} x {} real, {} x {} predicted", real.rows, real.cols, predicted.rows,
          predicted.cols);
  require(static_cast<std::int64_t>(shift.size()) == real.cols, "residual_moments: {} shifts for {} genes",
          shift.size(), real.cols);
  require(moments.rows == residual_moments_count && moments.cols == real.cols,
          "residual_moments: moments is {} x {}, expected {} x {}", moments.rows, moments.cols,
          residual_moments_count, real.cols);
  if (real.size() == 0) return;
  SPARCELL_DISPATCH(residual_moments, context, real, predicted, of, shift, moments);
}
SPARCELL_INSTANTIATE(residual_moments);

template <class T>
void squared_errors(Context& context, MatrixView<const T> real, MatrixView<const T> predicted,
                    std::span<double> errors) {
  require(real.rows == predicted.rows && real.cols == predicted.cols,
          "squared_errors: {} x {} real, {} x {} predicted", real.rows, real.cols, predicted.rows,
          predicted.cols);
  require(static_cast<std::int64_t>(errors.size()) == real.rows, "squared_errors: {} errors for {} cells",
          errors.size(), real.rows);
  if (real.rows == 0) return;
  SPARCELL_DISPATCH(squared_errors, context, real, predicted, errors);
}
SPARCELL_INSTANTIATE(squared_errors);

}  // namespace sparcell

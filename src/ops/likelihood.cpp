#include "sparcell/ops/likelihood.h"

#include "ops/dispatch.h"

namespace sparcell {
namespace {

template <class T>
void check_shape(const char* op, const char* what, MatrixView<T> view, std::int64_t rows, std::int64_t cols) {
  require(view.data == nullptr || (view.rows == rows && view.cols == cols),
          "{}: {} is {} x {}, expected {} x {}", op, what, view.rows, view.cols, rows, cols);
}

template <class T>
std::int64_t size_of(std::span<T> span) {
  return static_cast<std::int64_t>(span.size());
}

}  // namespace

template <class T>
void count_loss(Context& context, CountForm form, MatrixView<const T> outputs,
                const Dispersion<T>& dispersion, std::span<const T> log_library, CsrView<const T> counts,
                BatchRows rows, double loss_scale, double gradient_scale, double* loss,
                std::span<double> cell_losses, MatrixView<T> gradient, MatrixView<T> by_log_dispersion) {
  require(outputs.rows == rows.count && outputs.cols == form.columns(counts.cols),
          "count_loss: outputs are {} x {}, expected {} x {}", outputs.rows, outputs.cols, rows.count,
          form.columns(counts.cols));
  require(dispersion.log.rows >= 1 && dispersion.log.cols == counts.cols,
          "count_loss: dispersions are {} x {}, there are {} genes", dispersion.log.rows, dispersion.log.cols,
          counts.cols);
  require(dispersion.group_of.empty() || size_of(dispersion.group_of) == counts.rows,
          "count_loss: {} groups of {} cells", dispersion.group_of.size(), counts.rows);
  require(log_library.empty() || size_of(log_library) == counts.rows,
          "count_loss: {} library sizes of {} cells", log_library.size(), counts.rows);
  require(cell_losses.empty() || size_of(cell_losses) == rows.count, "count_loss: {} losses of {} cells",
          cell_losses.size(), rows.count);
  check_shape("count_loss", "the gradient", gradient, outputs.rows, outputs.cols);
  check_shape("count_loss", "the dispersions' gradient", by_log_dispersion, outputs.rows, counts.cols);
  if (rows.count == 0 || counts.cols == 0) return;
  SPARCELL_DISPATCH(count_loss, context, form, outputs, dispersion, log_library, counts, rows, loss_scale,
                    gradient_scale, loss, cell_losses, gradient, by_log_dispersion);
}
SPARCELL_INSTANTIATE(count_loss);

template <class T>
void gaussian_loss(Context& context, MatrixView<const T> prediction, std::span<const T> log_variance,
                   CsrView<const T> x, BatchRows rows, std::span<const T> mean,
                   std::span<const T> inverse_scale, double loss_scale, double gradient_scale, double* loss,
                   std::span<double> cell_losses, MatrixView<T> gradient, MatrixView<T> by_log_variance) {
  require(prediction.rows == rows.count && prediction.cols == x.cols,
          "gaussian_loss: the prediction is {} x {}, the target {} x {}", prediction.rows, prediction.cols,
          rows.count, x.cols);
  require(size_of(log_variance) == 1 || size_of(log_variance) == x.cols,
          "gaussian_loss: {} variances for {} columns", log_variance.size(), x.cols);
  require(mean.size() == inverse_scale.size() && (mean.empty() || size_of(mean) == x.cols),
          "gaussian_loss: {} means and {} scales for {} columns", mean.size(), inverse_scale.size(), x.cols);
  require(cell_losses.empty() || size_of(cell_losses) == rows.count, "gaussian_loss: {} losses of {} cells",
          cell_losses.size(), rows.count);
  check_shape("gaussian_loss", "the gradient", gradient, prediction.rows, prediction.cols);
  check_shape("gaussian_loss", "the variances' gradient", by_log_variance, prediction.rows, prediction.cols);
  if (prediction.size() == 0) return;
  SPARCELL_DISPATCH(gaussian_loss, context, prediction, log_variance, x, rows, mean, inverse_scale,
                    loss_scale, gradient_scale, loss, cell_losses, gradient, by_log_variance);
}
SPARCELL_INSTANTIATE(gaussian_loss);

template <class T>
void add_rows_by_group(Context& context, MatrixView<const T> values, BatchRows rows,
                       std::span<const std::int32_t> group_of, MatrixView<T> sums) {
  require(values.rows == rows.count && values.cols == sums.cols,
          "add_rows_by_group: values are {} x {}, sums {} x {} for {} rows", values.rows, values.cols,
          sums.rows, sums.cols, rows.count);
  if (values.size() == 0) return;
  require(sums.rows >= 1, "add_rows_by_group: there is no group");
  SPARCELL_DISPATCH(add_rows_by_group, context, values, rows, group_of, sums);
}
SPARCELL_INSTANTIATE(add_rows_by_group);

}  // namespace sparcell

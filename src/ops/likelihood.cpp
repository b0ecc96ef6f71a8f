#include "sparcell/ops/likelihood.h"

#include "ops/dispatch.h"
#include "ops/standardization_checks.h"

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

/// Of `cells` rows of `outputs` columns, about `genes` genes.
template <class T>
void check_results(const char* op, const LikelihoodResults<T>& results, std::int64_t cells,
                   std::int64_t outputs, std::int64_t genes) {
  require(results.cell_losses.empty() || size_of(results.cell_losses) == cells, "{}: {} losses of {} cells",
          op, results.cell_losses.size(), cells);
  check_shape(op, "the gradient", results.gradient, cells, outputs);
  check_shape(op, "the shared parameters' gradient", results.by_shared, cells, genes);
}

template <class T>
void check_counts(const char* op, CountForm form, MatrixView<const T> outputs,
                  const Dispersion<T>& dispersion, std::span<const T> log_library,
                  const CsrView<const T>& counts, const BatchRows& rows,
                  const LikelihoodResults<T>& results) {
  require(outputs.rows == rows.count && outputs.cols == form.columns(counts.cols),
          "{}: outputs are {} x {}, expected {} x {}", op, outputs.rows, outputs.cols, rows.count,
          form.columns(counts.cols));
  require(dispersion.log.rows >= 1 && dispersion.log.cols == counts.cols,
          "{}: dispersions are {} x {}, there are {} genes", op, dispersion.log.rows, dispersion.log.cols,
          counts.cols);
  require(dispersion.group_of.empty() || size_of(dispersion.group_of) == counts.rows,
          "{}: {} groups of {} cells", op, dispersion.group_of.size(), counts.rows);
  require(log_library.empty() || size_of(log_library) == counts.rows, "{}: {} library sizes of {} cells", op,
          log_library.size(), counts.rows);
  check_results(op, results, outputs.rows, outputs.cols, counts.cols);
}

}  // namespace

template <class T>
void count_loss(Context& context, CountForm form, MatrixView<const T> outputs,
                const Dispersion<T>& dispersion, std::span<const T> log_library, CsrView<const T> counts,
                BatchRows rows, LossTerm loss, LikelihoodResults<T> results) {
  check_counts<T>("count_loss", form, outputs, dispersion, log_library, counts, rows, results);
  if (rows.count == 0 || counts.cols == 0) return;
  SPARCELL_DISPATCH(count_loss, context, form, outputs, dispersion, log_library, counts, rows, loss, results);
}
SPARCELL_INSTANTIATE(count_loss);

template <class T>
void count_loss_of_shares(Context& context, double total, CountForm form, MatrixView<T> outputs,
                          const Dispersion<T>& dispersion, std::span<const T> log_library,
                          CsrView<const T> counts, BatchRows rows, LossTerm loss,
                          LikelihoodResults<T> results) {
  require(total > 0, "count_loss_of_shares: a total of {}, expected above 0", total);
  check_counts<T>("count_loss_of_shares", form, outputs, dispersion, log_library, counts, rows, results);
  if (rows.count == 0 || counts.cols == 0) return;
  SPARCELL_DISPATCH(count_loss_of_shares, context, total, form, outputs, dispersion, log_library, counts,
                    rows, loss, results);
}
SPARCELL_INSTANTIATE(count_loss_of_shares);

template <class T>
void gaussian_loss(Context& context, MatrixView<const T> prediction, std::span<const T> log_variance,
                   CsrView<const T> x, BatchRows rows, Standardization<T> standardization, LossTerm loss,
                   LikelihoodResults<T> results) {
  require(prediction.rows == rows.count && prediction.cols == x.cols,
          "gaussian_loss: the prediction is {} x {}, the target {} x {}", prediction.rows, prediction.cols,
          rows.count, x.cols);
  require(size_of(log_variance) == 1 || size_of(log_variance) == x.cols,
          "gaussian_loss: {} variances for {} columns", log_variance.size(), x.cols);
  check_standardization("gaussian_loss", standardization, x.cols);
  check_results("gaussian_loss", results, prediction.rows, prediction.cols, x.cols);
  if (prediction.size() == 0) return;
  SPARCELL_DISPATCH(gaussian_loss, context, prediction, log_variance, x, rows, standardization, loss,
                    results);
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

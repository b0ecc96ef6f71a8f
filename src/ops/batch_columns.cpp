#include "sparcell/ops/batch_columns.h"

#include "ops/dispatch.h"

namespace sparcell {
namespace {

template <class T>
void check_standardization(const char* op, std::int64_t genes, std::span<const T> mean,
                           std::span<const T> inverse_scale) {
  const auto means = static_cast<std::int64_t>(mean.size());
  require(mean.size() == inverse_scale.size() && (means == 0 || means == genes),
          "{}: {} means and {} scales for {} genes", op, means, inverse_scale.size(), genes);
}

}  // namespace

template <class T>
void find_columns(Context& context, MatrixView<const T> x, BatchColumns<T> out) {
  require(x.rows == out.rows && x.cols == out.cols, "find_columns: x is {} x {}, its columns {} x {}", x.rows,
          x.cols, out.rows, out.cols);
  SPARCELL_DISPATCH_CPU(find_columns, context, x, out);
}
SPARCELL_INSTANTIATE(find_columns);

template <class T>
void columns_linear(Context& context, BatchColumns<T> x, std::span<const T> mean,
                    std::span<const T> inverse_scale, MatrixView<const T> weight, bool accumulate,
                    MatrixView<T> out) {
  require(weight.rows == x.cols && out.rows == x.rows && out.cols == weight.cols,
          "columns_linear: {} x {} times {} x {} does not give {} x {}", x.rows, x.cols, weight.rows,
          weight.cols, out.rows, out.cols);
  check_standardization("columns_linear", x.cols, mean, inverse_scale);
  SPARCELL_DISPATCH_CPU(columns_linear, context, x, mean, inverse_scale, weight, accumulate, out);
}
SPARCELL_INSTANTIATE(columns_linear);

template <class T>
void columns_linear_weight_gradient(Context& context, BatchColumns<T> x, std::span<const T> mean,
                                    std::span<const T> inverse_scale, MatrixView<const T> grad_out,
                                    MatrixView<T> grad_weight) {
  require(grad_weight.rows == x.cols && grad_out.rows == x.rows && grad_out.cols == grad_weight.cols,
          "columns_linear_weight_gradient: ({} x {})^T times {} x {} does not give {} x {}", x.rows, x.cols,
          grad_out.rows, grad_out.cols, grad_weight.rows, grad_weight.cols);
  check_standardization("columns_linear_weight_gradient", x.cols, mean, inverse_scale);
  SPARCELL_DISPATCH_CPU(columns_linear_weight_gradient, context, x, mean, inverse_scale, grad_out,
                        grad_weight);
}
SPARCELL_INSTANTIATE(columns_linear_weight_gradient);

}  // namespace sparcell

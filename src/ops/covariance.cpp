#include "sparcell/ops/covariance.h"

#include "ops/dispatch.h"

namespace sparcell {

template <class T>
void add_products(Context& context, CsrView<const T> x, MatrixView<double> products, std::span<double> sums) {
  require(
      products.rows == x.cols && products.cols == x.cols && static_cast<std::int64_t>(sums.size()) == x.cols,
      "add_products: {} x {} products and {} sums, expected {} x {} and {}", products.rows, products.cols,
      sums.size(), x.cols, x.cols, x.cols);
  if (x.rows == 0 || x.cols == 0) return;
  SPARCELL_DISPATCH(add_products, context, x, products, sums);
}
SPARCELL_INSTANTIATE(add_products);

template <class T>
void products_to_covariance(Context& context, std::span<const T> sums, std::int64_t count,
                            MatrixView<T> products) {
  const auto genes = static_cast<std::int64_t>(sums.size());
  require(products.rows == genes && products.cols == genes,
          "products_to_covariance: {} x {} products, {} sums", products.rows, products.cols, genes);
  require(count >= 2, "products_to_covariance: {} rows have no covariance", count);
  if (genes == 0) return;
  SPARCELL_DISPATCH_BOTH_SCALARS(products_to_covariance, context, sums, count, products);
}
SPARCELL_INSTANTIATE(products_to_covariance);

}  // namespace sparcell

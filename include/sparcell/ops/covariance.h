// Covariances of genes over cells, accumulated from chunks of sparse rows.
#pragma once

#include "sparcell/ops/op.h"

namespace sparcell {

/// products(g, h) += sum over rows r of x(r, g) x(r, h), for g <= h; sums[g] += sum over rows of x(r, g).
/// Products and sums are f64; what lies below the diagonal is neither read nor written. Requires: products is
/// x.cols x x.cols, sums has x.cols elements.
SPARCELL_OP(add_products,
            (Context & context, CsrView<const T> x, MatrixView<double> products, std::span<double> sums))

/// From the products and sums of `count` rows to the sample covariance, in place:
/// products(g, h) = (products(g, h) - sums[g] sums[h] / count) / (count - 1), for g <= h.
/// Requires: count >= 2; products is square with a sum for every row.
SPARCELL_OP(products_to_covariance,
            (Context & context, std::span<const T> sums, std::int64_t count, MatrixView<T> products))

}  // namespace sparcell

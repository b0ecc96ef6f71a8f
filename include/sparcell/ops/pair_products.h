// Products of genes that are perturbed together. With q_p a row of numbers for each gene p of a cell, the
// sums
//     s = sum over p of q_p,   t = sum over p of q_p * q_p
// (sparse_linear over the cells' genes) give the sum over pairs of genes: (s * s - t) / 2 = sum_{p < o} q_p *
// q_o. Its gradient at q_p from the gradients g at the cells' products is
//     sum over the cells of p of g * (s - q_p) = G - q_p * H,   G = sum of g * s, H = sum of g
// (sparse_linear_weight_gradient). All products are element by element.
#pragma once

#include "sparcell/ops/op.h"

namespace sparcell {

/// out = a * b; out may be the memory of either. Requires: views of one shape, as below.
SPARCELL_OP(elementwise_product,
            (Context & context, MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> out))

/// out = (sums * sums - squares) / 2.
SPARCELL_OP(pair_products,
            (Context & context, MatrixView<const T> sums, MatrixView<const T> squares, MatrixView<T> out))

/// grad = with_sums - q * plain, where with_sums is G and plain is H.
SPARCELL_OP(pair_products_backward, (Context & context, MatrixView<const T> q, MatrixView<const T> with_sums,
                                     MatrixView<const T> plain, MatrixView<T> grad))

}  // namespace sparcell

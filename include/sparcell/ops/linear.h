// A layer as a whole: the matrix product and what follows it (ops/layer.h). The results are those of matmul
// and layer_forward or layer_backward one after the other, up to the order of sums; a device may compute
// small layers at once, without a trip through memory and a launch in between.
#pragma once

#include "sparcell/ops/batch.h"
#include "sparcell/ops/layer.h"

namespace sparcell {

/// linear = input W^T, then layer_forward of `linear` and `out`. W is out x in.
/// Requires: as layer_forward; linear and out do not overlap input.
SPARCELL_OP(linear_forward,
            (Context & context, const LayerForm& form, const LayerParameters<T>& parameters,
             RunningStatistics<T> running, std::span<const LayerPass<T>> passes, MatrixView<const T> input,
             MatrixView<const T> weight, MatrixView<T> linear, MatrixView<T> out))

/// The same of a sparse batch: linear = x W (ops/sparse_linear.h), then layer_forward. W is genes x out.
SPARCELL_OP(sparse_linear_forward,
            (Context & context, const LayerForm& form, const LayerParameters<T>& parameters,
             RunningStatistics<T> running, std::span<const LayerPass<T>> passes, CsrView<const T> x,
             BatchRows rows, MatrixView<const T> weight, MatrixView<T> linear, MatrixView<T> out))

/// The way back through a layer from the product that comes after it: with W_next the weight of that product
/// and grad_next the gradient at it, grad_next W_next is the gradient at h, and layer_backward leads from
/// there to grad_linear.
/// Requires: as layer_backward; grad_linear does not overlap grad_next. Where is_product_alone(form, ...) `a`
/// may be an empty view: grad_linear is the product, and the gradient of a bias the sums of its columns.
SPARCELL_OP(linear_backward, (Context & context, const LayerForm& form, const LayerParameters<T>& parameters,
                              std::span<const LayerPass<T>> passes, MatrixView<const T> grad_next,
                              MatrixView<const T> weight_next, MatrixView<const T> a,
                              MatrixView<T> grad_linear, LayerGradients<T> gradients))

}  // namespace sparcell

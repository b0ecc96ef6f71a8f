// Kernels between all points of two sets: what discrepancies of kernel means are made of; with distances, the
// two that an evaluation wants of the same points.
#pragma once

#include "sparcell/ops/op.h"

namespace sparcell {

/// sums(g, h) = sum of k(x_i, y_j) over the points i of group g of x and j of group h of y, where k is the
/// mean over gammas of exp(-gamma |x_i - y_j|^2). Groups, squared distances and the order of sums as in
/// pairwise_distance_sums. Requires: as there; and at least one gamma, none negative, in host memory.
SPARCELL_OP(kernel_sums, (Context & context, MatrixView<const T> x, MatrixView<const T> y,
                          std::span<const std::int64_t> x_groups, std::span<const std::int64_t> y_groups,
                          std::span<const double> gammas, MatrixView<double> sums))

/// What pairwise_distance_sums and kernel_sums give, to the bit; on the CPU in one pass over the pairs.
/// Requires: as both; distances and kernels do not overlap.
SPARCELL_OP(distance_and_kernel_sums,
            (Context & context, MatrixView<const T> x, MatrixView<const T> y,
             std::span<const std::int64_t> x_groups, std::span<const std::int64_t> y_groups,
             std::span<const double> gammas, MatrixView<double> distances, MatrixView<double> kernels))

}  // namespace sparcell

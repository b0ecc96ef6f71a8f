// Minus log-likelihoods of cells with their gradients. Sums are f64 and are added to device memory, as those of
// ops/loss.h. Parameters that cells share (dispersions, variances) get their gradient entry by entry, for
// add_rows_by_group to sum.
#pragma once

#include "sparcell/ops/batch.h"
#include "sparcell/ops/op.h"

namespace sparcell {

/// Bounds of means, dispersions and variances: beyond them values are as at the bound and gradients 0, of
/// variances those that lead further away. (A gene that is predicted exactly would otherwise have a variance
/// that falls without end.)
inline constexpr double lowest_count_mean = 1e-5, highest_count_mean = 1e6;
inline constexpr double lowest_dispersion = 1e-4, highest_dispersion = 1e4;
inline constexpr double lowest_variance = 1e-6, highest_variance = 1e6;

/// What the columns of a decoder's output are: log rates of the genes, then with a gate their logits of
/// "always zero", then with `library` one column for the cell's log library size.
struct CountForm {
  bool gate = false;
  bool library = false;

  std::int64_t columns(std::int64_t genes) const { return genes * (gate ? 2 : 1) + (library ? 1 : 0); }
};

/// Dispersions of genes, for groups of cells or all of them.
template <class T>
struct Dispersion {
  MatrixView<const T> log{};                 ///< groups x genes
  std::span<const std::int32_t> group_of{};  ///< of every row of the data; empty: all have row 0
};

/// Counts under negative binomials (variance mean + mean^2 / dispersion), zero-inflated with a gate: with
///     log mean(i, g) = outputs(i, g) [+ outputs(i, last)] [+ log_library[row_i]]
/// and nb(c) the probability of a count c, minus the logarithm of
///     nb(c), or pi [c = 0] + (1 - pi) nb(c), pi = sigmoid(gate)
/// summed over genes is the loss of a cell: cell_losses[i] = it (left out where empty), *loss += loss_scale *
/// their sum. gradient = gradient_scale * d / d outputs, overwriting, is left out where it is an empty view, as
/// is by_log_dispersion = gradient_scale * d / d log dispersion(i, g); neither is the memory of an input.
/// Requires: outputs is rows.count x form.columns(genes); log_library has an element for each row of `counts`
/// or none; values of `counts` are whole numbers above 0. (As scvi-tools' NegativeBinomial and
/// ZeroInflatedNegativeBinomial, whose `theta` is this dispersion.)
SPARCELL_OP(count_loss, (Context & context, CountForm form, MatrixView<const T> outputs,
                         const Dispersion<T>& dispersion, std::span<const T> log_library,
                         CsrView<const T> counts, BatchRows rows, double loss_scale, double gradient_scale,
                         double* loss, std::span<double> cell_losses, MatrixView<T> gradient,
                         MatrixView<T> by_log_dispersion))

/// The same of values under normal distributions: a cell's loss is the sum over genes of 1/2 (d^2 / variance +
/// log(2 pi variance)), d = prediction - x; log_variance has an element for each gene or a single one.
/// by_log_variance = gradient_scale * d / d log variance(i, g).
SPARCELL_OP(gaussian_loss, (Context & context, MatrixView<const T> prediction,
                            std::span<const T> log_variance, CsrView<const T> x, BatchRows rows,
                            std::span<const T> mean, std::span<const T> inverse_scale, double loss_scale,
                            double gradient_scale, double* loss, std::span<double> cell_losses,
                            MatrixView<T> gradient, MatrixView<T> by_log_variance))

/// sums(group_i, c) += values(i, c), in an order of the shape alone; group_i = group_of[row_i], or 0 where group_of is
/// empty (rows.order is then not read). Requires: values is rows.count x sums.cols; groups are below sums.rows.
SPARCELL_OP(add_rows_by_group, (Context & context, MatrixView<const T> values, BatchRows rows,
                                std::span<const std::int32_t> group_of, MatrixView<T> sums))

}  // namespace sparcell

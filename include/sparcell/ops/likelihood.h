// Minus log-likelihoods of cells with their gradients. Sums are f64 and are added to device memory, as those of
// ops/loss.h. Parameters that cells share (dispersions, variances) get their gradient entry by entry, for
// add_rows_by_group to sum.
#pragma once

#include "sparcell/ops/batch.h"
#include "sparcell/ops/loss_term.h"
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

/// What comes of a likelihood beside its sum; empty views and spans are left out.
template <class T>
struct LikelihoodResults {
  std::span<double> cell_losses{};  ///< of each row of the batch, unscaled
  MatrixView<T> gradient{};         ///< at the outputs, overwriting; not the memory of an input
  MatrixView<T> by_shared{};        ///< at the parameters that cells share, for each entry; neither
};

/// Counts under negative binomials (variance mean + mean^2 / dispersion), zero-inflated with a gate: with
///     log mean(i, g) = outputs(i, g) [+ outputs(i, last)] [+ log_library[row_i]]
/// and nb(c) the probability of a count c, minus the logarithm of
///     nb(c), or pi [c = 0] + (1 - pi) nb(c), pi = sigmoid(gate)
/// summed over genes is the loss of a cell: results.cell_losses[i] = it; results.by_shared(i, g) is
/// loss.gradient_scale * d / d log dispersion(i, g).
/// Requires: outputs is rows.count x form.columns(genes); log_library has an element for each row of `counts`
/// or none; values of `counts` are whole numbers above 0. (As scvi-tools' NegativeBinomial and
/// ZeroInflatedNegativeBinomial, whose `theta` is this dispersion.)
SPARCELL_OP(count_loss,
            (Context & context, CountForm form, MatrixView<const T> outputs, const Dispersion<T>& dispersion,
             std::span<const T> log_library, CsrView<const T> counts, BatchRows rows, LossTerm loss,
             LikelihoodResults<T> results))

/// The same of a decoder whose outputs for the genes are logits of shares (ops/log_shares.h): in one, what
/// log_shares of those columns, count_loss of the outputs so made and log_shares_backward of those columns of
/// results.gradient say, which so is that at the logits. What outputs hold then is the device's.
/// Requires: as they do.
SPARCELL_OP(count_loss_of_shares,
            (Context & context, double total, CountForm form, MatrixView<T> outputs,
             const Dispersion<T>& dispersion, std::span<const T> log_library, CsrView<const T> counts,
             BatchRows rows, LossTerm loss, LikelihoodResults<T> results))

/// The same of values under normal distributions: a cell's loss is the sum over genes of 1/2 (d^2 / variance
/// + log(2 pi variance)), d = prediction - x, which is standardized; log_variance has an element for each
/// gene or a single one. results.by_shared(i, g) is loss.gradient_scale * d / d log variance(i, g).
SPARCELL_OP(gaussian_loss, (Context & context, MatrixView<const T> prediction,
                            std::span<const T> log_variance, CsrView<const T> x, BatchRows rows,
                            Standardization<T> standardization, LossTerm loss, LikelihoodResults<T> results))

/// sums(group_i, c) += values(i, c), in an order of the shape alone; group_i = group_of[row_i], or 0 where group_of is
/// empty (rows.order is then not read). Requires: values is rows.count x sums.cols; groups are below sums.rows.
SPARCELL_OP(add_rows_by_group, (Context & context, MatrixView<const T> values, BatchRows rows,
                                std::span<const std::int32_t> group_of, MatrixView<T> sums))

}  // namespace sparcell

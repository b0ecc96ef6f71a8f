// The augmentation "mix": a dense batch in which entries are replaced by what the same gene has in another
// cell.
#pragma once

#include "sparcell/ops/batch.h"
#include "sparcell/ops/op.h"

namespace sparcell {

/// What genes have in `cells` cells, gene by gene: offsets [genes + 1] and values in device memory, zeros
/// left out.
template <class T>
struct GeneValues {
  std::int64_t cells = 0;
  const std::int64_t* offsets = nullptr;
  const T* values = nullptr;
};

/// How a batch is mixed: what with, with what probability at most, and by which streams.
template <class T>
struct Mixing {
  GeneValues<T> other{};
  double probability = 0;
  RandomStream shares{};  ///< an element for each cell
  RandomStream draws{};   ///< and for each entry
};

/// Cell i draws its share of replaced entries, p_i = probability * uniform(element i of `shares`). Entry (i,
/// g) draws u = word * 2^-32 of element i * x.cols + g of `draws`: below p_i it takes the value of cell
/// number floor(cells * u / p_i) of the gene - a cell drawn evenly, because u / p_i is uniform where u < p_i;
/// cells are numbered with the non-zeros first. Other entries, and all with probability 0, are x's. Where
/// `standardized` is not empty, it is `out` standardized. Requires: 0 <= probability <= 1; out and
/// standardized are rows.count x x.cols; the standardization is of as many genes as standardized is wide.
SPARCELL_OP(gather_mixed, (Context & context, CsrView<const T> x, BatchRows rows, Mixing<T> mixing,
                           MatrixView<T> out, Standardization<T> standardization, MatrixView<T> standardized))

}  // namespace sparcell

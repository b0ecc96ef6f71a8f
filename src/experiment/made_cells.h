// What files say of cells that a model made: their annotations, and the counts beside their expression.
#pragma once

#include "experiment/trained_model.h"
#include "sparcell/anndata.h"

namespace sparcell {

/// The cells' own annotations with `perturbation`, as the program understood their labels, and `split`.
Table annotated_cells(const Prepared& prepared);

/// Annotations of the first `count` cells of a sample: a name each, the model as `source` and, of a model
/// that is told conditions or has dispersions by perturbations, what each was made under, in the columns and
/// categories of the data: `perturbation` beside the column of the labels, and the columns that the model is
/// told. `prepared` need not hold cells where the model is told none.
Table generated_cells(const TrainedModel& model, const Prepared& prepared, std::int64_t count,
                      const SampleKey& key);

/// Writes what is chosen into those columns, as the data's first cell that has it says it; of a perturbation
/// that no cell has its canonical name.
void write_chosen(const ChosenConditions& chosen, const Prepared& prepared, Table& cells);

/// `counts` as layers/counts, with `library_size`, the counts in all genes that a cell was drawn with, and
/// `size_factor`: expression is log(1 + counts / size_factor) as `normalize` says it (DrawnCounts). Nothing
/// where there are none. Borrows `counts`.
void add_counts(const MadeCounts& counts, AnnDataContent& content);

}  // namespace sparcell

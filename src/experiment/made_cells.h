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

/// Annotations of controls as the model predicts them with the chosen perturbation. What each was made under
/// is in the columns and categories of the data, as of generated cells: the perturbation, the columns that
/// the model is told and `also_under`, by which controls were taken; with `split`, `source` and
/// `predicted_perturbation`. The cells have names of their own, `control` says whose they were. Everything
/// else that the data say of a control is in `control_<column>`: numbers of genes and counts or a cluster are
/// of its expression, not of what is predicted.
Table predicted_cells(const TrainedModel& model, const Prepared& prepared,
                      std::span<const std::int32_t> controls, const ChosenConditions& chosen,
                      const std::vector<std::string>& also_under);

/// `counts` as layers/counts, with `library_size`, the counts in all genes that a cell was drawn with, and
/// `size_factor`: expression is log(1 + counts / size_factor) as `normalize` says it (DrawnCounts). Nothing
/// where there are none. Borrows `counts`.
void add_counts(const MadeCounts& counts, AnnDataContent& content);

/// That `command` has no room for the values of so many cells, with what to do.
MemoryError no_room_for_cells(const char* command, std::int64_t cells, std::int64_t genes,
                              const char* advice);

}  // namespace sparcell

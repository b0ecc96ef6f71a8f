// The first five stations together: from a file to the cells x genes that models see, and how other files are
// brought there.
#pragma once

#include <string>
#include <vector>

#include "experiment/stage_clock.h"
#include "sparcell/experiment.h"

namespace sparcell {

/// What the stations before the models fitted; all that is needed to bring another file into the models'
/// space.
struct Preprocessing {
  Normalization normalization;
  std::vector<std::string>
      counted;                     ///< names of the genes that make up a cell's sum: those that filters kept
  std::vector<std::string> genes;  ///< names of the selected genes, in the models' order
  /// How many genes of the file before each of those have its name. Empty where each is the next of its name.
  std::vector<std::int64_t> counted_occurrence{}, genes_occurrence{};
  Scaler scaler;  ///< empty without standardization
};

/// A data set as models see it.
struct Prepared {
  Dataset data;    ///< selected genes, normalized (not standardized)
  Dataset before;  ///< its annotations before selection, without values: for genes.csv
  Split split;
  Selection selection;
  Preprocessing fitted;
};

/// Runs read, filter, split, normalize and select.
Prepared prepare(Context& context, const Experiment& experiment, Log& log, StageCosts& costs);

/// How models are judged, with what follows from other sections of the experiment.
EvaluateOptions evaluate_options(const Experiment& experiment);

/// What the stations and the models of an experiment were fitted on. Models see validation cells too:
/// schedules and early stopping decide by them.
std::vector<Fit> fits_of(const Experiment& experiment, const Prepared& prepared);

/// Another file in the models' space: read, normalized with what was fitted, the models' genes in their
/// order. Throws DataError that counts the genes that the file lacks, unless `fill_missing` takes zeros for
/// them.
Dataset bring_into_space(Context& context, const ReadOptions& read_options, const Preprocessing& fitted,
                         bool fill_missing, Log& log);

void write_preprocessing(const std::string& path, const Preprocessing& fitted);
Preprocessing read_preprocessing(const std::string& path);

}  // namespace sparcell

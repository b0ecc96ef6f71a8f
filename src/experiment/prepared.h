// The first five stations together: from a file to the cells x genes that models see.
#pragma once

#include <vector>

#include "experiment/preprocessing.h"
#include "experiment/stage_clock.h"
#include "sparcell/experiment.h"

namespace sparcell {

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

}  // namespace sparcell

// Perturbation labels of cells: which column, how labels are cut into parts, which parts are the control.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sparcell/core/dataset.h"
#include "sparcell/core/table.h"
#include "sparcell/read.h"

namespace sparcell {

/// How labels are written.
struct LabelConvention {
  std::string column;
  std::string separator;
  std::vector<std::string> controls;  ///< a trailing * matches any rest
  bool named = false;      ///< the user asked for it: what does not fit is an error, not a guess that failed
  std::string guess = {};  ///< a sentence where the labels left the separator open
};

/// The convention of the options, or the one that the columns show; nothing where there are no labels. Throws
/// DataError for a column that is missing, listing those that are there.
std::optional<LabelConvention> find_convention(const Table& cells, const PerturbationOptions& options,
                                               const std::string& file);

/// The perturbed parts of one label, sorted, without controls and repetitions; empty for the control. The
/// guide number of a control does not count, nor does a separator in its name.
std::vector<std::string> label_parts(const std::string& label, const LabelConvention& convention);

struct FoundPerturbations {
  Perturbations perturbations;
  std::int64_t controls = 0;    ///< cells
  std::int64_t unlabelled = 0;  ///< cells
};

/// Perturbations by name, the control first. Throws DataError where no cell is a control and the convention
/// was named.
FoundPerturbations label_cells(const Table& cells, const LabelConvention& convention,
                               const std::string& file);

}  // namespace sparcell

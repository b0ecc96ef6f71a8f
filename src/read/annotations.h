// Annotations of cells from a table beside the data: what 10x files lack, perturbation labels among them.
#pragma once

#include <string>

#include "read/source.h"

namespace sparcell {

/// Adds the columns of a table of comma- or tab-separated values, plain or gzipped, to the annotations of the
/// cells. Its first column names cells, in any order; its header names the others (and may leave out the
/// first, as R does). A column becomes integers or numbers where all of its fields are such, else text; cells
/// without a row, and NA and what is empty among numbers, are missing. Throws DataError for a table that is
/// no such, names a cell twice or none of the cells.
void add_annotations(Table& cells, const std::string& path, Remarks& remarks);

}  // namespace sparcell

// obs and var of AnnData files of all generations.
#pragma once

#include <string>
#include <vector>

#include "hdf5/file.h"
#include "sparcell/core/table.h"

namespace sparcell::anndata {

/// Reads the annotations at `path` ("obs", "raw/var"). Columns whose encoding is not known are left out, with
/// a sentence each in `remarks`. Throws DataError for columns whose length differs from the index's and for
/// codes without a category.
Table read_table(const hdf5::Group& root, const std::string& path, std::vector<std::string>& remarks);

}  // namespace sparcell::anndata

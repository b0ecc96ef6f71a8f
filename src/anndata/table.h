// obs and var of AnnData files of all generations.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "hdf5/file.h"
#include "sparcell/core/table.h"

namespace sparcell::anndata {

/// Reads the annotations at `path` ("obs", "raw/var"). Columns whose encoding is not known are left out, with
/// a sentence each in `remarks`. Throws DataError for columns whose length differs from the index's and for
/// codes without a category.
Table read_table(const hdf5::Group& root, const std::string& path, std::vector<std::string>& remarks);

/// The column that one data set holds, without a name; nothing where it has more dimensions or elements that no
/// column holds. Throws DataError for another length than `rows`.
std::optional<Column> read_array(const hdf5::Dataset& dataset, std::int64_t rows);

}  // namespace sparcell::anndata

// Filters of stored chunks, undone by the libraries that made them: HDF5's own, and those that files of this
// field bring along and HDF5 lacks.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hdf5/handle.h"

namespace sparcell::hdf5 {

/// One step of a data set's pipeline, as the file describes it.
struct Filter {
  H5Z_filter_t id = 0;
  std::vector<unsigned> parameters;
};

/// In the order in which they were applied to a chunk; empty where the data are stored as they are.
std::vector<Filter> filters_of(hid_t dataset);

/// Whether `undo` can: gzip, shuffle, Fletcher-32, LZF, Blosc, Zstandard.
bool can_undo(H5Z_filter_t id);
std::string name_of_filter(H5Z_filter_t id);

/// How many times more bytes than are stored a data set with these filters can have.
std::int64_t largest_expansion(std::span<const Filter> filters);

enum class Undone { yes, damaged, differs_from_checksum };

/// Replaces `bytes` by what they were before the filter was applied, at most `most_bytes` of them; `scratch`
/// is any vector, for its memory. Calls nothing of HDF5, so that threads can undo several chunks.
Undone undo(const Filter& filter, std::vector<std::byte>& bytes, std::vector<std::byte>& scratch,
            std::size_t most_bytes);

/// Teaches HDF5 the filters that it lacks, for what it reads itself: texts and tables.
void register_filters();

}  // namespace sparcell::hdf5

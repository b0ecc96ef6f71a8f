// Damaged files without a crash. HDF5 1.10 trusts what it reads: of files with a few random bytes changed it
// crashed or looped for ever on about one in a hundred, almost always in the heap that holds strings.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "hdf5/texts.h"

namespace sparcell::hdf5 {

/// Walks the whole structure of the file in a child process: every object, attribute, string and list of
/// chunks, everything but the numbers themselves and the members of compounds other than obs and var; returns
/// the texts that it found, so that no string is read from a damaged heap in this process. Throws DataError
/// where the child dies or needs more processor time than `least_seconds` and what the file's size explains.
/// Nothing where no process could be made.
std::optional<Texts> rehearse(const std::string& path, std::int64_t least_seconds = 4);

}  // namespace sparcell::hdf5

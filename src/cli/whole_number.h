// Whole numbers of options.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <limits>

namespace sparcell {

/// Checks the text of an option: CLI11 itself takes the nearest number that fits in place of one that does
/// not.
CLI::Validator whole_number(std::int64_t low, std::int64_t high = std::numeric_limits<std::int64_t>::max());

}  // namespace sparcell

// What a sweep's parameters are in each of its runs: all combinations of a grid, or draws.
#pragma once

#include <string>
#include <vector>

#include "config/plan_options.h"

namespace sparcell::config {

/// Whether runs draw their values rather than try all.
bool draws(const SweepOptions& sweep);

/// Combinations of the parameters alone.
std::vector<Combination> combinations_of(const SweepOptions& sweep);

/// The value of a path; null where the combination does not set it.
const Node* value_in(const Combination& combination, const std::string& path);

/// A number of a range as YAML has it.
Node number_node(double value, Distribution distribution, const Place& place);

}  // namespace sparcell::config

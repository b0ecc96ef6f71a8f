// Do the intervals of verdicts hold the truth? Worlds whose truth is known by construction.
#pragma once

#include <cstdint>
#include <functional>
#include <random>
#include <string>

#include "evaluate/verdict.h"

namespace sparcell::coverage {

using Generator = std::mt19937_64;

/// `draw` gives the interval of set number i, whose truth is `truth`: prints a row of how many of them hold
/// it, lie below and above it.
void covered(const std::string& kind, const std::string& world, const std::string& size, std::int64_t sets,
             double truth, const std::function<Interval(std::int64_t set)>& draw);

void means_over_cells(std::int64_t sets);
void means_over_perturbations(std::int64_t sets);
void predictions(std::int64_t sets);
void distances(std::int64_t sets);
void r2(std::int64_t sets);
void seeds(std::int64_t sets);

}  // namespace sparcell::coverage

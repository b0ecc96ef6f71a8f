// What the genes of a simulation are: means, dispersions, the program and the cycle that they follow.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sparcell/simulate.h"

namespace sparcell::simulation {

struct Genes {
  std::vector<std::string> names;
  std::vector<double> mean;
  std::vector<double> dispersion;
  std::vector<std::int64_t> program;  ///< -1: none
  std::vector<double> loading;        ///< on its program
  std::vector<double> cycle_cos;
  std::vector<double> cycle_sin;
  std::vector<double> centre;  ///< log of the expected factor of program and cycle
};

Genes make_genes(const SimulateOptions& options);

/// Standard deviation of a program's activity over unperturbed cells.
double activity_deviation(std::int64_t program);

}  // namespace sparcell::simulation

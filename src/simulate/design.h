// The experiment of a simulation: which genes are perturbed, what that changes, and which cell got what.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "simulate/genes.h"
#include "sparcell/simulate.h"

namespace sparcell::simulation {

/// Perturbations in the order singles, doubles.
struct Design {
  std::vector<std::vector<std::int32_t>> targets;  ///< perturbed genes of each
  std::vector<std::string> labels;                 ///< `A`, `A_B`
  std::vector<std::string> epistasis;              ///< single, additive, synergy, buffering, new_program, product
  Matrix<float> effects;                           ///< perturbations x genes
};

Design make_design(const SimulateOptions& options, const Genes& genes);

/// What every cell is. Group 0 is the control, group p + 1 perturbation p.
struct Cells {
  std::vector<std::int32_t> group;
  std::vector<std::string> guide;
  std::vector<double> size_factor;
  std::vector<double> response;  ///< 0 (control) to 1
  std::vector<double> angle;     ///< of the cycle, radians
  Matrix<float> activity;        ///< cells x programs
};

Cells make_cells(const SimulateOptions& options, const Genes& genes, const Design& design);

}  // namespace sparcell::simulation

// Draws the counts of a simulation.
#pragma once

#include "simulate/design.h"
#include "simulate/genes.h"
#include "sparcell/simulate.h"

namespace sparcell::simulation {

/// One count per cell and gene from the rates of sparcell/simulate.h.
Csr<float> draw_counts(const SimulateOptions& options, const Genes& genes, const Design& design,
                       const Cells& cells);

}  // namespace sparcell::simulation

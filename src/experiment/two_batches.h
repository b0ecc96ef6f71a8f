// `fast_dev_run`: two batches of everything.
#pragma once

#include "sparcell/experiment.h"

namespace sparcell {

/// Leaves two batches of the largest model of every part. A perturbation that lost its training cells here is
/// not held out: where models are told such things, its other cells go too, and those of which a gene is
/// nowhere else.
void keep_two_batches(const Experiment& experiment, const Dataset& data, Split& split);

}  // namespace sparcell

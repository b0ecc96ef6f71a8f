#pragma once

#include "model/network.h"
#include "model/training_start.h"

namespace sparcell {

/// Sets the linear paths to what principal components say: z = (x - mean) V^T / deviations, output = mean + z
/// deviations V, to which hidden layers and conditions add nothing yet. Latent dimensions beyond the
/// components keep their random way in and have none out.
/// Requires: both networks skip, to_latent from genes, decoder to genes; their tensors are in `parameters`.
template <class T>
void start_from_components(const TrainingStart& start, Network<T>& to_latent, Network<T>& decoder,
                           Arena<T>& parameters);

}  // namespace sparcell

// What a peer in Python needs to take the same training steps: weights, cells, order of batches, options.
#pragma once

#include "row.h"
#include "train/snapshot.h"

namespace sparcell::bench_gpu {

/// Weights, cells and order as .npy files in a folder.
void write_exchange(const std::string& folder, Trainable<float>& model, const Csr<float>& x,
                    const std::vector<std::int32_t>& order);

/// The options in the words of tools/golden/training.py.
Json options_json(const ModelOptions& options, std::uint64_t seed);

}  // namespace sparcell::bench_gpu

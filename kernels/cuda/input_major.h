// A dense layer whose weight is stored input-major, as first layers keep it.
#pragma once

#include "sparcell/ops/layer.h"

namespace sparcell::cuda {

/// linear = input weight, then layer_forward of `linear` and `out`: linear_forward of a weight that is in x
/// out. Defined beside it.
void input_major_forward(Context& context, const LayerForm& form, const LayerParameters<float>& parameters,
                         RunningStatistics<float> running, std::span<const LayerPass<float>> passes,
                         MatrixView<const float> input, MatrixView<const float> weight,
                         MatrixView<float> linear, MatrixView<float> out);

}  // namespace sparcell::cuda

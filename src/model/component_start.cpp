#include "model/component_start.h"

#include <algorithm>
#include <cmath>

namespace sparcell {
namespace {

template <class T>
void fill(Arena<T>& parameters, int tensor, T value) {
  const auto size = static_cast<std::size_t>(parameters.tensors()[tensor].size());
  parameters.write(tensor, std::vector<T>(size, value));
}

/// Nothing but the linear path and the bias reaches the output.
template <class T>
void leave_linear_path(Arena<T>& parameters, Network<T>& network, const std::vector<T>& weight,
                       const std::vector<T>& bias) {
  const int last = network.size() - 1;
  parameters.write(network.skip_tensor(), weight);
  parameters.write(network.bias_tensor(last), bias);
  fill(parameters, network.weight_tensor(last), T(0));
  if (const int told = network.condition_tensor(last); told >= 0) fill(parameters, told, T(0));
}

}  // namespace

template <class T>
void start_from_components(const TrainingStart& start, Network<T>& to_latent, Network<T>& decoder,
                           Arena<T>& parameters) {
  const std::int64_t genes = decoder.out(), latent = to_latent.out(), known = start.components.rows;
  std::vector<T> in = parameters.read(to_latent.skip_tensor());
  std::vector<T> out(static_cast<std::size_t>(genes * latent)), in_bias(static_cast<std::size_t>(latent));
  for (std::int64_t k = 0; k < known; ++k) {
    const double deviation = std::sqrt(std::max(start.variance[k], 1e-12));
    double at_mean = 0;
    for (std::int64_t g = 0; g < genes; ++g) {
      const double component = start.components(k, g);
      at_mean += component * start.mean[g];
      in[k * genes + g] = static_cast<T>(component / deviation);
      out[g * latent + k] = static_cast<T>(component * deviation);
    }
    in_bias[k] = static_cast<T>(-at_mean / deviation);
  }
  leave_linear_path(parameters, to_latent, in, in_bias);
  leave_linear_path(parameters, decoder, out, std::vector<T>(start.mean.begin(), start.mean.end()));
}

template void start_from_components(const TrainingStart&, Network<float>&, Network<float>&, Arena<float>&);
template void start_from_components(const TrainingStart&, Network<double>&, Network<double>&, Arena<double>&);

}  // namespace sparcell

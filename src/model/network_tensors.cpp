#include "model/network_tensors.h"

#include <algorithm>
#include <cmath>

#include "sparcell/ops/random.h"

namespace sparcell {

template <class T>
NetworkTensors<T>::NetworkTensors(const std::string& name, const std::vector<LayerShape>& layers,
                                  std::uint32_t first_dropout_layer, Arena<T>& parameters, Arena<T>& buffers,
                                  const BesideLayers& beside)
    : beside_(beside), parameters_(&parameters), buffers_(&buffers) {
  const bool alone = layers.size() == 1 && !layers.front().hidden;
  int module = 0;
  for (const LayerShape& shape : layers) {
    const std::string linear = alone ? name : fmt::format("{}.{}", name, module);
    Layer layer{.shape = shape, .weight_name = linear};
    const std::string weight = linear + (shape.spectral_norm ? ".weight_orig" : ".weight");
    layer.weight = parameters.add_matrix(weight, shape.out, shape.in, shape.input_major);
    layer.bias = parameters.add_vector(linear + ".bias", shape.out);
    if (shape.spectral_norm) {
      layer.u = buffers.add_vector(linear + ".weight_u", shape.out);
      layer.v = buffers.add_vector(linear + ".weight_v", shape.in);
    }
    ++module;
    if (shape.normalization != NormalizationLayer::none) {
      const std::string norm = fmt::format("{}.{}", name, module++);
      layer.norm_weight = parameters.add_vector(norm + ".weight", shape.out);
      layer.norm_offset = parameters.add_vector(norm + ".bias", shape.out);
      if (shape.normalization == NormalizationLayer::batch) {
        layer.running_mean = buffers.add_vector(norm + ".running_mean", shape.out);
        layer.running_variance = buffers.add_vector(norm + ".running_var", shape.out);
      }
    }
    if (shape.hidden) {
      layer.dropout_layer = first_dropout_layer++;
      module += 2;  // activation, dropout
    }
    layers_.push_back(layer);
  }
  if (beside.skip > 0) {
    skip_ = parameters.add_matrix(name + "_skip.weight", out(), beside.skip, beside.skip_input_major);
  }
  if (beside.conditions == 0) return;
  condition_ = parameters.add_matrix(name + "_condition.weight", shape(0).out, beside.conditions, true);
  if (skips() && size() > 1)
    skip_condition_ = parameters.add_matrix(name + "_skip_condition.weight", out(), beside.conditions, true);
  if (beside.pairs == 0) return;
  pairs_ = parameters.add_matrix(name + "_pairs.weight", shape(0).out, beside.pairs);
  if (skips() && size() > 1)
    skip_pairs_ = parameters.add_matrix(name + "_skip_pairs.weight", out(), beside.pairs);
}

template <class T>
void NetworkTensors<T>::initialize(std::uint64_t seed, std::uint32_t network) {
  Context host;
  const auto draw = [&](int tensor, std::int64_t in, Arena<T>& arena) {
    std::vector<T> values(static_cast<std::size_t>(arena.tensors()[tensor].size()));
    const T bound = static_cast<T>(1 / std::sqrt(static_cast<double>(in)));
    fill_uniform<T>(host, RandomStream(seed, Purpose::initialization, network, nullptr, tensor), -bound,
                    bound, values);
    arena.write(tensor, values);
  };
  const auto fill = [&](int tensor, T value, Arena<T>& arena) {
    if (tensor < 0) return;
    arena.write(tensor, std::vector<T>(static_cast<std::size_t>(arena.tensors()[tensor].size()), value));
  };
  const auto draw_unit = [&](int tensor) {
    std::vector<T> values(static_cast<std::size_t>(buffers_->tensors()[tensor].size()));
    fill_normal<T>(host, RandomStream(seed, Purpose::spectral_start, network, nullptr, tensor), T(1), values);
    double squares = 0;
    for (T value : values) squares += static_cast<double>(value) * static_cast<double>(value);
    for (T& value : values) value = static_cast<T>(static_cast<double>(value) / std::sqrt(squares));
    buffers_->write(tensor, values);
  };
  for (const Layer& layer : layers_) {
    draw(layer.weight, layer.shape.in, *parameters_);
    draw(layer.bias, layer.shape.in, *parameters_);
    fill(layer.norm_weight, T(1), *parameters_);
    fill(layer.norm_offset, T(0), *parameters_);
    fill(layer.running_mean, T(0), *buffers_);
    fill(layer.running_variance, T(1), *buffers_);
    if (layer.u >= 0) draw_unit(layer.u);
    if (layer.v >= 0) draw_unit(layer.v);
  }
  if (skips()) draw(skip_, beside_.skip, *parameters_);
  if (conditioned()) draw(condition_, layers_.front().shape.in + beside_.conditions, *parameters_);
  if (skip_condition_ >= 0) draw(skip_condition_, beside_.skip + beside_.conditions, *parameters_);
  fill(pairs_, T(0), *parameters_);  // genes begin as their sum
  fill(skip_pairs_, T(0), *parameters_);
}

template <class T>
void NetworkTensors<T>::clear_beside(std::int64_t count) {
  const Layer& l = layers_.front();
  std::vector<T> values = parameters_->read(l.weight);
  for (std::int64_t row = 0; row < l.shape.out; ++row)
    std::fill_n(values.begin() + (row + 1) * l.shape.in - count, count, T(0));
  parameters_->write(l.weight, values);
}

template <class T>
LayerParameters<T> NetworkTensors<T>::layer_parameters(int layer) {
  const Layer& l = layers_[layer];
  LayerParameters<T> parameters{.bias = parameters_->vector(l.bias), .weight = {}, .offset = {}};
  if (l.norm_weight >= 0) {
    parameters.weight = parameters_->vector(l.norm_weight);
    parameters.offset = parameters_->vector(l.norm_offset);
  }
  return parameters;
}

template <class T>
LayerGradients<T> NetworkTensors<T>::layer_gradients(int layer) {
  const Layer& l = layers_[layer];
  LayerGradients<T> gradients{.bias = parameters_->vector_gradient(l.bias), .weight = {}, .offset = {}};
  if (l.norm_weight >= 0) {
    gradients.weight = parameters_->vector_gradient(l.norm_weight);
    gradients.offset = parameters_->vector_gradient(l.norm_offset);
  }
  return gradients;
}

template <class T>
RunningStatistics<T> NetworkTensors<T>::running_statistics(int layer) {
  const Layer& l = layers_[layer];
  if (l.running_mean < 0) return {};
  return {buffers_->vector(l.running_mean), buffers_->vector(l.running_variance)};
}

template <class T>
MatrixView<T> NetworkTensors<T>::of_features(int layer, MatrixView<T> whole) const {
  const LayerShape& shape = layers_[layer].shape;
  if (shape.beside == 0) return whole;
  return {whole.data, whole.rows, shape.in - shape.beside, whole.stride};
}

template <class T>
MatrixView<T> NetworkTensors<T>::of_beside(int layer, MatrixView<T> whole) const {
  const LayerShape& shape = layers_[layer].shape;
  require(shape.beside > 0 && !shape.input_major, "layer {} has no columns beside its features", layer);
  return {whole.data + shape.in - shape.beside, whole.rows, shape.beside, whole.stride};
}

template class NetworkTensors<float>;
template class NetworkTensors<double>;

}  // namespace sparcell

#include "model/network.h"

#include <algorithm>
#include <cmath>

#include "sparcell/core/branches.h"
#include "sparcell/ops/linear.h"
#include "sparcell/ops/matmul.h"
#include "sparcell/ops/minibatch_deviation.h"
#include "sparcell/ops/random.h"
#include "sparcell/ops/sparse_linear.h"
#include "sparcell/ops/spectral_norm.h"

namespace sparcell {

std::vector<LayerShape> hidden_layers(const NetworkOptions& options, std::int64_t in) {
  std::vector<LayerShape> layers;
  for (std::size_t i = 0; i < options.hidden.size(); ++i) {
    const double dropout =
        options.dropout.empty() ? 0.0 : options.dropout[options.dropout.size() == 1 ? 0 : i];
    layers.push_back({.in = in,
                      .out = options.hidden[i],
                      .normalization = options.normalization,
                      .activation = options.activation,
                      .slope = options.slope,
                      .dropout = dropout});
    in = options.hidden[i];
  }
  return layers;
}

LayerShape linear_layer(std::int64_t in, std::int64_t out) { return {.in = in, .out = out, .hidden = false}; }

template <class T>
Network<T>::Network(std::string name, std::vector<LayerShape> layers, std::uint32_t first_dropout_layer,
                    Arena<T>& parameters, Arena<T>& buffers, std::int64_t skip_in, std::int64_t condition_in,
                    std::int64_t pairs_in)
    : skip_in_(skip_in), condition_in_(condition_in), parameters_(&parameters), buffers_(&buffers) {
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
  if (skip_in > 0) skip_ = parameters.add_matrix(name + "_skip.weight", out(), skip_in);
  if (condition_in == 0) return;
  condition_ = parameters.add_matrix(name + "_condition.weight", shape(0).out, condition_in, true);
  if (skips() && size() > 1)
    skip_condition_ = parameters.add_matrix(name + "_skip_condition.weight", out(), condition_in, true);
  if (pairs_in == 0) return;
  pairs_ = parameters.add_matrix(name + "_pairs.weight", shape(0).out, pairs_in);
  if (skips() && size() > 1)
    skip_pairs_ = parameters.add_matrix(name + "_skip_pairs.weight", out(), pairs_in);
}

template <class T>
void Network<T>::initialize(std::uint64_t seed, std::uint32_t network) {
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
  if (skips()) draw(skip_, skip_in_, *parameters_);
  if (conditioned()) draw(condition_, layers_.front().shape.in + condition_in_, *parameters_);
  if (skip_condition_ >= 0) draw(skip_condition_, skip_in_ + condition_in_, *parameters_);
  fill(pairs_, T(0), *parameters_);  // genes begin as their sum
  fill(skip_pairs_, T(0), *parameters_);
}

template <class T>
std::vector<LayerTape<T>> Network<T>::make_tape(Context& context, std::int64_t rows, int slots) const {
  std::vector<LayerTape<T>> tape(layers_.size());
  for (std::size_t k = 0; k < layers_.size(); ++k) {
    const LayerShape& shape = layers_[k].shape;
    tape[k].a = Buffer<T>(context, rows * shape.out);
    if (shape.hidden) tape[k].h = Buffer<T>(context, rows * shape.out);
    tape[k].grad = Buffer<T>(context, rows * shape.out);
    if (shape.normalization != NormalizationLayer::none) {
      const std::int64_t size = shape.normalization == NormalizationLayer::batch ? slots * shape.out : rows;
      tape[k].mean = Buffer<T>(context, size);
      tape[k].inverse_deviation = Buffer<T>(context, size);
    }
    if (shape.spectral_norm) {
      tape[k].inverse_sigma = Buffer<T>(context, slots);
      tape[k].inner = Buffer<T>(context, slots);
      tape[k].u = Buffer<T>(context, slots * shape.out);
      tape[k].v = Buffer<T>(context, slots * shape.in);
    }
    if (shape.deviation) {
      tape[k].deviation = Buffer<T>(context, rows);
      tape[k].grad_deviation = Buffer<T>(context, rows);
    }
  }
  return tape;
}

template <class T>
MatrixView<T> Network<T>::rows_of(const Buffer<T>& buffer, int layer, std::int64_t first,
                                  std::int64_t rows) const {
  const std::int64_t width = layers_[layer].shape.out;
  return {buffer.data() + first * width, rows, width};
}

template <class T>
MatrixView<T> Network<T>::output(const std::vector<LayerTape<T>>& tape, int layer, std::int64_t first,
                                 std::int64_t rows) const {
  return rows_of(layers_[layer].shape.hidden ? tape[layer].h : tape[layer].a, layer, first, rows);
}

template <class T>
void Network<T>::update_sigmas(Context& context, std::vector<LayerTape<T>>& tape, int first, int count) {
  std::vector<SpectralWeight<T>> weights;
  for (int k = 0; k < size(); ++k) {
    const Layer& l = layers_[k];
    if (!l.shape.spectral_norm) continue;
    const std::int64_t in = l.shape.in, out = l.shape.out;
    weights.push_back({.weight = weight(k),
                       .u = buffers_->vector(l.u),
                       .v = buffers_->vector(l.v),
                       .inverse_sigma = tape[k].inverse_sigma.span().subspan(first, count),
                       .kept_u = MatrixView<T>(tape[k].u.data() + first * out, count, out),
                       .kept_v = MatrixView<T>(tape[k].v.data() + first * in, count, in)});
  }
  spectral_sigma<T>(context, weights);
}

template <class T>
void Network<T>::product(Context& context, int layer, MatrixView<const T> input, MatrixView<T> out,
                         bool accumulate) {
  const bool input_major = layers_[layer].shape.input_major;
  matmul<T>(context, Transpose::no, input_major ? Transpose::no : Transpose::yes, input,
            of_features(layer, weight(layer)), accumulate ? T(1) : T(0), out);
}

template <class T>
MatrixView<T> Network<T>::of_features(int layer, MatrixView<T> whole) const {
  const LayerShape& shape = layers_[layer].shape;
  if (shape.beside == 0) return whole;
  return {whole.data, whole.rows, shape.in - shape.beside, whole.stride};
}

template <class T>
MatrixView<T> Network<T>::of_beside(int layer, MatrixView<T> whole) const {
  const LayerShape& shape = layers_[layer].shape;
  require(shape.beside > 0 && !shape.input_major, "layer {} has no columns beside its features", layer);
  return {whole.data + shape.in - shape.beside, whole.rows, shape.beside, whole.stride};
}

template <class T>
void Network<T>::add_beside(Context& context, int layer, MatrixView<const T> beside, MatrixView<T> out) {
  matmul<T>(context, Transpose::no, Transpose::yes, beside, of_beside(layer, weight(layer)), T(1), out);
}

template <class T>
void Network<T>::beside_weight_gradient(Context& context, int layer, MatrixView<const T> grad,
                                        MatrixView<const T> beside) {
  matmul<T>(context, Transpose::yes, Transpose::no, grad, beside, T(1),
            of_beside(layer, weight_gradient_of(layer)));
}

template <class T>
void Network<T>::beside_gradient(Context& context, int layer, MatrixView<const T> grad, MatrixView<T> out,
                                 bool accumulate) {
  const MatrixView<T> all = of_beside(layer, weight(layer));
  const MatrixView<T> last(all.data + all.cols - out.cols, all.rows, out.cols, all.stride);
  matmul<T>(context, Transpose::no, Transpose::no, grad, last, accumulate ? T(1) : T(0), out);
}

template <class T>
void Network<T>::clear_beside(int layer, std::int64_t count) {
  const Layer& l = layers_[layer];
  std::vector<T> values = parameters_->read(l.weight);
  for (std::int64_t row = 0; row < l.shape.out; ++row)
    std::fill_n(values.begin() + (row + 1) * l.shape.in - count, count, T(0));
  parameters_->write(l.weight, values);
}

template <class T>
bool Network<T>::begin_with_conditions(Context& context, int layer, const Conditions<T>& conditions,
                                       MatrixView<T> linear) {
  const int tensor = layer == 0 ? condition_ : layer + 1 == size() ? skip_condition_ : -1;
  if (tensor < 0) return false;
  sparse_linear<T>(context, conditions.x, conditions.rows, parameters_->matrix(tensor), linear);
  if (const int pairs = layer == 0 ? pairs_ : skip_pairs_; pairs >= 0) {
    matmul<T>(context, Transpose::no, Transpose::yes, conditions.pairs, parameters_->matrix(pairs), T(1),
              linear);
  }
  return true;
}

template <class T>
void Network<T>::input_gradient(Context& context, int layer, MatrixView<const T> grad,
                                MatrixView<T> grad_input, bool accumulate) {
  const bool input_major = layers_[layer].shape.input_major;
  if (!input_major && !accumulate) {
    const LayerPass<T> all{.rows = grad.rows};
    return linear_backward<T>(context, LayerForm{}, {}, {&all, 1}, grad, of_features(layer, weight(layer)),
                              {}, grad_input, {});
  }
  matmul<T>(context, Transpose::no, input_major ? Transpose::yes : Transpose::no, grad,
            of_features(layer, weight(layer)), accumulate ? T(1) : T(0), grad_input);
}

template <class T>
void Network<T>::weight_gradient(Context& context, int layer, MatrixView<const T> grad,
                                 MatrixView<const T> input) {
  const MatrixView<T> to = of_features(layer, weight_gradient_of(layer));
  if (layers_[layer].shape.input_major) {
    matmul<T>(context, Transpose::yes, Transpose::no, input, grad, T(1), to);
  } else {
    matmul<T>(context, Transpose::yes, Transpose::no, grad, input, T(1), to);
  }
}

template <class T>
MatrixView<T> Network<T>::deviations(const LayerTape<T>& tape, std::int64_t first, std::int64_t rows) const {
  return {tape.deviation.data() + first, rows, 1};
}

template <class T>
MatrixView<T> Network<T>::deviation_gradients(const LayerTape<T>& tape, std::int64_t first,
                                              std::int64_t rows) const {
  return {tape.grad_deviation.data() + first, rows, 1};
}

template <class T>
MatrixView<T> Network<T>::deviation_gradient(Context& context, int layer, const LayerTape<T>& tape,
                                             std::int64_t first, MatrixView<const T> grad) {
  const MatrixView<T> to = deviation_gradients(tape, first, grad.rows);
  beside_gradient(context, layer, grad, to);
  return to;
}

template <class T>
void Network<T>::deviation_backward(Context& context, int layer, const LayerTape<T>& tape, std::int64_t first,
                                    std::span<const Segment> segments, MatrixView<const T> grad,
                                    MatrixView<const T> input, MatrixView<T> grad_input) {
  const MatrixView<T> at_deviations = deviation_gradient(context, layer, tape, first, grad);
  for (const Segment& segment : segments) {
    const std::int64_t from = segment.first - first;
    minibatch_deviation_backward<T>(context, input.slice_rows(from, segment.rows),
                                    at_deviations.slice_rows(from, segment.rows),
                                    grad_input.slice_rows(from, segment.rows));
  }
}

template <class T>
LayerForm Network<T>::form(int layer, bool training) const {
  const LayerShape& shape = layers_[layer].shape;
  return {.normalization = shape.normalization,
          .activation = shape.activation,
          .slope = shape.slope,
          .dropout = shape.dropout,
          .training = training};
}

template <class T>
LayerParameters<T> Network<T>::layer_parameters(int layer) {
  const Layer& l = layers_[layer];
  LayerParameters<T> parameters{.bias = parameters_->vector(l.bias), .weight = {}, .offset = {}};
  if (l.norm_weight >= 0) {
    parameters.weight = parameters_->vector(l.norm_weight);
    parameters.offset = parameters_->vector(l.norm_offset);
  }
  return parameters;
}

template <class T>
LayerGradients<T> Network<T>::layer_gradients(int layer) {
  const Layer& l = layers_[layer];
  LayerGradients<T> gradients{.bias = parameters_->vector_gradient(l.bias), .weight = {}, .offset = {}};
  if (l.norm_weight >= 0) {
    gradients.weight = parameters_->vector_gradient(l.norm_weight);
    gradients.offset = parameters_->vector_gradient(l.norm_offset);
  }
  return gradients;
}

template <class T>
PassStatistics<T> Network<T>::statistics(int layer, const LayerTape<T>& tape, const Segment& segment) const {
  const LayerShape& shape = layers_[layer].shape;
  if (shape.normalization == NormalizationLayer::none) return {};
  const bool batch = shape.normalization == NormalizationLayer::batch;
  const std::int64_t first = batch ? segment.slot * shape.out : segment.first;
  const auto size = static_cast<std::size_t>(batch ? shape.out : segment.rows);
  return {.mean = {tape.mean.data() + first, size},
          .inverse_deviation = {tape.inverse_deviation.data() + first, size}};
}

template <class T>
RunningStatistics<T> Network<T>::running_statistics(int layer) {
  const Layer& l = layers_[layer];
  if (l.running_mean < 0) return {};
  return {buffers_->vector(l.running_mean), buffers_->vector(l.running_variance)};
}

template <class T>
LayerPass<T> Network<T>::pass(int layer, const LayerTape<T>& tape, const Segment& segment,
                              std::uint64_t seed) const {
  const Layer& l = layers_[layer];
  return {.first = segment.first,
          .rows = segment.rows,
          .dropout = RandomStream(seed, Purpose::dropout,
                                  segment.pass * most_dropout_layers + l.dropout_layer, segment.step),
          .scale = l.shape.spectral_norm ? tape.inverse_sigma.data() + segment.slot : nullptr,
          .statistics = statistics(layer, tape, segment),
          .extra = {}};
}

template <class T>
std::vector<LayerPass<T>> Network<T>::passes(int layer, const LayerTape<T>& tape,
                                             std::span<const Segment> segments, std::uint64_t seed) const {
  std::vector<LayerPass<T>> all;
  for (const Segment& segment : segments) all.push_back(pass(layer, tape, segment, seed));
  return all;
}

template <class T>
void Network<T>::activate(Context& context, int layer, const LayerTape<T>& tape,
                          std::span<const Segment> segments, std::uint64_t seed, bool training,
                          MatrixView<T> linear, MatrixView<T> out) {
  layer_forward<T>(context, form(layer, training), layer_parameters(layer), running_statistics(layer),
                   passes(layer, tape, segments, seed), linear, out);
}

template <class T>
bool Network<T>::is_alone(int layer) const {
  return shape(layer).beside == 0 && !(layer == 0 && conditioned()) && !(layer + 1 == size() && skips());
}

template <class T>
void Network<T>::forward_whole(Context& context, int layer, const LayerTape<T>& tape,
                               std::span<const Segment> segments, std::uint64_t seed, bool training,
                               const NetworkInput<T>& input, bool with_bias, MatrixView<T> linear,
                               MatrixView<T> out) {
  const LayerForm layer_form = form(layer, training);
  LayerParameters<T> parameters = layer_parameters(layer);
  if (!with_bias) parameters.bias = {};
  const std::vector<LayerPass<T>> all_passes = passes(layer, tape, segments, seed);
  if (input.is_sparse()) {
    sparse_linear_forward<T>(context, layer_form, parameters, running_statistics(layer), all_passes,
                             input.sparse, input.rows, weight(layer), linear, out);
  } else {
    linear_forward<T>(context, layer_form, parameters, running_statistics(layer), all_passes, input.dense,
                      weight(layer), linear, out);
  }
}

template <class T>
MatrixView<T> Network<T>::forward(Context& context, std::vector<LayerTape<T>>& tape,
                                  const NetworkInput<T>& network_input, std::int64_t rows,
                                  std::span<const Segment> segments, std::uint64_t seed, bool training,
                                  const Ending<T>& ending) {
  const int last = size() - 1;
  for (int k = 0; k <= last; ++k) {
    const bool elsewhere = k == last && ending.out.data != nullptr;
    // An activation needs what it is taken of beside it.
    const bool straight = elsewhere && !layers_[k].shape.hidden;
    const MatrixView<T> linear = straight ? ending.out : rows_of(tape[k].a, k, 0, rows);
    const MatrixView<T> out = elsewhere ? ending.out : output(tape, k, 0, rows);
    const NetworkInput<T> input = k == 0 ? network_input : NetworkInput<T>(output(tape, k - 1, 0, rows));
    if (is_alone(k)) {
      forward_whole(context, k, tape[k], segments, seed, training, input, !(k == last && ending.without_bias),
                    linear, out);
      continue;
    }
    const bool begun = begin_with_conditions(context, k, ending.conditions, linear);
    if (input.is_sparse()) {
      sparse_linear<T>(context, input.sparse, input.rows, weight(k), linear);
    } else {
      product(context, k, input.dense, linear, begun);
    }
    if (shape(k).deviation) {
      for (const Segment& segment : segments) {
        minibatch_deviation<T>(context, input.dense.slice_rows(segment.first, segment.rows),
                               deviations(tape[k], segment.first, segment.rows));
      }
      add_beside(context, k, deviations(tape[k], 0, rows), linear);
    } else if (shape(k).beside > 0) {
      add_beside(context, k, ending.beside, linear);
    }
    if (k == last && skips()) {
      matmul<T>(context, Transpose::no, Transpose::yes, ending.skip_input, parameters_->matrix(skip_), T(1),
                linear);
    }
    if (k == last && ending.without_bias) continue;
    activate(context, k, tape[k], segments, seed, training, linear, out);
  }
  return ending.out.data != nullptr ? ending.out : output(tape, last, 0, rows);
}

template <class T>
void Network<T>::backward(Context& context, std::vector<LayerTape<T>>& tape, MatrixView<const T> input,
                          std::int64_t rows, std::span<const Segment> segments, std::uint64_t seed,
                          bool with_parameters, MatrixView<T> grad_input, MatrixView<const T> skip_input,
                          MatrixView<T> grad_skip_input, const Conditions<T>& conditions,
                          const std::function<void(int)>& finished) {
  const auto add_gradient_of_conditions = [&](int tensor, int layer) {
    if (tensor < 0) return;
    beside(context, [&] {
      sparse_linear_weight_gradient<T>(context, conditions.x, conditions.rows,
                                       rows_of(tape[layer].grad, layer, 0, rows),
                                       parameters_->matrix_gradient(tensor));
    });
  };
  for (int k = size() - 1; k >= 0; --k) {
    const MatrixView<T> grad = rows_of(tape[k].grad, k, 0, rows);
    const MatrixView<const T> a = rows_of(tape[k].a, k, 0, rows);
    const auto gradients = with_parameters ? layer_gradients(k) : LayerGradients<T>{};
    const std::vector<LayerPass<T>> all_passes = passes(k, tape[k], segments, seed);
    if (k + 1 < size() && !shape(k + 1).deviation) {
      linear_backward<T>(context, form(k, true), layer_parameters(k), all_passes,
                         rows_of(tape[k + 1].grad, k + 1, 0, rows), of_features(k + 1, weight(k + 1)), a,
                         grad, gradients);
    } else if (is_bare(k)) {
      // Nothing but the sums of the bias's gradient.
      if (with_parameters) {
        beside(context, [&] {
          layer_backward<T>(context, form(k, true), layer_parameters(k), all_passes, a, grad, grad,
                            gradients);
        });
      }
    } else {
      layer_backward<T>(context, form(k, true), layer_parameters(k), all_passes, a, grad, grad, gradients);
    }
    const MatrixView<const T> layer_input = k > 0 ? MatrixView<const T>(output(tape, k - 1, 0, rows)) : input;
    if (with_parameters && layer_input.data != nullptr) {
      beside(context, [&] {
        weight_gradient(context, k, grad, layer_input);
        if (finished && k + 1 < size()) finished(k + 1);
      });
    }
    // The gradient at the input is made with the layer below, where nothing is added to it in between.
    if (k > 0 && !shape(k).deviation) continue;
    const MatrixView<T> below = k > 0 ? rows_of(tape[k - 1].grad, k - 1, 0, rows) : grad_input;
    if (below.data != nullptr) input_gradient(context, k, grad, below);
    if (!shape(k).deviation) continue;
    if (with_parameters) beside_weight_gradient(context, k, grad, deviations(tape[k], 0, rows));
    deviation_backward(context, k, tape[k], 0, segments, grad, layer_input, below);
  }
  const auto gradient_of_pairs = [&](int tensor, int layer) {
    if (tensor < 0) return;
    const MatrixView<const T> grad = rows_of(tape[layer].grad, layer, 0, rows);
    beside(context, [&] {
      matmul<T>(context, Transpose::yes, Transpose::no, grad, conditions.pairs, T(1),
                parameters_->matrix_gradient(tensor));
    });
    matmul<T>(context, Transpose::no, Transpose::no, grad, parameters_->matrix(tensor),
              tensor == pairs_ ? T(0) : T(1), conditions.grad_pairs);
  };
  add_gradient_of_conditions(condition_, 0);
  add_gradient_of_conditions(skip_condition_, size() - 1);
  gradient_of_pairs(pairs_, 0);
  gradient_of_pairs(skip_pairs_, size() - 1);
  if (!skips()) return;
  const MatrixView<const T> grad = rows_of(tape.back().grad, size() - 1, 0, rows);
  beside(context, [&] {
    matmul<T>(context, Transpose::yes, Transpose::no, grad, skip_input, T(1),
              parameters_->matrix_gradient(skip_));
  });
  if (grad_skip_input.data != nullptr) {
    matmul<T>(context, Transpose::no, Transpose::no, grad, parameters_->matrix(skip_), T(1), grad_skip_input);
  }
}

template <class T>
void Network<T>::show_values(const std::vector<LayerTape<T>>& tape, std::int64_t rows,
                             std::int64_t first_cell, const Watch<T>& watch, MatrixView<const T> out) const {
  for (int k = 0; k < size(); ++k) {
    const bool elsewhere = k + 1 == size() && out.data != nullptr;
    const MatrixView<const T> a = elsewhere ? out : rows_of(tape[k].a, k, 0, rows);
    watch({layers_[k].weight_name + ": pre-activations", a, first_cell});
    if (shape(k).hidden && !elsewhere)
      watch({layers_[k].weight_name + ": outputs", rows_of(tape[k].h, k, 0, rows), first_cell});
  }
}

template <class T>
void Network<T>::show_gradients(const std::vector<LayerTape<T>>& tape, std::int64_t rows,
                                std::int64_t first_cell, const Watch<T>& watch) const {
  for (int k = size() - 1; k >= 0; --k)
    watch({layers_[k].weight_name + ": gradient at its product", rows_of(tape[k].grad, k, 0, rows),
           first_cell});
}

template class Network<float>;
template class Network<double>;

}  // namespace sparcell

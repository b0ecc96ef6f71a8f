#include "model/network.h"

#include "sparcell/core/branches.h"
#include "sparcell/ops/linear.h"
#include "sparcell/ops/linear_loss.h"
#include "sparcell/ops/matmul.h"
#include "sparcell/ops/minibatch_deviation.h"
#include "sparcell/ops/sparse_linear.h"
#include "sparcell/ops/spectral_norm.h"

namespace sparcell {

template <class T>
typename Network<T>::Tape Network<T>::make_tape(Context& context, std::int64_t rows, int slots) const {
  Tape tape(static_cast<std::size_t>(size()));
  for (int k = 0; k < size(); ++k) {
    const LayerShape& shape = this->shape(k);
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
  const std::int64_t width = shape(layer).out;
  return {buffer.data() + first * width, rows, width};
}

template <class T>
MatrixView<T> Network<T>::output(const Tape& tape, int layer, std::int64_t first, std::int64_t rows) const {
  return rows_of(shape(layer).hidden ? tape[layer].h : tape[layer].a, layer, first, rows);
}

template <class T>
LayerForm Network<T>::form(int layer, bool training) const {
  const LayerShape& shape = this->shape(layer);
  return {.normalization = shape.normalization,
          .activation = shape.activation,
          .slope = shape.slope,
          .dropout = shape.dropout,
          .training = training};
}

template <class T>
PassStatistics<T> Network<T>::statistics(int layer, const LayerTape<T>& tape, const Segment& segment) const {
  const LayerShape& shape = this->shape(layer);
  if (shape.normalization == NormalizationLayer::none) return {};
  const bool batch = shape.normalization == NormalizationLayer::batch;
  const std::int64_t first = batch ? segment.slot * shape.out : segment.first;
  const auto size = static_cast<std::size_t>(batch ? shape.out : segment.rows);
  return {.mean = {tape.mean.data() + first, size},
          .inverse_deviation = {tape.inverse_deviation.data() + first, size}};
}

template <class T>
LayerPass<T> Network<T>::pass(int layer, const LayerTape<T>& tape, const Segment& segment) const {
  return {.first = segment.first,
          .rows = segment.rows,
          .dropout = RandomStream(seed_, Purpose::dropout,
                                  segment.pass * most_dropout_layers + this->layer_at(layer).dropout_layer,
                                  segment.step),
          .scale = shape(layer).spectral_norm ? tape.inverse_sigma.data() + segment.slot : nullptr,
          .statistics = statistics(layer, tape, segment),
          .extra = {}};
}

template <class T>
std::vector<LayerPass<T>> Network<T>::passes(int layer, const LayerTape<T>& tape,
                                             std::span<const Segment> segments) const {
  std::vector<LayerPass<T>> all;
  for (const Segment& segment : segments) all.push_back(pass(layer, tape, segment));
  return all;
}

template <class T>
void Network<T>::update_sigmas(Context& context, Tape& tape, int first, int count) {
  std::vector<SpectralWeight<T>> weights;
  for (int k = 0; k < size(); ++k) {
    if (!shape(k).spectral_norm) continue;
    const std::int64_t in = shape(k).in, out = shape(k).out;
    weights.push_back({.weight = weight(k),
                       .u = this->spectral_u(k),
                       .v = this->spectral_v(k),
                       .inverse_sigma = tape[k].inverse_sigma.span().subspan(first, count),
                       .kept_u = MatrixView<T>(tape[k].u.data() + first * out, count, out),
                       .kept_v = MatrixView<T>(tape[k].v.data() + first * in, count, in)});
  }
  spectral_sigma<T>(context, weights);
}

template <class T>
void Network<T>::product(Context& context, int layer, MatrixView<const T> input, MatrixView<T> out,
                         bool accumulate) {
  const bool input_major = shape(layer).input_major;
  matmul<T>(context, Transpose::no, input_major ? Transpose::no : Transpose::yes, input,
            this->of_features(layer, weight(layer)), accumulate ? T(1) : T(0), out);
}

template <class T>
void Network<T>::input_gradient(Context& context, int layer, MatrixView<const T> grad,
                                MatrixView<T> grad_input, bool accumulate, std::span<T> grad_bias) {
  const bool input_major = shape(layer).input_major;
  if (!input_major && !accumulate) {
    const LayerPass<T> all{.rows = grad.rows};
    return linear_backward<T>(context, LayerForm{}, {}, {&all, 1}, grad,
                              this->of_features(layer, weight(layer)), {}, grad_input,
                              {.bias = grad_bias, .weight = {}, .offset = {}});
  }
  require(grad_bias.empty(), "a gradient at an input is added up over rows where it is a product alone");
  matmul<T>(context, Transpose::no, input_major ? Transpose::yes : Transpose::no, grad,
            this->of_features(layer, weight(layer)), accumulate ? T(1) : T(0), grad_input);
}

template <class T>
void Network<T>::weight_gradient(Context& context, int layer, MatrixView<const T> grad,
                                 MatrixView<const T> input) {
  const MatrixView<T> to = this->of_features(layer, weight_gradient_of(layer));
  if (shape(layer).input_major) {
    matmul<T>(context, Transpose::yes, Transpose::no, input, grad, T(1), to);
  } else {
    matmul<T>(context, Transpose::yes, Transpose::no, grad, input, T(1), to);
  }
}

template <class T>
void Network<T>::first_weight_gradient(Context& context, MatrixView<const T> grad,
                                       const NetworkInput<T>& input) {
  if (input.is_sparse()) {
    sparse_linear_weight_gradient<T>(context, input.sparse, input.rows, grad, weight_gradient_of(0));
  } else if (input.is_loaded()) {
    loaded_linear_weight_gradient<T>(context, input.loaded, grad, weight_gradient_of(0));
  } else {
    weight_gradient(context, 0, grad, input.dense);
  }
}

template <class T>
void Network<T>::add_skip(Context& context, const NetworkInput<T>& input, MatrixView<T> out) {
  const MatrixView<T> weight = this->parameters().matrix(skip_tensor());
  if (input.is_loaded()) {
    loaded_linear<T>(context, input.loaded, weight, true, out);
  } else {
    matmul<T>(context, Transpose::no, Transpose::yes, input.dense, weight, T(1), out);
  }
}

template <class T>
void Network<T>::skip_weight_gradient(Context& context, MatrixView<const T> grad,
                                      const NetworkInput<T>& input) {
  const MatrixView<T> to = this->parameters().matrix_gradient(skip_tensor());
  if (input.is_loaded()) {
    loaded_linear_weight_gradient<T>(context, input.loaded, grad, to);
  } else {
    matmul<T>(context, Transpose::yes, Transpose::no, grad, input.dense, T(1), to);
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
void Network<T>::add_beside(Context& context, int layer, MatrixView<const T> beside, MatrixView<T> out) {
  matmul<T>(context, Transpose::no, Transpose::yes, beside, this->of_beside(layer, weight(layer)), T(1), out);
}

template <class T>
void Network<T>::beside_weight_gradient(Context& context, int layer, MatrixView<const T> grad,
                                        MatrixView<const T> beside) {
  matmul<T>(context, Transpose::yes, Transpose::no, grad, beside, T(1),
            this->of_beside(layer, weight_gradient_of(layer)));
}

template <class T>
void Network<T>::beside_gradient(Context& context, int layer, MatrixView<const T> grad, MatrixView<T> out,
                                 bool accumulate) {
  const MatrixView<T> all = this->of_beside(layer, weight(layer));
  const MatrixView<T> last(all.data + all.cols - out.cols, all.rows, out.cols, all.stride);
  matmul<T>(context, Transpose::no, Transpose::no, grad, last, accumulate ? T(1) : T(0), out);
}

template <class T>
bool Network<T>::begin_with_conditions(Context& context, int layer, const Conditions<T>& conditions,
                                       MatrixView<T> linear) {
  const int tensor = condition_tensor(layer);
  if (tensor < 0) return false;
  sparse_linear<T>(context, conditions.x, conditions.rows, this->parameters().matrix(tensor), linear);
  if (const int pairs = pairs_tensor(layer); pairs >= 0) {
    matmul<T>(context, Transpose::no, Transpose::yes, conditions.pairs, this->parameters().matrix(pairs),
              T(1), linear);
  }
  return true;
}

template <class T>
void Network<T>::activate(Context& context, int layer, const LayerTape<T>& tape,
                          std::span<const Segment> segments, bool training, MatrixView<T> linear,
                          MatrixView<T> out) {
  layer_forward<T>(context, form(layer, training), layer_parameters(layer), this->running_statistics(layer),
                   passes(layer, tape, segments), linear, out);
}

template <class T>
bool Network<T>::is_alone(int layer) const {
  return shape(layer).beside == 0 && !(layer == 0 && conditioned()) && !(layer + 1 == size() && skips());
}

template <class T>
void Network<T>::forward_whole(Context& context, int layer, const LayerTape<T>& tape,
                               std::span<const Segment> segments, bool training, const NetworkInput<T>& input,
                               bool with_bias, MatrixView<T> linear, MatrixView<T> out) {
  const LayerForm layer_form = form(layer, training);
  LayerParameters<T> parameters = layer_parameters(layer);
  if (!with_bias) parameters.bias = {};
  const std::vector<LayerPass<T>> all_passes = passes(layer, tape, segments);
  const RunningStatistics<T> running = this->running_statistics(layer);
  if (input.is_sparse()) {
    sparse_linear_forward<T>(context, layer_form, parameters, running, all_passes, input.sparse, input.rows,
                             weight(layer), linear, out);
  } else if (input.is_loaded()) {
    loaded_linear_forward<T>(context, layer_form, parameters, running, all_passes, input.loaded,
                             weight(layer), linear, out);
  } else {
    linear_forward<T>(context, layer_form, parameters, running, all_passes, input.dense, weight(layer),
                      linear, out);
  }
}

template <class T>
void Network<T>::forward_product(Context& context, int layer, const LayerTape<T>& tape,
                                 const NetworkInput<T>& input, const NetworkBatch<T>& batch,
                                 MatrixView<T> linear) {
  const bool begun = begin_with_conditions(context, layer, batch.conditions, linear);
  if (input.is_sparse()) {
    sparse_linear<T>(context, input.sparse, input.rows, weight(layer), linear);
  } else if (input.is_loaded()) {
    loaded_linear<T>(context, input.loaded, weight(layer), begun, linear);
  } else {
    product(context, layer, input.dense, linear, begun);
  }
  if (shape(layer).deviation) {
    for (const Segment& segment : batch.segments) {
      minibatch_deviation<T>(context, input.dense.slice_rows(segment.first, segment.rows),
                             deviations(tape, segment.first, segment.rows));
    }
    add_beside(context, layer, deviations(tape, 0, batch.rows), linear);
  } else if (shape(layer).beside > 0) {
    add_beside(context, layer, batch.beside, linear);
  }
  if (layer + 1 == size() && skips()) add_skip(context, batch.skip_input, linear);
}

template <class T>
NetworkInput<T> Network<T>::input_of(int layer, const Tape& tape, const NetworkInput<T>& input,
                                     const NetworkBatch<T>& batch) const {
  return layer == 0 ? input : NetworkInput<T>(output(tape, layer - 1, 0, batch.rows));
}

/// `ending` is the last layer's.
template <class T>
void Network<T>::forward_layer(Context& context, int layer, Tape& tape, const NetworkInput<T>& network_input,
                               const NetworkBatch<T>& batch, bool training, const Ending<T>& ending,
                               const std::function<void()>& behind_product) {
  const bool elsewhere = ending.out.data != nullptr, with_bias = !ending.without_bias;
  // An activation needs what it is taken of beside it.
  const bool straight = elsewhere && !shape(layer).hidden;
  const MatrixView<T> linear = straight ? ending.out : rows_of(tape[layer].a, layer, 0, batch.rows);
  const MatrixView<T> out = elsewhere ? ending.out : output(tape, layer, 0, batch.rows);
  const NetworkInput<T> input = input_of(layer, tape, network_input, batch);
  if (is_alone(layer) && !behind_product) {
    forward_whole(context, layer, tape[layer], batch.segments, training, input, with_bias, linear, out);
  } else {
    forward_product(context, layer, tape[layer], input, batch, linear);
    if (behind_product) behind_product();
    if (with_bias) activate(context, layer, tape[layer], batch.segments, training, linear, out);
  }
}

template <class T>
MatrixView<T> Network<T>::forward(Context& context, Tape& tape, const NetworkInput<T>& input,
                                  const NetworkBatch<T>& batch, bool training, const Ending<T>& ending) {
  forward_hidden(context, tape, input, batch, training);
  return forward_last(context, tape, input, batch, training, ending);
}

template <class T>
void Network<T>::forward_hidden(Context& context, Tape& tape, const NetworkInput<T>& input,
                                const NetworkBatch<T>& batch, bool training,
                                const std::function<void()>& behind_product) {
  if (size() == 1 && behind_product) behind_product();
  for (int k = 0; k + 1 < size(); ++k) {
    forward_layer(context, k, tape, input, batch, training, {},
                  k == 0 ? behind_product : std::function<void()>());
  }
}

template <class T>
MatrixView<T> Network<T>::forward_last(Context& context, Tape& tape, const NetworkInput<T>& input,
                                       const NetworkBatch<T>& batch, bool training, const Ending<T>& ending) {
  const int last = size() - 1;
  forward_layer(context, last, tape, input, batch, training, ending);
  return ending.out.data != nullptr ? ending.out : output(tape, last, 0, batch.rows);
}

template <class T>
void Network<T>::output_error(Context& context, Tape& tape, const NetworkInput<T>& input,
                              const NetworkBatch<T>& batch, const OutputError<T>& error) {
  const int last = size() - 1;
  linear_squared_error<T>(context, input_of(last, tape, input, batch).dense, weight(last),
                          layer_parameters(last).bias, error.target, error.loss_scale, error.gradient_scale,
                          error.loss, gradient(tape, last, batch.rows), layer_gradients(last).bias);
}

template <class T>
void Network<T>::backward(Context& context, Tape& tape, const NetworkBatch<T>& batch, const WayBack<T>& way) {
  const int last = size() - 1;
  for (int k = last; k >= 0; --k) {
    back_through_layer(context, k, tape, batch, way);
    if (way.with_parameters) back_to_weight(context, k, tape, batch, way);
    back_to_input(context, k, tape, batch, way);
  }
  back_to_conditions(context, 0, tape, batch, way.with_parameters);
  if (last > 0) back_to_conditions(context, last, tape, batch, way.with_parameters);
  back_to_pairs(context, 0, tape, batch, way.with_parameters);
  if (last > 0) back_to_pairs(context, last, tape, batch, way.with_parameters);
  if (skips()) back_through_skip(context, tape, batch, way);
}

template <class T>
void Network<T>::back_through_layer(Context& context, int layer, Tape& tape, const NetworkBatch<T>& batch,
                                    const WayBack<T>& way) {
  const MatrixView<T> grad = gradient(tape, layer, batch.rows);
  const MatrixView<const T> a = rows_of(tape[layer].a, layer, 0, batch.rows);
  const auto gradients = way.with_parameters ? layer_gradients(layer) : LayerGradients<T>{};
  const std::vector<LayerPass<T>> all_passes = passes(layer, tape[layer], batch.segments);
  const int above = layer + 1;
  const auto alone = [&] {
    layer_backward<T>(context, form(layer, true), layer_parameters(layer), all_passes, a, grad, grad,
                      gradients);
  };
  if (above < size() && !shape(above).deviation) {
    linear_backward<T>(context, form(layer, true), layer_parameters(layer), all_passes,
                       gradient(tape, above, batch.rows), this->of_features(above, weight(above)), a, grad,
                       gradients);
  } else if (!is_bare(layer)) {
    alone();
  } else if (way.with_parameters && (way.with_last_bias || above < size())) {
    beside(context, alone);  // nothing but the sums of the bias's gradient
  }
}

template <class T>
void Network<T>::back_to_weight(Context& context, int layer, Tape& tape, const NetworkBatch<T>& batch,
                                const WayBack<T>& way) {
  require(!shape(layer).deviation, "layer {} sees deviations, which its caller has to go back through",
          layer);
  if (layer == 0 && way.input.empty()) return;
  // What nothing follows need not wait for what is beside.
  if (layer == 0 && way.ends_here && !conditioned() && !skips())
    return first_weight_gradient(context, gradient(tape, layer, batch.rows), way.input);
  beside(context, [&] {
    const MatrixView<T> grad = gradient(tape, layer, batch.rows);
    if (layer == 0) {
      first_weight_gradient(context, grad, way.input);
    } else {
      weight_gradient(context, layer, grad, output(tape, layer - 1, 0, batch.rows));
    }
    if (way.finished && layer + 1 < size()) way.finished(layer + 1);
  });
}

/// The gradient at the input of a layer behind the first is made with the layer below, where nothing is added
/// to it in between.
template <class T>
void Network<T>::back_to_input(Context& context, int layer, Tape& tape, const NetworkBatch<T>& batch,
                               const WayBack<T>& way) {
  if (layer > 0 && !shape(layer).deviation) return;
  const MatrixView<T> grad = gradient(tape, layer, batch.rows);
  const MatrixView<T> below = layer > 0 ? gradient(tape, layer - 1, batch.rows) : way.grad_input;
  if (below.data == nullptr) return;
  input_gradient(context, layer, grad, below, false, layer == 0 ? way.grad_input_bias : std::span<T>());
  if (!shape(layer).deviation) return;
  deviation_backward(context, layer, tape[layer], 0, batch.segments, grad,
                     output(tape, layer - 1, 0, batch.rows), below);
}

template <class T>
void Network<T>::back_to_conditions(Context& context, int layer, Tape& tape, const NetworkBatch<T>& batch,
                                    bool with_parameters) {
  const int tensor = condition_tensor(layer);
  if (tensor < 0 || !with_parameters) return;
  beside(context, [&] {
    sparse_linear_weight_gradient<T>(context, batch.conditions.x, batch.conditions.rows,
                                     gradient(tape, layer, batch.rows),
                                     this->parameters().matrix_gradient(tensor));
  });
}

template <class T>
void Network<T>::back_to_pairs(Context& context, int layer, Tape& tape, const NetworkBatch<T>& batch,
                               bool with_parameters) {
  const int tensor = pairs_tensor(layer);
  if (tensor < 0) return;
  const MatrixView<const T> grad = gradient(tape, layer, batch.rows);
  if (with_parameters) {
    beside(context, [&] {
      matmul<T>(context, Transpose::yes, Transpose::no, grad, batch.conditions.pairs, T(1),
                this->parameters().matrix_gradient(tensor));
    });
  }
  matmul<T>(context, Transpose::no, Transpose::no, grad, this->parameters().matrix(tensor),
            layer == 0 ? T(0) : T(1), batch.conditions.grad_pairs);
}

template <class T>
void Network<T>::back_through_skip(Context& context, Tape& tape, const NetworkBatch<T>& batch,
                                   const WayBack<T>& way) {
  const MatrixView<const T> grad = gradient(tape, size() - 1, batch.rows);
  if (way.with_parameters) {
    beside(context, [&] { skip_weight_gradient(context, grad, batch.skip_input); });
  }
  if (way.grad_skip_input.data == nullptr) return;
  matmul<T>(context, Transpose::no, Transpose::no, grad, this->parameters().matrix(skip_tensor()), T(1),
            way.grad_skip_input);
}

template <class T>
void Network<T>::show_values(const Tape& tape, std::int64_t rows, std::int64_t first_cell,
                             const Watch<T>& watch, MatrixView<const T> out) const {
  for (int k = 0; k < size(); ++k) {
    const bool elsewhere = k + 1 == size() && out.data != nullptr;
    const MatrixView<const T> a = elsewhere ? out : rows_of(tape[k].a, k, 0, rows);
    watch({this->layer_at(k).weight_name + ": pre-activations", a, first_cell});
    if (shape(k).hidden && !elsewhere)
      watch({this->layer_at(k).weight_name + ": outputs", rows_of(tape[k].h, k, 0, rows), first_cell});
  }
}

template <class T>
void Network<T>::show_gradients(const Tape& tape, std::int64_t rows, std::int64_t first_cell,
                                const Watch<T>& watch) const {
  for (int k = size() - 1; k >= 0; --k)
    watch({this->layer_at(k).weight_name + ": gradient at its product", gradient(tape, k, rows), first_cell});
}

template class Network<float>;
template class Network<double>;

}  // namespace sparcell

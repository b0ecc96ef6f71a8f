#include "model/network.h"

#include "sparcell/core/branches.h"
#include "sparcell/ops/linear.h"
#include "sparcell/ops/linear_loss.h"
#include "sparcell/ops/loss.h"
#include "sparcell/ops/matmul.h"
#include "sparcell/ops/minibatch_deviation.h"
#include "sparcell/ops/sparse_linear.h"

namespace sparcell {

template <class T>
void Network<T>::first_weight_gradient(Context& context, MatrixView<const T> grad,
                                       const NetworkInput<T>& input) {
  if (input.is_sparse()) {
    sparse_linear_weight_gradient<T>(context, input.sparse, input.rows, grad, this->weight_gradient_of(0));
  } else if (input.is_loaded()) {
    loaded_linear_weight_gradient<T>(context, input.loaded, grad, this->weight_gradient_of(0));
  } else {
    this->weight_gradient(context, 0, grad, input.dense);
  }
}

template <class T>
void Network<T>::add_skip(Context& context, const NetworkInput<T>& input, MatrixView<T> out) {
  const MatrixView<T> weight = this->parameters().matrix(this->skip_tensor());
  if (input.is_loaded()) {
    loaded_linear<T>(context, input.loaded, weight, true, out);
  } else {
    matmul<T>(context, Transpose::no, Transpose::yes, input.dense, weight, T(1), out);
  }
}

template <class T>
void Network<T>::skip_weight_gradient(Context& context, MatrixView<const T> grad,
                                      const NetworkInput<T>& input) {
  const MatrixView<T> to = this->parameters().matrix_gradient(this->skip_tensor());
  if (input.is_sparse()) {
    sparse_linear_weight_gradient<T>(context, input.sparse, input.rows, grad, to);
  } else if (input.is_loaded()) {
    loaded_linear_weight_gradient<T>(context, input.loaded, grad, to);
  } else {
    matmul<T>(context, Transpose::yes, Transpose::no, grad, input.dense, T(1), to);
  }
}

template <class T>
bool Network<T>::begin_product(Context& context, int layer, const NetworkBatch<T>& batch,
                               MatrixView<T> linear) {
  const int tensor = this->condition_tensor(layer);
  const Conditions<T>& conditions = batch.conditions;
  if (const NetworkInput<T>& skip = batch.skip_input; ends_with_skip(layer) && skip.is_sparse()) {
    require(tensor < 0, "layer {} is told conditions beside a linear path from rows", layer);
    sparse_linear<T>(context, skip.sparse, skip.rows, this->parameters().matrix(this->skip_tensor()), linear);
    return true;
  }
  if (tensor < 0) return false;
  sparse_linear<T>(context, conditions.x, conditions.rows, this->parameters().matrix(tensor), linear);
  if (const int pairs = this->pairs_tensor(layer); pairs >= 0) {
    matmul<T>(context, Transpose::no, Transpose::yes, conditions.pairs, this->parameters().matrix(pairs),
              T(1), linear);
  }
  return true;
}

template <class T>
bool Network<T>::is_alone(int layer) const {
  return shape(layer).beside == 0 && !(layer == 0 && conditioned()) && !ends_with_skip(layer);
}

template <class T>
void Network<T>::forward_whole(Context& context, int layer, const LayerTape<T>& tape,
                               const NetworkInput<T>& input, const NetworkBatch<T>& batch, bool with_bias,
                               MatrixView<T> linear, MatrixView<T> out) {
  const LayerForm layer_form = form(layer, batch.training);
  LayerParameters<T> parameters = layer_parameters(layer);
  if (!with_bias) parameters.bias = {};
  const std::vector<LayerPass<T>> all_passes = passes(layer, tape, batch.segments);
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
  const bool begun = begin_product(context, layer, batch, linear);
  require(!begun || !input.is_sparse(), "the product of layer {} with rows is added to nothing", layer);
  if (input.is_sparse()) {
    sparse_linear<T>(context, input.sparse, input.rows, weight(layer), linear);
  } else if (input.is_loaded()) {
    loaded_linear<T>(context, input.loaded, weight(layer), begun, linear);
  } else {
    this->product(context, layer, input.dense, linear, begun);
  }
  if (shape(layer).deviation) {
    for (const Segment& segment : batch.segments) {
      minibatch_deviation<T>(context, input.dense.slice_rows(segment.first, segment.rows),
                             this->deviations(tape, segment.first, segment.rows));
    }
    this->add_beside(context, layer, this->deviations(tape, 0, batch.rows), linear);
  } else if (shape(layer).beside > 0) {
    this->add_beside(context, layer, batch.beside, linear);
  }
  if (ends_with_skip(layer) && !batch.skip_input.is_sparse()) add_skip(context, batch.skip_input, linear);
}

template <class T>
NetworkInput<T> Network<T>::input_of(int layer, const Tape& tape, const NetworkInput<T>& input,
                                     const NetworkBatch<T>& batch) const {
  return layer == 0 ? input : NetworkInput<T>(output(tape, layer - 1, 0, batch.rows));
}

/// `ending` is the last layer's.
template <class T>
void Network<T>::forward_layer(Context& context, int layer, Tape& tape, const NetworkInput<T>& network_input,
                               const NetworkBatch<T>& batch, const Ending<T>& ending,
                               const std::function<void()>& behind_product) {
  const bool elsewhere = ending.out.data != nullptr, with_bias = !ending.without_bias;
  // An activation needs what it is taken of beside it.
  const bool straight = elsewhere && !shape(layer).hidden;
  const MatrixView<T> linear = straight ? ending.out : rows_of(tape[layer].a, layer, 0, batch.rows);
  const MatrixView<T> out = elsewhere ? ending.out : output(tape, layer, 0, batch.rows);
  const NetworkInput<T> input = input_of(layer, tape, network_input, batch);
  if (is_alone(layer) && !behind_product) {
    forward_whole(context, layer, tape[layer], input, batch, with_bias, linear, out);
  } else {
    forward_product(context, layer, tape[layer], input, batch, linear);
    if (behind_product) behind_product();
    if (with_bias) this->activate(context, layer, tape[layer], batch.segments, batch.training, linear, out);
  }
}

template <class T>
MatrixView<T> Network<T>::forward(Context& context, Tape& tape, const NetworkInput<T>& input,
                                  const NetworkBatch<T>& batch, const Ending<T>& ending) {
  forward_hidden(context, tape, input, batch);
  return forward_last(context, tape, input, batch, ending);
}

template <class T>
void Network<T>::forward_hidden(Context& context, Tape& tape, const NetworkInput<T>& input,
                                const NetworkBatch<T>& batch, const std::function<void()>& behind_product) {
  if (size() == 1 && behind_product) behind_product();
  for (int k = 0; k + 1 < size(); ++k) {
    forward_layer(context, k, tape, input, batch, {}, k == 0 ? behind_product : std::function<void()>());
  }
}

template <class T>
MatrixView<T> Network<T>::forward_last(Context& context, Tape& tape, const NetworkInput<T>& input,
                                       const NetworkBatch<T>& batch, const Ending<T>& ending) {
  const int last = size() - 1;
  forward_layer(context, last, tape, input, batch, ending);
  return ending.out.data != nullptr ? ending.out : output(tape, last, 0, batch.rows);
}

template <class T>
void Network<T>::output_error(Context& context, Tape& tape, const NetworkInput<T>& input,
                              const NetworkBatch<T>& batch, const OutputError<T>& error) {
  const int last = size() - 1;
  const NetworkInput<T> below = input_of(last, tape, input, batch);
  const MatrixView<T> grad = gradient(tape, last, batch.rows);
  const std::span<const T> bias = layer_parameters(last).bias;
  const std::span<T> grad_bias = layer_gradients(last).bias;
  if (is_alone(last)) {
    return linear_squared_error<T>(context, below.dense, weight(last), bias, error.activation, error.target,
                                   error.loss, grad, grad_bias);
  }
  forward_product(context, last, tape[last], below, batch, grad);
  dense_squared_error<T>(context, grad, bias, error.activation, error.target, error.loss, grad, grad_bias);
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
  } else if (above == size() && !way.with_last_bias) {
    return;
  } else if (!is_bare(layer)) {
    alone();
  } else if (way.with_parameters) {
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
      this->weight_gradient(context, layer, grad, output(tape, layer - 1, 0, batch.rows));
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
  this->input_gradient(context, layer, grad, below, false, layer == 0 ? way.grad_input_bias : std::span<T>());
  if (!shape(layer).deviation) return;
  this->deviation_backward(context, layer, tape[layer], 0, batch.segments, grad,
                           output(tape, layer - 1, 0, batch.rows), below);
}

template <class T>
void Network<T>::back_to_conditions(Context& context, int layer, Tape& tape, const NetworkBatch<T>& batch,
                                    bool with_parameters) {
  const int tensor = this->condition_tensor(layer);
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
  const int tensor = this->pairs_tensor(layer);
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
  matmul<T>(context, Transpose::no, Transpose::no, grad, this->parameters().matrix(this->skip_tensor()), T(1),
            way.grad_skip_input);
}

template class Network<float>;
template class Network<double>;

}  // namespace sparcell

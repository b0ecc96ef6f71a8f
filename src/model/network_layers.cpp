#include "model/network_layers.h"

#include "sparcell/ops/linear.h"
#include "sparcell/ops/matmul.h"
#include "sparcell/ops/minibatch_deviation.h"
#include "sparcell/ops/spectral_norm.h"

namespace sparcell {

template <class T>
typename NetworkLayers<T>::Tape NetworkLayers<T>::make_tape(Context& context, std::int64_t rows,
                                                            int slots) const {
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
MatrixView<T> NetworkLayers<T>::rows_of(const Buffer<T>& buffer, int layer, std::int64_t first,
                                        std::int64_t rows) const {
  const std::int64_t width = shape(layer).out;
  return {buffer.data() + first * width, rows, width};
}

template <class T>
MatrixView<T> NetworkLayers<T>::output(const Tape& tape, int layer, std::int64_t first,
                                       std::int64_t rows) const {
  return rows_of(shape(layer).hidden ? tape[layer].h : tape[layer].a, layer, first, rows);
}

template <class T>
LayerForm NetworkLayers<T>::form(int layer, bool training) const {
  const LayerShape& shape = this->shape(layer);
  return {.normalization = shape.normalization,
          .activation = shape.activation,
          .slope = shape.slope,
          .dropout = shape.dropout,
          .training = training};
}

template <class T>
PassStatistics<T> NetworkLayers<T>::statistics(int layer, const LayerTape<T>& tape,
                                               const Segment& segment) const {
  const LayerShape& shape = this->shape(layer);
  if (shape.normalization == NormalizationLayer::none) return {};
  const bool batch = shape.normalization == NormalizationLayer::batch;
  const std::int64_t first = batch ? segment.slot * shape.out : segment.first;
  const auto size = static_cast<std::size_t>(batch ? shape.out : segment.rows);
  return {.mean = {tape.mean.data() + first, size},
          .inverse_deviation = {tape.inverse_deviation.data() + first, size}};
}

template <class T>
LayerPass<T> NetworkLayers<T>::pass(int layer, const LayerTape<T>& tape, const Segment& segment) const {
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
std::vector<LayerPass<T>> NetworkLayers<T>::passes(int layer, const LayerTape<T>& tape,
                                                   std::span<const Segment> segments) const {
  std::vector<LayerPass<T>> all;
  for (const Segment& segment : segments) all.push_back(pass(layer, tape, segment));
  return all;
}

template <class T>
void NetworkLayers<T>::update_sigmas(Context& context, Tape& tape, int first, int count) {
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
void NetworkLayers<T>::product(Context& context, int layer, MatrixView<const T> input, MatrixView<T> out,
                               bool accumulate) {
  const bool input_major = shape(layer).input_major;
  matmul<T>(context, Transpose::no, input_major ? Transpose::no : Transpose::yes, input,
            this->of_features(layer, weight(layer)), accumulate ? T(1) : T(0), out);
}

template <class T>
void NetworkLayers<T>::input_gradient(Context& context, int layer, MatrixView<const T> grad,
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
void NetworkLayers<T>::weight_gradient(Context& context, int layer, MatrixView<const T> grad,
                                       MatrixView<const T> input) {
  const MatrixView<T> to = this->of_features(layer, weight_gradient_of(layer));
  if (shape(layer).input_major) {
    matmul<T>(context, Transpose::yes, Transpose::no, input, grad, T(1), to);
  } else {
    matmul<T>(context, Transpose::yes, Transpose::no, grad, input, T(1), to);
  }
}

template <class T>
MatrixView<T> NetworkLayers<T>::deviations(const LayerTape<T>& tape, std::int64_t first,
                                           std::int64_t rows) const {
  return {tape.deviation.data() + first, rows, 1};
}

template <class T>
MatrixView<T> NetworkLayers<T>::deviation_gradients(const LayerTape<T>& tape, std::int64_t first,
                                                    std::int64_t rows) const {
  return {tape.grad_deviation.data() + first, rows, 1};
}

template <class T>
MatrixView<T> NetworkLayers<T>::find_deviation_gradients(Context& context, int layer,
                                                         const LayerTape<T>& tape, std::int64_t first,
                                                         MatrixView<const T> grad) {
  const MatrixView<T> to = deviation_gradients(tape, first, grad.rows);
  beside_gradient(context, layer, grad, to);
  return to;
}

template <class T>
void NetworkLayers<T>::deviation_backward(Context& context, int layer, const LayerTape<T>& tape,
                                          std::int64_t first, std::span<const Segment> segments,
                                          MatrixView<const T> grad, MatrixView<const T> input,
                                          MatrixView<T> grad_input) {
  const MatrixView<T> at_deviations = find_deviation_gradients(context, layer, tape, first, grad);
  for (const Segment& segment : segments) {
    const std::int64_t from = segment.first - first;
    minibatch_deviation_backward<T>(context, input.slice_rows(from, segment.rows),
                                    at_deviations.slice_rows(from, segment.rows),
                                    grad_input.slice_rows(from, segment.rows));
  }
}

template <class T>
void NetworkLayers<T>::add_beside(Context& context, int layer, MatrixView<const T> beside,
                                  MatrixView<T> out) {
  matmul<T>(context, Transpose::no, Transpose::yes, beside, this->of_beside(layer, weight(layer)), T(1), out);
}

template <class T>
void NetworkLayers<T>::beside_weight_gradient(Context& context, int layer, MatrixView<const T> grad,
                                              MatrixView<const T> beside) {
  matmul<T>(context, Transpose::yes, Transpose::no, grad, beside, T(1),
            this->of_beside(layer, weight_gradient_of(layer)));
}

template <class T>
void NetworkLayers<T>::beside_gradient(Context& context, int layer, MatrixView<const T> grad,
                                       MatrixView<T> out, bool accumulate) {
  const MatrixView<T> all = this->of_beside(layer, weight(layer));
  const MatrixView<T> last(all.data + all.cols - out.cols, all.rows, out.cols, all.stride);
  matmul<T>(context, Transpose::no, Transpose::no, grad, last, accumulate ? T(1) : T(0), out);
}

template <class T>
void NetworkLayers<T>::activate(Context& context, int layer, const LayerTape<T>& tape,
                                std::span<const Segment> segments, bool training, MatrixView<T> linear,
                                MatrixView<T> out) {
  layer_forward<T>(context, form(layer, training), layer_parameters(layer), this->running_statistics(layer),
                   passes(layer, tape, segments), linear, out);
}

template <class T>
void NetworkLayers<T>::show_values(const Tape& tape, std::int64_t rows, std::int64_t first_cell,
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
void NetworkLayers<T>::show_gradients(const Tape& tape, std::int64_t rows, std::int64_t first_cell,
                                      const Watch<T>& watch) const {
  for (int k = size() - 1; k >= 0; --k)
    watch({this->layer_at(k).weight_name + ": gradient at its product", gradient(tape, k, rows), first_cell});
}

template class NetworkLayers<float>;
template class NetworkLayers<double>;

}  // namespace sparcell

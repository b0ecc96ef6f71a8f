// The layers of a network one by one: what a pass leaves of each, and the products and the rest of a layer in
// both directions. Network chains them; the critic, whose passes are its own, takes them as they are.
#pragma once

#include <span>
#include <vector>

#include "model/layer_tape.h"
#include "model/network_tensors.h"
#include "model/watched.h"
#include "sparcell/core/context.h"
#include "sparcell/ops/layer.h"

namespace sparcell {

template <class T>
class NetworkLayers : public NetworkTensors<T> {
 public:
  using Tape = std::vector<LayerTape<T>>;
  using Tensors = NetworkTensors<T>;
  using Tensors::layer_parameters, Tensors::shape, Tensors::size, Tensors::weight,
      Tensors::weight_gradient_of;

  /// As NetworkTensors; `seed` is that of its dropout and of its first weights.
  NetworkLayers(const std::string& name, const std::vector<LayerShape>& layers, std::uint64_t seed,
                std::uint32_t first_dropout_layer, Arena<T>& parameters, Arena<T>& buffers,
                const BesideLayers& beside = {})
      : Tensors(name, layers, first_dropout_layer, parameters, buffers, beside), seed_(seed) {}

  void initialize(std::uint32_t network) { Tensors::initialize(seed_, network); }

  /// Room for `rows` rows and for `slots` passes with statistics of their own.
  Tape make_tape(Context& context, std::int64_t rows, int slots) const;

  /// A power iteration of all layers, for the slots [first, first + count). Nothing without spectral norm.
  void update_sigmas(Context& context, Tape& tape, int first, int count);

  LayerForm form(int layer, bool training) const;
  LayerPass<T> pass(int layer, const LayerTape<T>& tape, const Segment& segment) const;
  std::vector<LayerPass<T>> passes(int layer, const LayerTape<T>& tape,
                                   std::span<const Segment> segments) const;

  MatrixView<T> rows_of(const Buffer<T>& buffer, int layer, std::int64_t first, std::int64_t rows) const;
  /// Outputs of a layer: h, or a for a bare Linear.
  MatrixView<T> output(const Tape& tape, int layer, std::int64_t first, std::int64_t rows) const;
  /// Gradients at the products of all rows of a pass.
  MatrixView<T> gradient(const Tape& tape, int layer, std::int64_t rows) const {
    return rows_of(tape[layer].grad, layer, 0, rows);
  }

  /// The products below are those of the features; what stands beside them has its own.
  /// out = input W^T, or += where `accumulate`.
  void product(Context& context, int layer, MatrixView<const T> input, MatrixView<T> out,
               bool accumulate = false);
  /// grad_input = grad W, or += where `accumulate`. Without that the sums of its columns are added to
  /// `grad_bias`, where that is not empty: the gradient of a bias that was added to the input.
  void input_gradient(Context& context, int layer, MatrixView<const T> grad, MatrixView<T> grad_input,
                      bool accumulate = false, std::span<T> grad_bias = {});
  /// Gradient of W += grad^T input.
  void weight_gradient(Context& context, int layer, MatrixView<const T> grad, MatrixView<const T> input);
  /// The fused rest of a layer, from `linear` (holding the product) to `out`.
  void activate(Context& context, int layer, const LayerTape<T>& tape, std::span<const Segment> segments,
                bool training, MatrixView<T> linear, MatrixView<T> out);

  /// With W_b the columns of W for what stands beside the features: out += beside W_b^T, and the gradient of
  /// W_b += grad^T beside.
  void add_beside(Context& context, int layer, MatrixView<const T> beside, MatrixView<T> out);
  void beside_weight_gradient(Context& context, int layer, MatrixView<const T> grad,
                              MatrixView<const T> beside);
  /// The gradient at the last out.cols numbers of what stands beside the features: out = grad W_b, or +=
  /// where `accumulate`.
  void beside_gradient(Context& context, int layer, MatrixView<const T> grad, MatrixView<T> out,
                       bool accumulate = false);

  /// Where a layer sees deviations: theirs, row by row, and the gradients at them.
  MatrixView<T> deviations(const LayerTape<T>& tape, std::int64_t first, std::int64_t rows) const;
  MatrixView<T> deviation_gradients(const LayerTape<T>& tape, std::int64_t first, std::int64_t rows) const;
  /// Makes those of rows [first, first + grad.rows), which are grad W_b, and returns them.
  MatrixView<T> find_deviation_gradients(Context& context, int layer, const LayerTape<T>& tape,
                                         std::int64_t first, MatrixView<const T> grad);
  /// The way back through the deviations of the passes: adds to `grad_input`, the gradient at the layer's
  /// input. The views hold the rows of the batch from `first` on.
  void deviation_backward(Context& context, int layer, const LayerTape<T>& tape, std::int64_t first,
                          std::span<const Segment> segments, MatrixView<const T> grad,
                          MatrixView<const T> input, MatrixView<T> grad_input);

  /// Shows the values of a forward pass over `rows` rows, layer by layer (the last one's are in `out` where
  /// they went there), and the gradients of the way back. Cells of the batch begin at row `first_cell`.
  void show_values(const Tape& tape, std::int64_t rows, std::int64_t first_cell, const Watch<T>& watch,
                   MatrixView<const T> out = {}) const;
  void show_gradients(const Tape& tape, std::int64_t rows, std::int64_t first_cell,
                      const Watch<T>& watch) const;

 private:
  PassStatistics<T> statistics(int layer, const LayerTape<T>& tape, const Segment& segment) const;

  std::uint64_t seed_;
};

}  // namespace sparcell

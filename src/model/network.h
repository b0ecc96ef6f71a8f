// A chain of layers: Linear, normalization, activation, dropout; the last layer may be a bare Linear.
#pragma once

#include <functional>
#include <span>

#include "model/condition.h"
#include "model/network_layers.h"
#include "sparcell/ops/batch.h"
#include "sparcell/ops/loaded_batch.h"
#include "sparcell/ops/loss_term.h"

namespace sparcell {

/// What a network or its linear path reads: a matrix, or, with a weight that is stored input-major, the rows
/// of a sparse matrix (the first layer alone) or a batch that was loaded from one.
template <class T>
struct NetworkInput {
  MatrixView<const T> dense{};
  CsrView<const T> sparse{};
  BatchRows rows{};
  LoadedBatch<T> loaded{};

  NetworkInput() = default;
  NetworkInput(MatrixView<const T> dense) : dense(dense) {}
  NetworkInput(MatrixView<T> dense) : dense(dense) {}
  NetworkInput(CsrView<const T> sparse, BatchRows rows) : sparse(sparse), rows(rows) {}
  NetworkInput(const LoadedBatch<T>& loaded) : loaded(loaded) {}
  bool is_sparse() const { return sparse.offsets != nullptr; }
  bool is_loaded() const { return loaded.values.data != nullptr; }
  bool empty() const { return dense.data == nullptr && !is_sparse() && !is_loaded(); }
};

/// What both ways through a network are told alike.
template <class T>
struct NetworkBatch {
  std::int64_t rows = 0;
  bool training = true;  ///< false: running statistics and no dropout; there is no way back
  std::span<const Segment> segments{};
  NetworkInput<T> skip_input{};  ///< of the linear path
  Conditions<T> conditions{};    ///< of a network that is told them
  MatrixView<const T> beside{};  ///< of a first layer that has columns for it
};

/// How a forward pass ends. `without_bias` is for a last layer that is a bare Linear.
template <class T>
struct Ending {
  MatrixView<T> out{};        ///< where its outputs go; an empty view: to the tape
  bool without_bias = false;  ///< the last bias is left to what comes next
};

/// The squared error that the outputs of a network are trained with (ops/linear_loss.h); `activation` is its
/// last layer's.
template <class T>
struct OutputError {
  OutputActivation activation = OutputActivation::identity;
  MatrixView<const T> target{};
  LossTerm loss{};
};

/// What the way back is for. An empty view or input: not that.
template <class T>
struct WayBack {
  NetworkInput<T> input{};              ///< of the pass: for the gradient of the first weight
  MatrixView<T> grad_input{};           ///< where the gradient at the input goes
  std::span<T> grad_input_bias{};       ///< what its columns' sums are added to; not of a network that skips
  MatrixView<T> grad_skip_input{};      ///< what that of the linear path is added to; may be grad_input
  bool with_parameters = true;          ///< false: no gradients of parameters
  bool with_last_bias = true;           ///< false: its gradient is made; tape.back().grad is at the product
  bool ends_here = false;               ///< a join follows and `finished` is empty: see backward
  std::function<void(int)> finished{};  ///< see backward
};

template <class T>
class Network : public NetworkLayers<T> {
 public:
  using Layers = NetworkLayers<T>;
  using Layers::conditioned, Layers::form, Layers::gradient, Layers::layer_gradients,
      Layers::layer_parameters, Layers::output, Layers::passes, Layers::rows_of, Layers::shape, Layers::size,
      Layers::skips, Layers::weight;
  using Layers::Layers;
  using typename Layers::Tape;

  /// Forward through all layers. Returns the output of all rows. A network that is told conditions reads no
  /// rows of sparse matrices.
  MatrixView<T> forward(Context& context, Tape& tape, const NetworkInput<T>& input,
                        const NetworkBatch<T>& batch, const Ending<T>& ending = {});
  /// In two parts: all layers but the last, and the last one. `behind_product` is called once: behind the
  /// first product, which needs nothing of what the passes say (their scales may be on their way until then),
  /// or at once where the first layer is the last.
  void forward_hidden(Context& context, Tape& tape, const NetworkInput<T>& input,
                      const NetworkBatch<T>& batch, const std::function<void()>& behind_product = {});
  MatrixView<T> forward_last(Context& context, Tape& tape, const NetworkInput<T>& input,
                             const NetworkBatch<T>& batch, const Ending<T>& ending = {});

  /// The squared error of outputs which go nowhere, in place of the last layer in training, where that is no
  /// more than its product, bias and activation (identity or relu). Leaves the gradient at the product in
  /// tape.back().grad and adds that of the last bias, of which `backward` is told (with_last_bias).
  void output_error(Context& context, Tape& tape, const NetworkInput<T>& input, const NetworkBatch<T>& batch,
                    const OutputError<T>& error);

  /// The way back of a pass in training from the gradient at the output, which lies in tape.back().grad.
  /// Leaves the gradient at the first product in tape[0].grad. Gradients of parameters are added to the
  /// arena's, those of weights beside (core/branches.h), the first weight's last of all and, where the way
  /// `ends_here`, not beside: join before they are read. Beside, too, `finished(layer)` is called for every
  /// layer behind the first that has the gradients of its weight and bias and is read no more. A network that
  /// sees deviations gets no gradients of parameters here.
  void backward(Context& context, Tape& tape, const NetworkBatch<T>& batch, const WayBack<T>& way);

 private:
  /// Whether a layer is its product and a bias.
  bool is_bare(int layer) const { return !shape(layer).hidden && !shape(layer).spectral_norm; }
  /// Whether a layer's product is of its input alone and the rest of the layer follows it.
  bool is_alone(int layer) const;
  /// Such a layer: product and activate at once.
  void forward_whole(Context& context, int layer, const LayerTape<T>& tape, const NetworkInput<T>& input,
                     const NetworkBatch<T>& batch, bool with_bias, MatrixView<T> linear, MatrixView<T> out);
  /// What a layer reads: the outputs below, or the network's input.
  NetworkInput<T> input_of(int layer, const Tape& tape, const NetworkInput<T>& input,
                           const NetworkBatch<T>& batch) const;
  void forward_layer(Context& context, int layer, Tape& tape, const NetworkInput<T>& input,
                     const NetworkBatch<T>& batch, const Ending<T>& ending,
                     const std::function<void()>& behind_product = {});
  /// Another layer's product.
  void forward_product(Context& context, int layer, const LayerTape<T>& tape, const NetworkInput<T>& input,
                       const NetworkBatch<T>& batch, MatrixView<T> linear);
  bool ends_with_skip(int layer) const { return layer + 1 == size() && skips(); }
  /// out += input W^T of the linear path from anything else; and the gradient of its W.
  void add_skip(Context& context, const NetworkInput<T>& input, MatrixView<T> out);
  void skip_weight_gradient(Context& context, MatrixView<const T> grad, const NetworkInput<T>& input);
  /// Gradient of the first layer's weight, whatever the network reads.
  void first_weight_gradient(Context& context, MatrixView<const T> grad, const NetworkInput<T>& input);
  /// The part of a layer's product that conditions have, or a linear path from rows: what multiplies those
  /// overwrites. True where there is one.
  bool begin_product(Context& context, int layer, const NetworkBatch<T>& batch, MatrixView<T> linear);

  /// Parts of the way back: from the gradient at the product of the layer above, or at the output, to that
  /// at a layer's own; that of its weight; that at its input.
  void back_through_layer(Context& context, int layer, Tape& tape, const NetworkBatch<T>& batch,
                          const WayBack<T>& way);
  void back_to_weight(Context& context, int layer, Tape& tape, const NetworkBatch<T>& batch,
                      const WayBack<T>& way);
  void back_to_input(Context& context, int layer, Tape& tape, const NetworkBatch<T>& batch,
                     const WayBack<T>& way);
  /// Those of what stands beside the layers.
  void back_to_conditions(Context& context, int layer, Tape& tape, const NetworkBatch<T>& batch,
                          bool with_parameters);
  void back_to_pairs(Context& context, int layer, Tape& tape, const NetworkBatch<T>& batch,
                     bool with_parameters);
  void back_through_skip(Context& context, Tape& tape, const NetworkBatch<T>& batch, const WayBack<T>& way);
};

}  // namespace sparcell

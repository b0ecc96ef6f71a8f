// A chain of layers: Linear, normalization, activation, dropout; the last layer may be a bare Linear.
#pragma once

#include <functional>
#include <span>

#include "model/condition.h"
#include "model/layer_tape.h"
#include "model/network_tensors.h"
#include "model/watched.h"
#include "sparcell/ops/batch.h"
#include "sparcell/ops/loaded_batch.h"

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

/// The squared error that the outputs of a network are trained with (ops/linear_loss.h).
template <class T>
struct OutputError {
  MatrixView<const T> target{};
  double loss_scale = 1, gradient_scale = 1;
  double* loss = nullptr;  ///< is added to
};

/// What the way back is for. An empty view or input: not that.
template <class T>
struct WayBack {
  NetworkInput<T> input{};              ///< of the pass: for the gradient of the first weight
  MatrixView<T> grad_input{};           ///< where the gradient at the input goes
  std::span<T> grad_input_bias{};       ///< what its columns' sums are added to; not of a network that skips
  MatrixView<T> grad_skip_input{};      ///< what that of the linear path is added to; may be grad_input
  bool with_parameters = true;          ///< false: no gradients of parameters
  bool with_last_bias = true;           ///< false: the last layer's bias has its gradient already
  bool ends_here = false;               ///< a join follows: see backward
  std::function<void(int)> finished{};  ///< see backward
};

template <class T>
class Network : public NetworkTensors<T> {
 public:
  using Tape = std::vector<LayerTape<T>>;
  using Tensors = NetworkTensors<T>;
  using Tensors::conditioned, Tensors::condition_tensor, Tensors::layer_gradients, Tensors::layer_parameters,
      Tensors::pairs_tensor, Tensors::shape, Tensors::size, Tensors::skip_tensor, Tensors::skips,
      Tensors::weight, Tensors::weight_gradient_of;

  /// As NetworkTensors; `seed` is that of its dropout and of its first weights.
  Network(const std::string& name, const std::vector<LayerShape>& layers, std::uint64_t seed,
          std::uint32_t first_dropout_layer, Arena<T>& parameters, Arena<T>& buffers,
          const BesideLayers& beside = {})
      : Tensors(name, layers, first_dropout_layer, parameters, buffers, beside), seed_(seed) {}

  void initialize(std::uint32_t network) { Tensors::initialize(seed_, network); }

  /// Room for `rows` rows and for `slots` passes with statistics of their own.
  Tape make_tape(Context& context, std::int64_t rows, int slots) const;

  /// A power iteration of all layers, for the slots [first, first + count). Nothing without spectral norm.
  void update_sigmas(Context& context, Tape& tape, int first, int count);

  /// Forward through all layers in training or evaluation mode. Returns the output of all rows. A network
  /// that is told conditions reads no rows of sparse matrices.
  MatrixView<T> forward(Context& context, Tape& tape, const NetworkInput<T>& input,
                        const NetworkBatch<T>& batch, bool training, const Ending<T>& ending = {});
  /// In two parts: all layers but the last, and the last one. `behind_product` is called once: behind the
  /// first product, which needs nothing of what the passes say (their scales may be on their way until then),
  /// or at once where the first layer is the last.
  void forward_hidden(Context& context, Tape& tape, const NetworkInput<T>& input,
                      const NetworkBatch<T>& batch, bool training,
                      const std::function<void()>& behind_product = {});
  MatrixView<T> forward_last(Context& context, Tape& tape, const NetworkInput<T>& input,
                             const NetworkBatch<T>& batch, bool training, const Ending<T>& ending = {});

  /// Whether the last layer is a bare Linear of nothing but the layer below, so that output_error may take
  /// its place in training: the squared error of outputs which go nowhere. That leaves the gradient at them
  /// in tape.back().grad and adds that of the last bias, of which `backward` is told (with_last_bias).
  bool ends_bare() const { return is_bare(size() - 1) && is_alone(size() - 1); }
  void output_error(Context& context, Tape& tape, const NetworkInput<T>& input, const NetworkBatch<T>& batch,
                    const OutputError<T>& error);

  /// The way back of training from the gradient at the output, which lies in tape.back().grad. Leaves the
  /// gradient at the first product in tape[0].grad. Gradients of parameters are added to the arena's, those
  /// of weights beside (core/branches.h), the first weight's last of all and, where that `ends_here`, not
  /// beside: join before they are read. There `finished(layer)` is called where a layer behind the first has
  /// the gradients of its weight and bias and is read no more; not with `ends_here`. A network that sees
  /// deviations gets no gradients of parameters here.
  void backward(Context& context, Tape& tape, const NetworkBatch<T>& batch, const WayBack<T>& way);

  /// Shows the values of a forward pass over `rows` rows, layer by layer (the last one's are in `out` where
  /// they went there), and the gradients of the way back. Cells of the batch begin at row `first_cell`.
  void show_values(const Tape& tape, std::int64_t rows, std::int64_t first_cell, const Watch<T>& watch,
                   MatrixView<const T> out = {}) const;
  void show_gradients(const Tape& tape, std::int64_t rows, std::int64_t first_cell,
                      const Watch<T>& watch) const;

  // What both ways are made of, for networks whose passes are not those above (model/critic).

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
  /// grad W_b, the gradients at the deviations of rows [first, first + grad.rows), to deviation_gradients.
  MatrixView<T> deviation_gradient(Context& context, int layer, const LayerTape<T>& tape, std::int64_t first,
                                   MatrixView<const T> grad);
  /// The way back through the deviations of the passes: adds to `grad_input`, the gradient at the layer's
  /// input. The views hold the rows of the batch from `first` on.
  void deviation_backward(Context& context, int layer, const LayerTape<T>& tape, std::int64_t first,
                          std::span<const Segment> segments, MatrixView<const T> grad,
                          MatrixView<const T> input, MatrixView<T> grad_input);

  /// The fused rest of a layer, from `linear` (holding the product) to `out`.
  void activate(Context& context, int layer, const LayerTape<T>& tape, std::span<const Segment> segments,
                bool training, MatrixView<T> linear, MatrixView<T> out);

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

 private:
  /// Whether a layer is its product and a bias.
  bool is_bare(int layer) const { return !shape(layer).hidden && !shape(layer).spectral_norm; }
  /// Whether a layer's product is of its input alone and the rest of the layer follows it.
  bool is_alone(int layer) const;
  /// Such a layer: product and activate at once.
  void forward_whole(Context& context, int layer, const LayerTape<T>& tape, std::span<const Segment> segments,
                     bool training, const NetworkInput<T>& input, bool with_bias, MatrixView<T> linear,
                     MatrixView<T> out);
  /// What a layer reads: the outputs below, or the network's input.
  NetworkInput<T> input_of(int layer, const Tape& tape, const NetworkInput<T>& input,
                           const NetworkBatch<T>& batch) const;
  void forward_layer(Context& context, int layer, Tape& tape, const NetworkInput<T>& input,
                     const NetworkBatch<T>& batch, bool training, const Ending<T>& ending,
                     const std::function<void()>& behind_product = {});
  /// Another layer's product.
  void forward_product(Context& context, int layer, const LayerTape<T>& tape, const NetworkInput<T>& input,
                       const NetworkBatch<T>& batch, MatrixView<T> linear);
  /// out += input W^T of the linear path; and the gradient of its W.
  void add_skip(Context& context, const NetworkInput<T>& input, MatrixView<T> out);
  void skip_weight_gradient(Context& context, MatrixView<const T> grad, const NetworkInput<T>& input);
  /// Gradient of the first layer's weight, whatever the network reads.
  void first_weight_gradient(Context& context, MatrixView<const T> grad, const NetworkInput<T>& input);
  /// The conditions' part of a layer's product, which it overwrites; true where there is one.
  bool begin_with_conditions(Context& context, int layer, const Conditions<T>& conditions,
                             MatrixView<T> linear);

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

  PassStatistics<T> statistics(int layer, const LayerTape<T>& tape, const Segment& segment) const;

  std::uint64_t seed_;
};

}  // namespace sparcell

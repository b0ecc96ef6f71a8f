// A chain of layers: Linear, normalization, activation, dropout; the last layer may be a bare Linear.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "model/arena.h"
#include "model/condition.h"
#include "model/watched.h"
#include "sparcell/model.h"
#include "sparcell/ops/batch.h"
#include "sparcell/ops/layer.h"

namespace sparcell {

struct LayerShape {
  std::int64_t in = 0;
  std::int64_t out = 0;
  NormalizationLayer normalization = NormalizationLayer::none;
  Activation activation = Activation::identity;
  double slope = 0.2;
  double dropout = 0;
  bool hidden = true;  ///< false: a bare Linear
  bool spectral_norm = false;
  bool input_major = false;  ///< weight stored in x out: the first layer on sparse batches
  std::int64_t beside = 0;   ///< of `in`, the last ones: what stands beside the output of the layer before
  bool deviation = false;    ///< that is the deviation of its cells in each pass (ops/minibatch_deviation.h)
};

/// The hidden layers that `options` describes, from `in` features on.
std::vector<LayerShape> hidden_layers(const NetworkOptions& options, std::int64_t in);

/// A bare Linear.
LayerShape linear_layer(std::int64_t in, std::int64_t out);

/// Rows [first, first + rows) of a batch that pass through a network as one PyTorch forward call would: with
/// their own batch statistics, dropout stream and spectral norm.
struct Segment {
  std::int64_t first = 0;
  std::int64_t rows = 0;
  std::uint32_t pass = 0;              ///< of the dropout streams: index pass * 16 + layer
  const std::int64_t* step = nullptr;  ///< of the dropout streams
  int slot = 0;                        ///< which of the tape's spectral norms
};

/// What a network reads: a matrix, or a sparse batch, whose product is the first layer's alone.
template <class T>
struct NetworkInput {
  MatrixView<const T> dense{};
  CsrView<const T> sparse{};
  BatchRows rows{};

  NetworkInput(MatrixView<const T> dense) : dense(dense) {}
  NetworkInput(MatrixView<T> dense) : dense(dense) {}
  NetworkInput(CsrView<const T> sparse, BatchRows rows) : sparse(sparse), rows(rows) {}
  bool is_sparse() const { return sparse.offsets != nullptr; }
};

/// How a forward pass ends. `without_bias` is for a last layer that is a bare Linear.
template <class T>
struct Ending {
  MatrixView<T> out{};               ///< where its outputs go; an empty view: to the tape
  bool without_bias = false;         ///< the last bias is left to what comes next
  MatrixView<const T> skip_input{};  ///< of the linear path
  Conditions<T> conditions{};        ///< of a network that is told them
  MatrixView<const T> beside{};      ///< of a first layer that has columns for it
};

/// What a forward pass leaves for the way back. Memory for at most `rows` rows, allocated once.
template <class T>
struct LayerTape {
  Buffer<T> a;                           ///< pre-activations
  Buffer<T> h;                           ///< outputs; empty for a bare Linear, whose output is a
  Buffer<T> grad;                        ///< gradients at h, then at the matrix product
  Buffer<T> mean, inverse_deviation;     ///< a row per slot
  Buffer<T> inverse_sigma, inner, u, v;  ///< spectral norm: an element or a row per slot
  Buffer<T> deviation, grad_deviation;   ///< of a layer that sees one: a number per row, gradients at them
};

template <class T>
class Network {
 public:
  /// Adds its tensors, named `<name>.<index of the module in nn.Sequential>.weight` and so on (a bare Linear
  /// alone: `<name>.weight`). With `skip_in` a linear path of that many features stands beside all layers:
  /// its weight, named `<name>_skip.weight`, adds to the last layer's product. With `condition_in` that many
  /// conditions of the cells stand beside the input, as if concatenated to it: their weights, named
  /// `<name>_condition.weight` and, of the linear path, `<name>_skip_condition.weight`, add to the first
  /// layer's product and to the last one's. Beside them may stand `pairs_in` numbers of genes perturbed
  /// together, whose weights, named `<name>_pairs.weight` and `<name>_skip_pairs.weight`, do as well.
  Network(std::string name, std::vector<LayerShape> layers, std::uint32_t first_dropout_layer,
          Arena<T>& parameters, Arena<T>& buffers, std::int64_t skip_in = 0, std::int64_t condition_in = 0,
          std::int64_t pairs_in = 0);

  /// Features: without what stands beside them.
  std::int64_t in() const { return layers_.front().shape.in - layers_.front().shape.beside; }
  bool skips() const { return skip_ >= 0; }
  bool conditioned() const { return condition_ >= 0; }
  /// Tensors of the arena: the linear path's weight, and the weight and bias of a layer.
  int skip_tensor() const { return skip_; }
  /// Of the conditions in the linear path; negative where one or the other is missing.
  int skip_condition_tensor() const { return skip_condition_; }
  int weight_tensor(int layer) const { return layers_[layer].weight; }
  int bias_tensor(int layer) const { return layers_[layer].bias; }
  std::int64_t out() const { return layers_.back().shape.out; }
  int size() const { return static_cast<int>(layers_.size()); }
  const LayerShape& shape(int layer) const { return layers_[layer].shape; }

  /// Linear weights and biases uniform in +-1/sqrt(in); normalization 1 and 0; u and v normalized normals.
  void initialize(std::uint64_t seed, std::uint32_t network);

  /// Room for `rows` rows and for `slots` passes with statistics of their own.
  std::vector<LayerTape<T>> make_tape(Context& context, std::int64_t rows, int slots) const;

  /// A power iteration of all layers, for the slots [first, first + count). Nothing without spectral norm.
  void update_sigmas(Context& context, std::vector<LayerTape<T>>& tape, int first, int count);

  /// The products below are those of the features; what stands beside them has its own.
  /// out = input W^T, or += where `accumulate`.
  void product(Context& context, int layer, MatrixView<const T> input, MatrixView<T> out,
               bool accumulate = false);
  /// grad_input = grad W, or += where `accumulate`.
  void input_gradient(Context& context, int layer, MatrixView<const T> grad, MatrixView<T> grad_input,
                      bool accumulate = false);
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
  /// Makes the weights of the last `count` of those numbers 0.
  void clear_beside(int layer, std::int64_t count);
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
                std::uint64_t seed, bool training, MatrixView<T> linear, MatrixView<T> out);

  /// Forward through all layers. Returns the output of all rows. A network that is told conditions reads no
  /// sparse batches.
  MatrixView<T> forward(Context& context, std::vector<LayerTape<T>>& tape, const NetworkInput<T>& input,
                        std::int64_t rows, std::span<const Segment> segments, std::uint64_t seed,
                        bool training, const Ending<T>& ending = {});

  /// The way back of training from the gradient at the output, which lies in tape.back().grad. Leaves the
  /// gradient at the first product in tape[0].grad; the first weight's gradient is added where `input` is
  /// given, and the gradient at the input goes to grad_input where that is given; that of the linear path is
  /// added to grad_skip_input, which may be grad_input. Gradients of weights are made beside
  /// (core/branches.h): join before they are read. There `finished(layer)` is called
  /// where a layer behind the first has the gradients of its weight and bias and is read no more.
  void backward(Context& context, std::vector<LayerTape<T>>& tape, MatrixView<const T> input,
                std::int64_t rows, std::span<const Segment> segments, std::uint64_t seed,
                bool with_parameters, MatrixView<T> grad_input, MatrixView<const T> skip_input = {},
                MatrixView<T> grad_skip_input = {}, const Conditions<T>& conditions = {},
                const std::function<void(int)>& finished = {});

  /// Shows the values of a forward pass over `rows` rows, layer by layer (the last one's are in `out` where
  /// they went there), and the gradients of the way back. Cells of the batch begin at row `first_cell`.
  void show_values(const std::vector<LayerTape<T>>& tape, std::int64_t rows, std::int64_t first_cell,
                   const Watch<T>& watch, MatrixView<const T> out = {}) const;
  void show_gradients(const std::vector<LayerTape<T>>& tape, std::int64_t rows, std::int64_t first_cell,
                      const Watch<T>& watch) const;

  LayerForm form(int layer, bool training) const;
  LayerParameters<T> layer_parameters(int layer);
  LayerGradients<T> layer_gradients(int layer);
  LayerPass<T> pass(int layer, const LayerTape<T>& tape, const Segment& segment, std::uint64_t seed) const;
  std::vector<LayerPass<T>> passes(int layer, const LayerTape<T>& tape, std::span<const Segment> segments,
                                   std::uint64_t seed) const;

  MatrixView<T> weight(int layer) { return parameters_->matrix(layers_[layer].weight); }
  MatrixView<T> weight_gradient_of(int layer) { return parameters_->matrix_gradient(layers_[layer].weight); }
  MatrixView<T> rows_of(const Buffer<T>& buffer, int layer, std::int64_t first, std::int64_t rows) const;
  /// Outputs of a layer: h, or a for a bare Linear.
  MatrixView<T> output(const std::vector<LayerTape<T>>& tape, int layer, std::int64_t first,
                       std::int64_t rows) const;

 private:
  /// The conditions' part of a layer's product, which it overwrites; true where there is one.
  bool begin_with_conditions(Context& context, int layer, const Conditions<T>& conditions,
                             MatrixView<T> linear);
  /// Whether a layer is its product and a bias.
  bool is_bare(int layer) const { return !shape(layer).hidden && !shape(layer).spectral_norm; }
  /// Whether a layer's product is of its input alone and the rest of the layer follows it.
  bool is_alone(int layer) const;
  /// Such a layer: product and activate at once.
  void forward_whole(Context& context, int layer, const LayerTape<T>& tape, std::span<const Segment> segments,
                     std::uint64_t seed, bool training, const NetworkInput<T>& input, bool with_bias,
                     MatrixView<T> linear, MatrixView<T> out);
  RunningStatistics<T> running_statistics(int layer);
  /// Of a weight (or its gradient) as it lies on the device the columns of the features, and the others.
  MatrixView<T> of_features(int layer, MatrixView<T> whole) const;
  MatrixView<T> of_beside(int layer, MatrixView<T> whole) const;
  PassStatistics<T> statistics(int layer, const LayerTape<T>& tape, const Segment& segment) const;

  struct Layer {
    LayerShape shape;
    std::string weight_name;
    int weight = -1, bias = -1, norm_weight = -1, norm_offset = -1;  ///< in parameters
    int running_mean = -1, running_variance = -1, u = -1, v = -1;    ///< in buffers
    std::uint32_t dropout_layer = 0;
  };

  std::vector<Layer> layers_;
  int skip_ = -1, condition_ = -1, skip_condition_ = -1, pairs_ = -1, skip_pairs_ = -1;  ///< in parameters
  std::int64_t skip_in_ = 0, condition_in_ = 0;
  Arena<T>* parameters_;
  Arena<T>* buffers_;
};

}  // namespace sparcell

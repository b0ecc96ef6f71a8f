// The tensors of a network in its arenas: which there are, their names, how they begin, and views of them.
#pragma once

#include <string>
#include <vector>

#include "model/arena.h"
#include "model/layer_shape.h"

namespace sparcell {

/// Numbers of what may stand beside the layers of a network; 0: nothing does.
struct BesideLayers {
  std::int64_t skip = 0;          ///< features that a linear path leads past all layers
  bool skip_input_major = false;  ///< how its weight lies on the device
  std::int64_t conditions = 0;    ///< of cells, told as if they were concatenated to the input
  std::int64_t pairs = 0;         ///< of genes perturbed together, told beside the conditions
};

template <class T>
class NetworkTensors {
 public:
  /// Adds its tensors, named `<name>.<index of the module in nn.Sequential>.weight` and so on (a bare Linear
  /// alone: `<name>.weight`). A linear path's weight, named `<name>_skip.weight`, adds to the last layer's
  /// product. Weights of conditions, `<name>_condition.weight` and, of the linear path,
  /// `<name>_skip_condition.weight`, add to the first layer's product and to the last one's, and so do those
  /// of pairs, `<name>_pairs.weight` and `<name>_skip_pairs.weight`.
  NetworkTensors(const std::string& name, const std::vector<LayerShape>& layers,
                 std::uint32_t first_dropout_layer, Arena<T>& parameters, Arena<T>& buffers,
                 const BesideLayers& beside);

  /// Linear weights and biases uniform in +-1/sqrt(in); normalization 1 and 0; u and v normalized normals.
  void initialize(std::uint64_t seed, std::uint32_t network);
  /// Makes the first layer's weights of the last `count` numbers beside its features 0.
  void clear_beside(std::int64_t count);

  int size() const { return static_cast<int>(layers_.size()); }
  const LayerShape& shape(int layer) const { return layers_[layer].shape; }
  /// Features: without what stands beside them.
  std::int64_t in() const { return shape(0).in - shape(0).beside; }
  std::int64_t out() const { return layers_.back().shape.out; }
  bool skips() const { return skip_ >= 0; }
  bool conditioned() const { return condition_ >= 0; }

  /// Numbers of tensors in the parameters; negative where there is none.
  int weight_tensor(int layer) const { return layers_[layer].weight; }
  int bias_tensor(int layer) const { return layers_[layer].bias; }
  int skip_tensor() const { return skip_; }
  /// Of the conditions (or pairs) that add to a layer's product.
  int condition_tensor(int layer) const { return told_tensor(layer, condition_, skip_condition_); }
  int pairs_tensor(int layer) const { return told_tensor(layer, pairs_, skip_pairs_); }

  MatrixView<T> weight(int layer) { return parameters_->matrix(layers_[layer].weight); }
  MatrixView<T> weight_gradient_of(int layer) { return parameters_->matrix_gradient(layers_[layer].weight); }
  LayerParameters<T> layer_parameters(int layer);
  LayerGradients<T> layer_gradients(int layer);

 protected:
  struct Layer {
    LayerShape shape;
    std::string weight_name;
    int weight = -1, bias = -1, norm_weight = -1, norm_offset = -1;  ///< in parameters
    int running_mean = -1, running_variance = -1, u = -1, v = -1;    ///< in buffers
    std::uint32_t dropout_layer = 0;
  };
  const Layer& layer_at(int number) const { return layers_[number]; }
  Arena<T>& parameters() { return *parameters_; }
  RunningStatistics<T> running_statistics(int layer);
  std::span<T> spectral_u(int layer) { return buffers_->vector(layers_[layer].u); }
  std::span<T> spectral_v(int layer) { return buffers_->vector(layers_[layer].v); }
  /// Of a weight (or its gradient) as it lies on the device the columns of the features, and the others.
  MatrixView<T> of_features(int layer, MatrixView<T> whole) const;
  MatrixView<T> of_beside(int layer, MatrixView<T> whole) const;

 private:
  int told_tensor(int layer, int first, int last) const {
    return layer == 0 ? first : layer + 1 == size() ? last : -1;
  }

  std::vector<Layer> layers_;
  BesideLayers beside_;
  int skip_ = -1, condition_ = -1, skip_condition_ = -1, pairs_ = -1, skip_pairs_ = -1;  ///< in parameters
  Arena<T>* parameters_;
  Arena<T>* buffers_;
};

}  // namespace sparcell

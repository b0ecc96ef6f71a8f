// Batch normalization and a rectifier by cuDNN: what our layer op is measured beside. The library is loaded
// when a row asks for it, as cuBLASLt is, and nothing but this benchmark uses it. These are its calls for
// normalization and for activation, one after the other: the call that fuses them takes half precision only,
// and its graph API is not tried here.
#include <cudnn.h>
#include <dlfcn.h>

#include "../device.h"
#include "device/check.h"

namespace sparcell::bench_gpu {
namespace {

struct Cudnn {
  decltype(&::cudnnCreate) create;
  decltype(&::cudnnDestroy) destroy;
  decltype(&::cudnnSetStream) set_stream;
  decltype(&::cudnnCreateTensorDescriptor) tensor_create;
  decltype(&::cudnnDestroyTensorDescriptor) tensor_destroy;
  decltype(&::cudnnSetTensor4dDescriptor) tensor_set;
  decltype(&::cudnnCreateActivationDescriptor) activation_create;
  decltype(&::cudnnDestroyActivationDescriptor) activation_destroy;
  decltype(&::cudnnSetActivationDescriptor) activation_set;
  decltype(&::cudnnBatchNormalizationForwardTraining) normalize;
  decltype(&::cudnnBatchNormalizationBackward) normalize_backward;
  decltype(&::cudnnActivationForward) activate;
  decltype(&::cudnnActivationBackward) activate_backward;
  decltype(&::cudnnGetErrorString) error_string;
};

Cudnn load() {
  const std::string name = fmt::format("libcudnn.so.{}", CUDNN_MAJOR);
  void* const library = dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr)
    throw UsageError("the cuDNN rows need {}: {}; add its folder to LD_LIBRARY_PATH", name, dlerror());
  const auto find = [&](const char* function, auto& pointer) {
    pointer = reinterpret_cast<std::remove_reference_t<decltype(pointer)>>(dlsym(library, function));
    if (pointer == nullptr) throw UsageError("cuDNN lacks {}: version {} is needed", function, CUDNN_MAJOR);
  };
  Cudnn c;
  find("cudnnCreate", c.create);
  find("cudnnDestroy", c.destroy);
  find("cudnnSetStream", c.set_stream);
  find("cudnnCreateTensorDescriptor", c.tensor_create);
  find("cudnnDestroyTensorDescriptor", c.tensor_destroy);
  find("cudnnSetTensor4dDescriptor", c.tensor_set);
  find("cudnnCreateActivationDescriptor", c.activation_create);
  find("cudnnDestroyActivationDescriptor", c.activation_destroy);
  find("cudnnSetActivationDescriptor", c.activation_set);
  find("cudnnBatchNormalizationForwardTraining", c.normalize);
  find("cudnnBatchNormalizationBackward", c.normalize_backward);
  find("cudnnActivationForward", c.activate);
  find("cudnnActivationBackward", c.activate_backward);
  find("cudnnGetErrorString", c.error_string);
  return c;
}

const Cudnn& cudnn() {
  static const Cudnn library = load();
  return library;
}

void check(cudnnStatus_t status, const char* expression, int line) {
  if (status == CUDNN_STATUS_SUCCESS) return;
  throw InternalError("cuDNN failed: {} gives {}, cudnn.cpp:{}", expression, cudnn().error_string(status),
                      line);
}
#define SPARCELL_CUDNN_CHECK(expression) check((expression), #expression, __LINE__)

/// Handle and descriptors of one layer.
class NormalizedLayer {
 public:
  NormalizedLayer(Context& context, const LayerMemory& memory)
      : memory_(memory), normalized_(context, memory.out.size()), grad_(context, memory.out.size()) {
    SPARCELL_CUDNN_CHECK(c_.create(&handle_));
    SPARCELL_CUDNN_CHECK(c_.set_stream(handle_, device::stream_of(context)));
    const auto describe = [&](cudnnTensorDescriptor_t& descriptor, std::int64_t rows) {
      SPARCELL_CUDNN_CHECK(c_.tensor_create(&descriptor));
      SPARCELL_CUDNN_CHECK(c_.tensor_set(descriptor, CUDNN_TENSOR_NCHW, CUDNN_DATA_FLOAT,
                                         static_cast<int>(rows), static_cast<int>(memory.out.cols), 1, 1));
    };
    describe(cells_, memory.out.rows);
    describe(features_, 1);
    SPARCELL_CUDNN_CHECK(c_.activation_create(&rectifier_));
    SPARCELL_CUDNN_CHECK(c_.activation_set(rectifier_, CUDNN_ACTIVATION_RELU, CUDNN_PROPAGATE_NAN, 0));
  }
  ~NormalizedLayer() {
    c_.activation_destroy(rectifier_);
    c_.tensor_destroy(features_);
    c_.tensor_destroy(cells_);
    c_.destroy(handle_);
  }
  NormalizedLayer(const NormalizedLayer&) = delete;
  NormalizedLayer& operator=(const NormalizedLayer&) = delete;

  void forward() {
    SPARCELL_CUDNN_CHECK(c_.normalize(handle_, mode, &one, &zero, cells_, memory_.linear.data, cells_,
                                      normalized_.data(), features_, memory_.weight.data(),
                                      memory_.offset.data(), batch_norm_momentum, memory_.running_mean.data(),
                                      memory_.running_variance.data(), normalization_epsilon,
                                      memory_.mean.data(), memory_.inverse_deviation.data()));
    SPARCELL_CUDNN_CHECK(
        c_.activate(handle_, rectifier_, &one, cells_, normalized_.data(), &zero, cells_, memory_.out.data));
  }
  void backward() {
    SPARCELL_CUDNN_CHECK(c_.activate_backward(handle_, rectifier_, &one, cells_, memory_.out.data, cells_,
                                              memory_.grad_out.data, cells_, normalized_.data(), &zero,
                                              cells_, grad_.data()));
    SPARCELL_CUDNN_CHECK(c_.normalize_backward(
        handle_, mode, &one, &zero, &one, &zero, cells_, memory_.linear.data, cells_, grad_.data(), cells_,
        memory_.grad_linear.data, features_, memory_.weight.data(), memory_.weight_gradient.data(),
        memory_.offset_gradient.data(), normalization_epsilon, memory_.mean.data(),
        memory_.inverse_deviation.data()));
  }

 private:
  static constexpr cudnnBatchNormMode_t mode = CUDNN_BATCHNORM_PER_ACTIVATION;
  static constexpr float one = 1, zero = 0;

  const Cudnn& c_ = cudnn();
  const LayerMemory memory_;
  Buffer<float> normalized_, grad_;
  cudnnHandle_t handle_ = nullptr;
  cudnnTensorDescriptor_t cells_ = nullptr, features_ = nullptr;
  cudnnActivationDescriptor_t rectifier_ = nullptr;
};

}  // namespace

std::optional<CudnnLayer> cudnn_layer(Context& context, const LayerMemory& memory) {
  const auto layer = std::make_shared<NormalizedLayer>(context, memory);
  return CudnnLayer{.forward = [layer] { layer->forward(); }, .backward = [layer] { layer->backward(); }};
}

}  // namespace sparcell::bench_gpu

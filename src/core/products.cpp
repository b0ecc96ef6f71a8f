#include "sparcell/core/products.h"

#include "cpu/products.h"
#include "sparcell/core/context.h"
#ifdef SPARCELL_HAS_CUDA
#include "cuda/products.h"
#endif

namespace sparcell {
#ifdef SPARCELL_HAS_CUDA
void set_training_products(Context& context, const ProductOptions& options) {
  if (context.device().is_cuda()) {
    cuda::set_training_products(context, options);
  } else {
    cpu::set_training_products(context, options);
  }
}

TrainingProducts::TrainingProducts(Context& context) : context_(context) {
  context_.device().is_cuda() ? cuda::begin_training_step(context_) : cpu::begin_training_step(context_);
}
TrainingProducts::~TrainingProducts() {
  context_.device().is_cuda() ? cuda::end_training_step(context_) : cpu::end_training_step(context_);
}

std::string gpu_model(const Device& device) {
  return device.is_cuda() ? cuda::device_model(device.index) : "";
}

std::string product_library(const Device& device) {
  return device.is_cuda() ? cuda::product_library() : cpu::product_library();
}

std::string product_libraries() {
  try {
    return fmt::format("{}, {}", cpu::product_library(), cuda::product_library());
  } catch (const UsageError& absent) {
    return fmt::format("{} ({})", cpu::product_library(), absent.what());
  }
}

std::string measured_plan(Context& context, Log& log) { return cuda::measured_plan(context, log); }
#else
void set_training_products(Context& context, const ProductOptions& options) {
  cpu::set_training_products(context, options);
}

TrainingProducts::TrainingProducts(Context& context) : context_(context) {
  cpu::begin_training_step(context_);
}
TrainingProducts::~TrainingProducts() { cpu::end_training_step(context_); }

std::string gpu_model(const Device&) { return ""; }

std::string product_library(const Device&) { return cpu::product_library(); }

std::string product_libraries() { return cpu::product_library(); }

std::string measured_plan(Context&, Log&) {
  throw UsageError("plans of matrix products are a GPU's: this build of sparcell has no CUDA");
}
#endif

}  // namespace sparcell

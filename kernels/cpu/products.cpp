#include "cpu/products.h"

#include <dnnl.h>

#include "cpu/memory.h"

namespace sparcell::cpu {
namespace {

/// What rounds products, and whether it is asked to now.
struct RoundedProducts final : LibraryState {
  explicit RoundedProducts(Context& context) : products(context) {}
  Bf16Products products;
  bool in_training_step = false;
};

RoundedProducts* rounded(Context& context) {
  return static_cast<RoundedProducts*>(library_state(context).get());
}

void check(const ProductOptions& options) {
  if (options.precision == Precision::tf32) {
    throw UsageError(
        "precision tf32 is a GPU's, and the device is cpu; use precision: f32, or device: cuda where there "
        "is a GPU");
  }
  if (options.precision == Precision::bf16 && !multiplies_bf16()) {
    throw UsageError(
        "precision bf16 needs a processor that multiplies bfloat16 (AVX512_BF16 or AMX), which this one "
        "does not; use precision: f32, or device: cuda where there is a GPU");
  }
  if (options.has_plan()) {
    throw UsageError(
        "products.plan {} is for a GPU, and the device is cpu; use products.plan: heuristic, or device: cuda "
        "where there is a GPU",
        options.plan);
  }
}

}  // namespace

Bf16Products* rounded_products(Context& context) {
  RoundedProducts* const state = rounded(context);
  return state != nullptr && state->in_training_step ? &state->products : nullptr;
}

void set_training_products(Context& context, const ProductOptions& options) {
  check(options);
  library_state(context).reset();
  if (options.precision == Precision::bf16)
    library_state(context) = std::make_unique<RoundedProducts>(context);
}

void begin_training_step(Context& context) {
  if (RoundedProducts* const state = rounded(context)) state->in_training_step = true;
}
void end_training_step(Context& context) {
  if (RoundedProducts* const state = rounded(context)) state->in_training_step = false;
}

std::string product_library() {
  const dnnl_version_t* const version = dnnl_version();
  return fmt::format("oneDNN {}.{}.{}", version->major, version->minor, version->patch);
}

}  // namespace sparcell::cpu

// How the dense matrix products of training steps are computed.
#pragma once

#include <string>

#include "sparcell/core/describe.h"

namespace sparcell {

class Context;
class Log;
struct Device;

/// How operands of a product are rounded before they are multiplied: not at all, to TF32 (11 significant
/// bits) or to bfloat16 (8). Sums and results are f32 in every case, and so are small products: a GPU
/// computes those of small layers with what follows them (ops/linear.h), a CPU takes longer to round their
/// operands.
enum class Precision { f32, tf32, bf16 };
template <>
struct Names<Precision> {
  static constexpr std::string_view values[] = {"f32", "tf32", "bf16"};
};

/// What training steps ask of their products; all other work has f32 and the heuristic's algorithms, so
/// that what is asked of a trained model does not depend on them.
struct ProductOptions {
  static constexpr const char* heuristic = "heuristic";

  Precision precision = Precision::f32;  ///< the experiment's key `precision`
  std::string plan = heuristic;          ///< or a file of `sparcell tune`

  bool has_plan() const { return plan != heuristic; }
  bool operator==(const ProductOptions&) const = default;
};

template <class Visitor>
void describe(Visitor& v, ProductOptions& o) {
  v.field("plan", o.plan,
          "Which algorithm of the library each product takes: heuristic, the library's own choice, or a file "
          "that sparcell tune wrote on this kind of GPU. Bits depend on it.");
}

/// From now on training steps of this context multiply as the options say. Throws UsageError where its device
/// cannot: a CPU has no tf32, bf16 only where it multiplies that itself, and no plan; a plan is for one model
/// of GPU, one version of the library and one precision.
void set_training_products(Context& context, const ProductOptions& options);

/// While it lives, the context's products are those of a training step.
class TrainingProducts {
 public:
  explicit TrainingProducts(Context& context);
  ~TrainingProducts();
  TrainingProducts(const TrainingProducts&) = delete;
  TrainingProducts& operator=(const TrainingProducts&) = delete;

 private:
  Context& context_;
};

/// What a GPU's model is called; empty for the CPU.
std::string gpu_model(const Device& device);

/// Name and version of the library that multiplies matrices on this kind of device: "cuBLASLt 13.1.0". Throws
/// UsageError where it is not to be found.
std::string product_library(const Device& device);

/// Of the CPU, and of a GPU where this build has CUDA, whether there is a GPU or not: for `sparcell info`.
std::string product_libraries();

/// What `sparcell tune` writes: for each product that training steps asked this context for, the fastest of
/// the algorithms that the library proposes, measured now. GPU only.
std::string measured_plan(Context& context, Log& log);

}  // namespace sparcell

// A product in cuBLASLt's words, and the algorithms that can compute it.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "cuda/libraries/cublaslt.h"
#include "cuda/memory.h"
#include "cuda/plan.h"

namespace sparcell::cuda {

/// An algorithm that the library took for one product, and the scratch memory that it needs.
struct ChosenAlgorithm {
  cublasLtMatmulAlgo_t algorithm{};
  std::size_t scratch_bytes = 0;

  void* scratch_from(Context& context) const {
    return scratch_bytes > 0 ? workspace(context, scratch_bytes) : nullptr;
  }
};

/// What the library makes it destroys.
struct DestroyByLibrary {
  void operator()(cublasLtMatmulDesc_t made) const { cublaslt().description_destroy(made); }
  void operator()(cublasLtMatrixLayout_t made) const { cublaslt().layout_destroy(made); }
  void operator()(cublasLtMatmulPreference_t made) const { cublaslt().preference_destroy(made); }
};
template <class Opaque>
using Owned = std::unique_ptr<Opaque, DestroyByLibrary>;

/// Products of one shape. Lives no longer than the handle.
class ProductDescription {
 public:
  ProductDescription(cublasLtHandle_t handle, const ProductShape& shape, Precision precision);

  /// At most `most` algorithms whose bits are always the same, the fastest by the library's estimate first.
  /// The estimate is a function of device, library version and what is described here. Not empty.
  std::vector<ChosenAlgorithm> proposals(int most) const;

  /// The algorithm that the numbers name; none where the library does not take it for this product.
  std::optional<ChosenAlgorithm> named(const Algorithm& numbers) const;
  Algorithm numbers_of(const ChosenAlgorithm& chosen) const;

  void multiply(const ChosenAlgorithm& chosen, const Product& product, void* scratch,
                cudaStream_t stream) const;

 private:
  cublasLtHandle_t handle_;
  ProductShape shape_;
  cublasComputeType_t compute_type_;
  Owned<cublasLtMatmulDescOpaque_t> description_;
  Owned<cublasLtMatrixLayoutOpaque_t> left_, right_, out_;
};

}  // namespace sparcell::cuda

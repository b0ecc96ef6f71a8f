// A plan of matrix products: which algorithm of cuBLASLt each takes. A JSON file, a product a line.
#pragma once

#include <string>
#include <vector>

#include "cuda/products.h"

namespace sparcell::cuda {

/// An algorithm in cuBLASLt's numbers (cublasLtMatmulAlgoConfigAttributes_t).
struct Algorithm {
  std::int64_t id = 0, tile = 0, stages = 0, split_k = 1, reduction = 0, swizzle = 0, custom = 0;
  std::int64_t inner_shape = 0, cluster_shape = 0;

  bool operator==(const Algorithm&) const = default;
};

struct PlannedProduct {
  ProductShape shape;
  Algorithm algorithm;
  double microseconds = 0;  ///< as measured when the plan was made

  bool operator==(const PlannedProduct&) const = default;
};

struct ProductPlan {
  std::string device;   ///< name of the GPU's model
  std::string library;  ///< with its version
  Precision precision = Precision::f32;
  std::vector<PlannedProduct> products;

  bool operator==(const ProductPlan&) const = default;
};

/// Throws UsageError where there is no such file, or it is no plan: one sentence that says what is wrong with
/// it.
ProductPlan read_plan(const std::string& path);

std::string text_of(const ProductPlan& plan);

}  // namespace sparcell::cuda

// cuBLASLt as one context has it: a handle, and for each product that was asked for, how it is computed.
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "cuda/libraries/description.h"

namespace sparcell::cuda {

class ProductLibrary final : public LibraryState {
 public:
  ProductLibrary();
  ~ProductLibrary() override;

  /// The context's own, opened where it is not yet.
  static ProductLibrary& of(Context& context);

  void multiply(Context& context, const Product& product);

  /// What training steps ask for; the plan is read, and must be of this device, library and precision.
  void set_training(Context& context, const ProductOptions& options);
  void set_in_training(bool in_training) { in_training_ = in_training; }

  cublasLtHandle_t handle() const { return handle_; }
  Precision training_precision() const { return training_.precision; }
  /// The products of training steps so far, each with the beta that it had first.
  std::vector<std::pair<ProductShape, float>> asked_in_training() const;

 private:
  struct Way {
    std::unique_ptr<ProductDescription> description;
    ChosenAlgorithm algorithm;
    float first_beta;
  };
  using Ways = std::map<ProductShape, Way>;

  Way find_way(const ProductShape& shape) const;
  ChosenAlgorithm planned(const ProductDescription& description, const ProductShape& shape) const;

  cublasLtHandle_t handle_ = nullptr;
  ProductOptions training_;
  std::map<ProductShape, Algorithm> plan_;
  bool in_training_ = false;
  Ways of_training_, of_all_else_;
};

}  // namespace sparcell::cuda

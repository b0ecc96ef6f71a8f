#include "cuda/products.h"

#include "cuda/libraries/product_library.h"
#include "device/check.h"

namespace sparcell::cuda {
namespace {

std::int64_t alignment_of(const void* pointer) {
  std::int64_t bytes = 16;
  while (reinterpret_cast<std::uintptr_t>(pointer) % static_cast<std::uintptr_t>(bytes) != 0) bytes /= 2;
  return bytes;
}

/// What a plan says of its making against what is here.
void require_same(const std::string& file, const char* what, const std::string& planned,
                  const std::string& here) {
  if (planned == here) return;
  throw UsageError(
      "products.plan: {} was made for the {} {}, here it is {}; make one here with sparcell tune, or use "
      "products.plan: heuristic",
      file, what, planned, here);
}

}  // namespace

ProductShape shape_of(const Product& p) {
  return {p.transpose_a,
          p.transpose_b,
          p.m,
          p.n,
          p.k,
          p.a_stride,
          p.b_stride,
          p.out_stride,
          alignment_of(p.a),
          alignment_of(p.b),
          alignment_of(p.out)};
}

std::string text_of(const ProductShape& p) {
  return fmt::format("{} x {}{} times {} x {}{}", p.m, p.k, p.transpose_a ? " (transposed)" : "", p.k, p.n,
                     p.transpose_b ? " (transposed)" : "");
}

std::string device_model(int index) {
  cudaDeviceProp properties;
  SPARCELL_CUDA_CHECK(cudaGetDeviceProperties(&properties, index));
  return properties.name;
}

std::string product_library() {
  const std::size_t version = cublaslt().version();
  return fmt::format("cuBLASLt {}.{}.{}", version / 10000, version / 100 % 100, version % 100);
}

void multiply(Context& context, const Product& product) {
  ProductLibrary::of(context).multiply(context, product);
}

void set_training_products(Context& context, const ProductOptions& options) {
  ProductLibrary::of(context).set_training(context, options);
}

void begin_training_step(Context& context) { ProductLibrary::of(context).set_in_training(true); }
void end_training_step(Context& context) { ProductLibrary::of(context).set_in_training(false); }

ProductLibrary::ProductLibrary() { SPARCELL_CUBLASLT_CHECK(cublaslt().create(&handle_)); }

ProductLibrary::~ProductLibrary() {
  of_training_.clear();
  of_all_else_.clear();
  cublaslt().destroy(handle_);
}

ProductLibrary& ProductLibrary::of(Context& context) {
  std::unique_ptr<LibraryState>& state = library_state(context);
  if (!state) state = std::make_unique<ProductLibrary>();
  return static_cast<ProductLibrary&>(*state);
}

void ProductLibrary::set_training(Context& context, const ProductOptions& options) {
  training_ = options;
  of_training_.clear();
  plan_.clear();
  if (!options.has_plan()) return;
  const ProductPlan plan = read_plan(options.plan);
  require_same(options.plan, "GPU", plan.device, device_model(context.device().index));
  require_same(options.plan, "library", plan.library, product_library());
  require_same(options.plan, "precision", name_of(plan.precision), name_of(options.precision));
  for (const PlannedProduct& product : plan.products) plan_.emplace(product.shape, product.algorithm);
}

void ProductLibrary::multiply(Context& context, const Product& product) {
  Ways& ways = in_training_ ? of_training_ : of_all_else_;
  const ProductShape shape = shape_of(product);
  auto found = ways.find(shape);
  if (found == ways.end()) {
    found = ways.emplace(shape, find_way(shape)).first;
    found->second.first_beta = product.beta;
  }
  const Way& way = found->second;
  way.description->multiply(way.algorithm, product, way.algorithm.scratch_from(context),
                            device::stream_of(context));
}

ProductLibrary::Way ProductLibrary::find_way(const ProductShape& shape) const {
  const ProductOptions options = in_training_ ? training_ : ProductOptions{};
  auto description = std::make_unique<ProductDescription>(handle_, shape, options.precision);
  const ChosenAlgorithm algorithm =
      options.has_plan() ? planned(*description, shape) : description->proposals(1).front();
  return {std::move(description), algorithm, 0};
}

ChosenAlgorithm ProductLibrary::planned(const ProductDescription& description,
                                        const ProductShape& shape) const {
  const auto product = plan_.find(shape);
  if (product == plan_.end()) {
    throw UsageError(
        "products.plan: {} lacks the product {} of this experiment's steps; make a plan of this experiment "
        "with sparcell tune, or use products.plan: heuristic",
        training_.plan, text_of(shape));
  }
  const auto algorithm = description.named(product->second);
  if (!algorithm) {
    throw UsageError(
        "products.plan: {} is damaged: {} does not take algorithm {} as it stands there for the product {}; "
        "write it again with sparcell tune",
        training_.plan, product_library(), product->second.id, text_of(shape));
  }
  return *algorithm;
}

std::vector<std::pair<ProductShape, float>> ProductLibrary::asked_in_training() const {
  std::vector<std::pair<ProductShape, float>> asked;
  for (const auto& [shape, way] : of_training_) asked.emplace_back(shape, way.first_beta);
  return asked;
}

}  // namespace sparcell::cuda

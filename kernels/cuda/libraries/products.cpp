#include "cuda/products.h"

#include <array>
#include <cstring>
#include <map>

#include "cuda/libraries/cublaslt.h"
#include "cuda/memory.h"
#include "device/check.h"

namespace sparcell::cuda {
namespace {

constexpr std::size_t scratch_bytes = std::size_t{32} << 20;  // what NVIDIA recommends for Hopper

/// Descriptions and algorithm of products of one shape. The library's heuristic is a function of device,
/// library version and what is described here, so equal products take equal algorithms, run after run.
struct Plan {
  cublasLtMatmulDesc_t description = nullptr;
  cublasLtMatrixLayout_t left = nullptr, right = nullptr, out = nullptr;
  cublasLtMatmulAlgo_t algorithm{};
};

/// The largest power of two, up to 16 bytes, that an address is a multiple of.
std::uint32_t alignment_of(const void* pointer) {
  std::uint32_t bytes = 16;
  while (reinterpret_cast<std::uintptr_t>(pointer) % bytes != 0) bytes /= 2;
  return bytes;
}

using Key = std::array<std::int64_t, 11>;

Key key_of(const Product& p) {
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

class Products final : public LibraryState {
 public:
  Products() { SPARCELL_CUBLASLT_CHECK(lt_.create(&handle_)); }
  ~Products() override {
    for (const auto& [key, plan] : plans_) {
      lt_.description_destroy(plan.description);
      for (cublasLtMatrixLayout_t layout : {plan.left, plan.right, plan.out}) lt_.layout_destroy(layout);
    }
    lt_.destroy(handle_);
  }

  void multiply(cudaStream_t stream, void* scratch, const Product& p) {
    const Plan& plan = plan_of(p);
    const float one = 1;
    // Column-major, as the library has it: out^T = op(b)^T op(a)^T.
    SPARCELL_CUBLASLT_CHECK(lt_.matmul(handle_, plan.description, &one, p.b, plan.left, p.a, plan.right,
                                       &p.beta, p.out, plan.out, p.out, plan.out, &plan.algorithm, scratch,
                                       scratch_bytes, stream));
  }

 private:
  const Plan& plan_of(const Product& p) {
    const Key key = key_of(p);
    auto found = plans_.find(key);
    if (found == plans_.end()) found = plans_.emplace(key, make_plan(p)).first;
    return found->second;
  }

  Plan make_plan(const Product& p) {
    Plan plan;
    SPARCELL_CUBLASLT_CHECK(lt_.description_create(&plan.description, CUBLAS_COMPUTE_32F, CUDA_R_32F));
    const cublasOperation_t left = p.transpose_b ? CUBLAS_OP_T : CUBLAS_OP_N;
    const cublasOperation_t right = p.transpose_a ? CUBLAS_OP_T : CUBLAS_OP_N;
    SPARCELL_CUBLASLT_CHECK(
        lt_.description_set(plan.description, CUBLASLT_MATMUL_DESC_TRANSA, &left, sizeof left));
    SPARCELL_CUBLASLT_CHECK(
        lt_.description_set(plan.description, CUBLASLT_MATMUL_DESC_TRANSB, &right, sizeof right));
    plan.left = layout(p.transpose_b ? p.k : p.n, p.transpose_b ? p.n : p.k, p.b_stride);
    plan.right = layout(p.transpose_a ? p.m : p.k, p.transpose_a ? p.k : p.m, p.a_stride);
    plan.out = layout(p.n, p.m, p.out_stride);
    choose_algorithm(p, plan);
    return plan;
  }

  cublasLtMatrixLayout_t layout(std::int64_t rows, std::int64_t cols, std::int64_t stride) {
    cublasLtMatrixLayout_t made = nullptr;
    SPARCELL_CUBLASLT_CHECK(lt_.layout_create(&made, CUDA_R_32F, static_cast<std::uint64_t>(rows),
                                              static_cast<std::uint64_t>(cols), stride));
    return made;
  }

  void choose_algorithm(const Product& p, Plan& plan) {
    cublasLtMatmulPreference_t preference = nullptr;
    SPARCELL_CUBLASLT_CHECK(lt_.preference_create(&preference));
    const auto set = [&](cublasLtMatmulPreferenceAttributes_t attribute, auto value) {
      SPARCELL_CUBLASLT_CHECK(lt_.preference_set(preference, attribute, &value, sizeof value));
    };
    set(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, std::uint64_t{scratch_bytes});
    // Partial sums are added from scratch memory in a fixed order, never where they meet.
    set(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, std::uint32_t{CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE});
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, alignment_of(p.b));
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, alignment_of(p.a));
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, alignment_of(p.out));
    set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, alignment_of(p.out));
    cublasLtMatmulHeuristicResult_t result{};
    int count = 0;
    const cublasStatus_t status = lt_.heuristic(handle_, plan.description, plan.left, plan.right, plan.out,
                                                plan.out, preference, 1, &result, &count);
    lt_.preference_destroy(preference);
    SPARCELL_CUBLASLT_CHECK(status);
    require(count > 0, "cuBLASLt has no algorithm for a product of {} x {} x {}", p.m, p.k, p.n);
    plan.algorithm = result.algo;
  }

  const CublasLt& lt_ = cublaslt();
  cublasLtHandle_t handle_ = nullptr;
  std::map<Key, Plan> plans_;
};

}  // namespace

void multiply(Context& context, const Product& product) {
  std::unique_ptr<LibraryState>& state = library_state(context);
  if (!state) state = std::make_unique<Products>();
  // Scratch memory is that of the stream: a product beside another one has its own.
  static_cast<Products&>(*state).multiply(device::stream_of(context),
                                          workspace<char>(context, std::int64_t{scratch_bytes}), product);
}

}  // namespace sparcell::cuda

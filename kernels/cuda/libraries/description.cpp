#include "cuda/libraries/description.h"

namespace sparcell::cuda {
namespace {

constexpr std::size_t most_scratch_bytes = std::size_t{32} << 20;  // what NVIDIA recommends for Hopper

/// bf16 and TF32 are rounded to on the way into the tensor cores, from operands that stay f32 in memory. A
/// step reads every operand of its products twice (a weight forward and backward, an activation forward and
/// for the weight's gradient), 8 bytes an element; with a bf16 copy it would be 4 to read it, 2 to write the
/// copy and 2 x 2 to multiply it, 10 bytes, and a launch for each copy.
cublasComputeType_t compute_type_of(Precision precision) {
  switch (precision) {
    case Precision::tf32:
      return CUBLAS_COMPUTE_32F_FAST_TF32;
    case Precision::bf16:
      return CUBLAS_COMPUTE_32F_FAST_16BF;
    case Precision::f32:
      break;
  }
  return CUBLAS_COMPUTE_32F;
}

/// An attribute of an algorithm and the number that a plan holds for it. `Stored` is the library's type.
template <class Stored>
struct Attribute {
  cublasLtMatmulAlgoConfigAttributes_t name;
  std::int64_t Algorithm::*number;
};

template <class Visitor>
void for_each_attribute(Visitor&& visit) {
  visit(Attribute<std::uint32_t>{CUBLASLT_ALGO_CONFIG_TILE_ID, &Algorithm::tile});
  visit(Attribute<std::uint32_t>{CUBLASLT_ALGO_CONFIG_STAGES_ID, &Algorithm::stages});
  visit(Attribute<std::int32_t>{CUBLASLT_ALGO_CONFIG_SPLITK_NUM, &Algorithm::split_k});
  visit(Attribute<std::uint32_t>{CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME, &Algorithm::reduction});
  visit(Attribute<std::uint32_t>{CUBLASLT_ALGO_CONFIG_CTA_SWIZZLING, &Algorithm::swizzle});
  visit(Attribute<std::uint32_t>{CUBLASLT_ALGO_CONFIG_CUSTOM_OPTION, &Algorithm::custom});
  visit(Attribute<std::uint16_t>{CUBLASLT_ALGO_CONFIG_INNER_SHAPE_ID, &Algorithm::inner_shape});
  visit(Attribute<std::uint16_t>{CUBLASLT_ALGO_CONFIG_CLUSTER_SHAPE_ID, &Algorithm::cluster_shape});
}

template <class Stored>
Stored value_of(const cublasLtMatmulAlgo_t& algorithm, cublasLtMatmulAlgoConfigAttributes_t attribute) {
  Stored value{};
  std::size_t written = 0;
  SPARCELL_CUBLASLT_CHECK(cublaslt().algorithm_get(&algorithm, attribute, &value, sizeof value, &written));
  return value;
}

Owned<cublasLtMatmulPreferenceOpaque_t> preference_for(const ProductShape& shape) {
  cublasLtMatmulPreference_t made = nullptr;
  SPARCELL_CUBLASLT_CHECK(cublaslt().preference_create(&made));
  Owned<cublasLtMatmulPreferenceOpaque_t> preference(made);
  const auto set = [&](cublasLtMatmulPreferenceAttributes_t attribute, auto value) {
    SPARCELL_CUBLASLT_CHECK(cublaslt().preference_set(made, attribute, &value, sizeof value));
  };
  set(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, std::uint64_t{most_scratch_bytes});
  // Partial sums are added from scratch memory in a fixed order, never where they meet.
  set(CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, std::uint32_t{CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE});
  set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, static_cast<std::uint32_t>(shape.b_alignment));
  set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, static_cast<std::uint32_t>(shape.a_alignment));
  set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, static_cast<std::uint32_t>(shape.out_alignment));
  set(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, static_cast<std::uint32_t>(shape.out_alignment));
  return preference;
}

Owned<cublasLtMatmulDescOpaque_t> describe(const ProductShape& p, cublasComputeType_t compute_type) {
  cublasLtMatmulDesc_t made = nullptr;
  SPARCELL_CUBLASLT_CHECK(cublaslt().description_create(&made, compute_type, CUDA_R_32F));
  Owned<cublasLtMatmulDescOpaque_t> description(made);
  const auto set = [&](cublasLtMatmulDescAttributes_t attribute, bool transpose) {
    const cublasOperation_t operation = transpose ? CUBLAS_OP_T : CUBLAS_OP_N;
    SPARCELL_CUBLASLT_CHECK(cublaslt().description_set(made, attribute, &operation, sizeof operation));
  };
  set(CUBLASLT_MATMUL_DESC_TRANSA, p.transpose_b);
  set(CUBLASLT_MATMUL_DESC_TRANSB, p.transpose_a);
  return description;
}

Owned<cublasLtMatrixLayoutOpaque_t> layout(std::int64_t rows, std::int64_t cols, std::int64_t stride) {
  cublasLtMatrixLayout_t made = nullptr;
  SPARCELL_CUBLASLT_CHECK(cublaslt().layout_create(&made, CUDA_R_32F, static_cast<std::uint64_t>(rows),
                                                   static_cast<std::uint64_t>(cols), stride));
  return Owned<cublasLtMatrixLayoutOpaque_t>(made);
}

}  // namespace

// Column-major, as the library has it: out^T = op(b)^T op(a)^T.
ProductDescription::ProductDescription(cublasLtHandle_t handle, const ProductShape& p, Precision precision)
    : handle_(handle),
      shape_(p),
      compute_type_(compute_type_of(precision)),
      description_(describe(p, compute_type_)),
      left_(layout(p.transpose_b ? p.k : p.n, p.transpose_b ? p.n : p.k, p.b_stride)),
      right_(layout(p.transpose_a ? p.m : p.k, p.transpose_a ? p.k : p.m, p.a_stride)),
      out_(layout(p.n, p.m, p.out_stride)) {}

std::vector<ChosenAlgorithm> ProductDescription::proposals(int most) const {
  const auto preference = preference_for(shape_);
  std::vector<cublasLtMatmulHeuristicResult_t> results(static_cast<std::size_t>(most));
  int count = 0;
  SPARCELL_CUBLASLT_CHECK(cublaslt().heuristic(handle_, description_.get(), left_.get(), right_.get(),
                                               out_.get(), out_.get(), preference.get(), most, results.data(),
                                               &count));
  std::vector<ChosenAlgorithm> chosen;
  for (int i = 0; i < count; ++i) {
    const cublasLtMatmulHeuristicResult_t& result = results[static_cast<std::size_t>(i)];
    if (result.state == CUBLAS_STATUS_SUCCESS) chosen.push_back({result.algo, result.workspaceSize});
  }
  require(!chosen.empty(), "cuBLASLt has no algorithm for a product of {}", text_of(shape_));
  return chosen;
}

Algorithm ProductDescription::numbers_of(const ChosenAlgorithm& chosen) const {
  Algorithm numbers{.id = value_of<std::int32_t>(chosen.algorithm, CUBLASLT_ALGO_CONFIG_ID)};
  for_each_attribute([&]<class Stored>(const Attribute<Stored>& attribute) {
    numbers.*attribute.number = value_of<Stored>(chosen.algorithm, attribute.name);
  });
  return numbers;
}

std::optional<ChosenAlgorithm> ProductDescription::named(const Algorithm& numbers) const {
  cublasLtMatmulAlgo_t algorithm{};
  if (cublaslt().algorithm_init(handle_, compute_type_, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F, CUDA_R_32F,
                                CUDA_R_32F, static_cast<int>(numbers.id),
                                &algorithm) != CUBLAS_STATUS_SUCCESS)
    return std::nullopt;
  bool taken = true;
  for_each_attribute([&]<class Stored>(const Attribute<Stored>& attribute) {
    const auto wanted = static_cast<Stored>(numbers.*attribute.number);
    // Algorithms without an attribute refuse to be told its default.
    if (value_of<Stored>(algorithm, attribute.name) == wanted) return;
    taken = taken && cublaslt().algorithm_set(&algorithm, attribute.name, &wanted, sizeof wanted) ==
                         CUBLAS_STATUS_SUCCESS;
  });
  cublasLtMatmulHeuristicResult_t result{};
  if (!taken || cublaslt().algorithm_check(handle_, description_.get(), left_.get(), right_.get(), out_.get(),
                                           out_.get(), &algorithm, &result) != CUBLAS_STATUS_SUCCESS)
    return std::nullopt;
  if (result.workspaceSize > most_scratch_bytes) return std::nullopt;
  return ChosenAlgorithm{algorithm, result.workspaceSize};
}

void ProductDescription::multiply(const ChosenAlgorithm& chosen, const Product& p, void* scratch,
                                  cudaStream_t stream) const {
  const float one = 1;
  SPARCELL_CUBLASLT_CHECK(cublaslt().matmul(handle_, description_.get(), &one, p.b, left_.get(), p.a,
                                            right_.get(), &p.beta, p.out, out_.get(), p.out, out_.get(),
                                            &chosen.algorithm, scratch, chosen.scratch_bytes, stream));
}

}  // namespace sparcell::cuda

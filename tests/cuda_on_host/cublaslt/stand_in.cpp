// libcublasLt without a GPU: the functions that kernels/cuda/libraries/cublaslt loads, with NVIDIA's own
// types. Products run as work of the stream.
#include "cuda_on_host/cublaslt/stand_in.h"

#include <cstring>
#include <map>
#include <optional>

#include "cuda_on_host/runtime.h"
#include "cuda_on_host/streams.h"

namespace cuda_on_host::cublaslt {
namespace {

std::map<std::string, int> call_counts;
std::map<std::string, cublasStatus_t> to_fail;

/// Counts a call; what it must return at once, where a test asked for that.
std::optional<cublasStatus_t> ordered(const char* function) {
  ++call_counts[function];
  const auto found = to_fail.find(function);
  if (found == to_fail.end()) return std::nullopt;
  const cublasStatus_t status = found->second;
  to_fail.erase(found);
  return status;
}

static_assert(sizeof(Choice) <= sizeof(cublasLtMatmulAlgo_t));

cublasLtMatmulAlgo_t algorithm_of(const Choice& choice) {
  cublasLtMatmulAlgo_t algorithm{};
  std::memcpy(&algorithm, &choice, sizeof choice);
  return algorithm;
}

const Layout& layout_of(cublasLtMatrixLayout_t handle) { return *reinterpret_cast<const Layout*>(handle); }
Description& description_of(cublasLtMatmulDesc_t handle) { return *reinterpret_cast<Description*>(handle); }
Preference& preference_of(cublasLtMatmulPreference_t handle) {
  return *reinterpret_cast<Preference*>(handle);
}

Problem problem_of(cublasLtMatmulDesc_t description, cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                   cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d) {
  return {description_of(description), layout_of(a), layout_of(b), layout_of(c), layout_of(d)};
}

template <class Value>
bool take(const void* from, std::size_t bytes, Value& value) {
  if (from == nullptr || bytes != sizeof value) return false;
  std::memcpy(&value, from, bytes);
  return true;
}

cublasStatus_t status_of(bool good) { return good ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE; }

bool is_compute_type(cublasComputeType_t type) {
  return type == CUBLAS_COMPUTE_32F || type == CUBLAS_COMPUTE_32F_FAST_TF32 ||
         type == CUBLAS_COMPUTE_32F_FAST_16BF;
}

/// Calls `visit` with the field that an attribute names; whether there is one.
template <class SomeChoice, class Visitor>
bool at_attribute(SomeChoice& choice, cublasLtMatmulAlgoConfigAttributes_t attribute, Visitor&& visit) {
  switch (attribute) {
    case CUBLASLT_ALGO_CONFIG_ID:
      return visit(choice.id);
    case CUBLASLT_ALGO_CONFIG_TILE_ID:
      return visit(choice.tile);
    case CUBLASLT_ALGO_CONFIG_SPLITK_NUM:
      return visit(choice.split_k);
    case CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME:
      return visit(choice.reduction);
    case CUBLASLT_ALGO_CONFIG_CTA_SWIZZLING:
      return visit(choice.swizzle);
    case CUBLASLT_ALGO_CONFIG_CUSTOM_OPTION:
      return visit(choice.custom);
    case CUBLASLT_ALGO_CONFIG_STAGES_ID:
      return visit(choice.stages);
    case CUBLASLT_ALGO_CONFIG_INNER_SHAPE_ID:
      return visit(choice.inner_shape);
    case CUBLASLT_ALGO_CONFIG_CLUSTER_SHAPE_ID:
      return visit(choice.cluster_shape);
    default:
      return false;
  }
}

std::uint32_t alignment_of(const void* address) {
  constexpr std::uintptr_t most = 256;
  const auto value = reinterpret_cast<std::uintptr_t>(address);
  return static_cast<std::uint32_t>(value % most == 0 ? most : value & (~value + 1));
}

}  // namespace

void fail_next(const std::string& function, cublasStatus_t status) { to_fail[function] = status; }
int calls(const std::string& function) { return call_counts[function]; }
Choice choice_of(const cublasLtMatmulAlgo_t& algorithm) {
  Choice choice;
  std::memcpy(static_cast<void*>(&choice), &algorithm, sizeof choice);
  return choice;
}

}  // namespace cuda_on_host::cublaslt

using namespace cuda_on_host;
using namespace cuda_on_host::cublaslt;

#define RETURN_IF_ORDERED \
  if (const auto status = ordered(__func__)) return *status

extern "C" {

std::size_t cublasLtGetVersion() { return CUBLAS_VERSION; }
const char* cublasLtGetStatusString(cublasStatus_t status) {
  switch (status) {
    case CUBLAS_STATUS_SUCCESS:
      return "CUBLAS_STATUS_SUCCESS";
    case CUBLAS_STATUS_NOT_INITIALIZED:
      return "CUBLAS_STATUS_NOT_INITIALIZED";
    case CUBLAS_STATUS_INVALID_VALUE:
      return "CUBLAS_STATUS_INVALID_VALUE";
    case CUBLAS_STATUS_NOT_SUPPORTED:
      return "CUBLAS_STATUS_NOT_SUPPORTED";
    default:
      return "another status";
  }
}

cublasStatus_t cublasLtCreate(cublasLtHandle_t* handle) {
  RETURN_IF_ORDERED;
  *handle = reinterpret_cast<cublasLtHandle_t>(new char);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle) {
  RETURN_IF_ORDERED;
  delete reinterpret_cast<char*>(handle);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t* made, cublasComputeType_t compute,
                                        cudaDataType_t scale) {
  RETURN_IF_ORDERED;
  if (scale != CUDA_R_32F || !is_compute_type(compute)) return CUBLAS_STATUS_NOT_SUPPORTED;
  *made = reinterpret_cast<cublasLtMatmulDesc_t>(new Description{.compute = compute});
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t description) {
  RETURN_IF_ORDERED;
  delete &description_of(description);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t description,
                                              cublasLtMatmulDescAttributes_t attribute, const void* from,
                                              std::size_t bytes) {
  RETURN_IF_ORDERED;
  cublasOperation_t operation{};
  if (!take(from, bytes, operation) || (operation != CUBLAS_OP_N && operation != CUBLAS_OP_T))
    return CUBLAS_STATUS_INVALID_VALUE;
  if (attribute == CUBLASLT_MATMUL_DESC_TRANSA) {
    description_of(description).transpose_a = operation == CUBLAS_OP_T;
  } else if (attribute == CUBLASLT_MATMUL_DESC_TRANSB) {
    description_of(description).transpose_b = operation == CUBLAS_OP_T;
  } else {
    return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t* made, cudaDataType type, std::uint64_t rows,
                                          std::uint64_t cols, std::int64_t stride) {
  RETURN_IF_ORDERED;
  *made = reinterpret_cast<cublasLtMatrixLayout_t>(
      new Layout{type, static_cast<std::int64_t>(rows), static_cast<std::int64_t>(cols), stride});
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout) {
  RETURN_IF_ORDERED;
  delete &layout_of(layout);
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t* made) {
  RETURN_IF_ORDERED;
  *made = reinterpret_cast<cublasLtMatmulPreference_t>(new Preference);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference) {
  RETURN_IF_ORDERED;
  delete &preference_of(preference);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t handle,
                                                    cublasLtMatmulPreferenceAttributes_t attribute,
                                                    const void* from, std::size_t bytes) {
  RETURN_IF_ORDERED;
  Preference& preference = preference_of(handle);
  switch (attribute) {
    case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES:
      return status_of(take(from, bytes, preference.scratch_bytes));
    case CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK:
      return status_of(take(from, bytes, preference.reductions));
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES:
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES:
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES:
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES:
      return status_of(
          take(from, bytes, preference.alignments[attribute - CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES]));
    default:
      return CUBLAS_STATUS_NOT_SUPPORTED;
  }
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t description,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int most,
                                              cublasLtMatmulHeuristicResult_t results[], int* count) {
  RETURN_IF_ORDERED;
  const Problem problem = problem_of(description, a, b, c, d);
  if (handle == nullptr || most < 1 || !problem.sound()) return CUBLAS_STATUS_INVALID_VALUE;
  *count = 0;
  for (const Choice& choice : choices(problem, preference_of(preference))) {
    if (*count == most) break;
    results[(*count)++] = {.algo = algorithm_of(choice),
                           .workspaceSize = scratch_bytes(choice, problem),
                           .state = CUBLAS_STATUS_SUCCESS,
                           .wavesCount = 1,
                           .reserved = {}};
  }
  return *count > 0 ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}

cublasStatus_t cublasLtMatmulAlgoInit(cublasLtHandle_t handle, cublasComputeType_t compute,
                                      cudaDataType_t scale, cudaDataType_t a, cudaDataType_t b,
                                      cudaDataType_t c, cudaDataType_t d, int id,
                                      cublasLtMatmulAlgo_t* algorithm) {
  RETURN_IF_ORDERED;
  for (cudaDataType_t type : {scale, a, b, c, d}) {
    if (type != CUDA_R_32F) return CUBLAS_STATUS_NOT_SUPPORTED;
  }
  if (handle == nullptr || !is_compute_type(compute) || (id != plain_algorithm && id != vector_algorithm))
    return CUBLAS_STATUS_INVALID_VALUE;
  Choice choice{.id = id};
  choice.compute = compute;
  *algorithm = algorithm_of(choice);
  return CUBLAS_STATUS_SUCCESS;
}
cublasStatus_t cublasLtMatmulAlgoConfigSetAttribute(cublasLtMatmulAlgo_t* algorithm,
                                                    cublasLtMatmulAlgoConfigAttributes_t attribute,
                                                    const void* from, std::size_t bytes) {
  RETURN_IF_ORDERED;
  Choice choice = choice_of(*algorithm);
  // An algorithm that has no such choice refuses to be told even its default.
  const bool has_stages = choice.id == vector_algorithm;
  if (attribute == CUBLASLT_ALGO_CONFIG_ID || attribute == CUBLASLT_ALGO_CONFIG_INNER_SHAPE_ID ||
      attribute == CUBLASLT_ALGO_CONFIG_CLUSTER_SHAPE_ID ||
      (attribute == CUBLASLT_ALGO_CONFIG_STAGES_ID && !has_stages))
    return CUBLAS_STATUS_INVALID_VALUE;
  const bool taken = at_attribute(choice, attribute, [&](auto& field) { return take(from, bytes, field); });
  *algorithm = algorithm_of(choice);
  return status_of(taken);
}
cublasStatus_t cublasLtMatmulAlgoConfigGetAttribute(const cublasLtMatmulAlgo_t* algorithm,
                                                    cublasLtMatmulAlgoConfigAttributes_t attribute, void* to,
                                                    std::size_t bytes, std::size_t* written) {
  RETURN_IF_ORDERED;
  const Choice choice = choice_of(*algorithm);
  return status_of(at_attribute(choice, attribute, [&](const auto& field) {
    if (bytes != sizeof field) return false;
    std::memcpy(to, &field, bytes);
    *written = bytes;
    return true;
  }));
}
cublasStatus_t cublasLtMatmulAlgoCheck(cublasLtHandle_t handle, cublasLtMatmulDesc_t description,
                                       cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                       cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                       const cublasLtMatmulAlgo_t* algorithm,
                                       cublasLtMatmulHeuristicResult_t* result) {
  RETURN_IF_ORDERED;
  constexpr std::uint32_t any_alignment[4] = {256, 256, 256, 256};  // no address is known here
  const Problem problem = problem_of(description, a, b, c, d);
  const Choice choice = choice_of(*algorithm);
  if (handle == nullptr || !problem.sound()) return CUBLAS_STATUS_INVALID_VALUE;
  if (!takes(choice, problem, any_alignment)) return CUBLAS_STATUS_NOT_SUPPORTED;
  *result = {.algo = *algorithm,
             .workspaceSize = scratch_bytes(choice, problem),
             .state = CUBLAS_STATUS_SUCCESS,
             .wavesCount = 1,
             .reserved = {}};
  return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t description, const void* alpha,
                              const void* a, cublasLtMatrixLayout_t a_layout, const void* b,
                              cublasLtMatrixLayout_t b_layout, const void* beta, const void* c,
                              cublasLtMatrixLayout_t c_layout, void* d, cublasLtMatrixLayout_t d_layout,
                              const cublasLtMatmulAlgo_t* algorithm, void* scratch, std::size_t scratch_given,
                              cudaStream_t stream) {
  RETURN_IF_ORDERED;
  const Problem problem = problem_of(description, a_layout, b_layout, c_layout, d_layout);
  if (handle == nullptr || algorithm == nullptr || !problem.sound()) return CUBLAS_STATUS_INVALID_VALUE;
  const Choice choice = choice_of(*algorithm);
  const std::uint32_t alignments[4] = {alignment_of(a), alignment_of(b), alignment_of(c), alignment_of(d)};
  const std::size_t scratch_needed = scratch_bytes(choice, problem);
  if (!takes(choice, problem, alignments) || scratch_given < scratch_needed)
    return CUBLAS_STATUS_INVALID_VALUE;
  if (scratch_needed > 0 && (scratch == nullptr || alignment_of(scratch) < 256))
    return CUBLAS_STATUS_INVALID_VALUE;
  Stream* const to = stream_of(stream);
  if (to == nullptr) return CUBLAS_STATUS_INVALID_VALUE;
  const Pointers pointers{static_cast<const float*>(a), static_cast<const float*>(b),
                          static_cast<const float*>(c), static_cast<float*>(d)};
  enqueue(*to, [choice, problem, pointers, factor = *static_cast<const float*>(alpha),
                of_c = *static_cast<const float*>(beta)] {
    pass_time(microseconds(choice, problem));
    return compute(choice, problem, factor, of_c, pointers);
  });
  return CUBLAS_STATUS_SUCCESS;
}

}  // extern "C"

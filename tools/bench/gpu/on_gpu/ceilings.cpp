// What the device can do at best. Products are cuBLASLt's own, on operands of the type that each unit reads.
#include <cuda_bf16.h>

#include "../data.h"
#include "../device.h"
#include "cuda/libraries/cublaslt.h"
#include "device/check.h"
#include "probes.h"

namespace sparcell::bench_gpu {
namespace {

constexpr int repeats = 11;

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

/// Median microseconds of one of `times`.
double each(Context& context, std::int64_t times, const std::function<void()>& work) {
  const auto all = [&] {
    for (std::int64_t i = 0; i < times; ++i) work();
  };
  microseconds(context, all);
  std::vector<double> measured;
  for (int i = 0; i < repeats; ++i)
    measured.push_back(microseconds(context, all) / static_cast<double>(times));
  return median(measured);
}

double copy_gigabytes_a_second(Context& context) {
  constexpr std::int64_t count = std::int64_t{1} << 29;
  Buffer<float> from(context, count), to(context, count);
  launch_atomics(context, from.span(), count);  // not zeros
  constexpr std::size_t bytes = sizeof(float) * count;
  return 2 * static_cast<double>(bytes) /
         each(context, 20, [&] { context.memory().copy_on_device(to.data(), from.data(), bytes); }) / 1e3;
}

/// A square product of one kind: its types, and how the library computes it.
struct Kind {
  const char* name;
  cudaDataType_t type;
  cublasComputeType_t compute;
  std::size_t bytes;
};
constexpr Kind kinds[] = {{"f32", CUDA_R_32F, CUBLAS_COMPUTE_32F, 4},
                          {"tf32", CUDA_R_32F, CUBLAS_COMPUTE_32F_FAST_TF32, 4},
                          {"bf16", CUDA_R_16BF, CUBLAS_COMPUTE_32F, 2}};

class SquareProduct {
 public:
  SquareProduct(Context& context, const Kind& kind)
      : context_(context),
        a_(operand(context, kind)),
        b_(operand(context, kind)),
        out_(context, bytes(kind)),
        scratch_(context, scratch_bytes) {
    SPARCELL_CUBLASLT_CHECK(lt_.create(&handle_));
    SPARCELL_CUBLASLT_CHECK(lt_.description_create(&description_, kind.compute, CUDA_R_32F));
    const cublasOperation_t transposed = CUBLAS_OP_T;  // the order that every unit takes
    SPARCELL_CUBLASLT_CHECK(
        lt_.description_set(description_, CUBLASLT_MATMUL_DESC_TRANSA, &transposed, sizeof transposed));
    SPARCELL_CUBLASLT_CHECK(lt_.layout_create(&layout_, kind.type, size, size, size));
    SPARCELL_CUBLASLT_CHECK(lt_.preference_create(&preference_));
    SPARCELL_CUBLASLT_CHECK(lt_.preference_set(preference_, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                               &scratch_bytes, sizeof scratch_bytes));
    cublasLtMatmulHeuristicResult_t result{};
    int count = 0;
    SPARCELL_CUBLASLT_CHECK(lt_.heuristic(handle_, description_, layout_, layout_, layout_, layout_,
                                          preference_, 1, &result, &count));
    require(count > 0, "cuBLASLt has no algorithm for a product of {} cubed in {}", size, kind.name);
    algorithm_ = result.algo;
  }
  ~SquareProduct() {
    lt_.preference_destroy(preference_);
    lt_.layout_destroy(layout_);
    lt_.description_destroy(description_);
    lt_.destroy(handle_);
  }
  SquareProduct(const SquareProduct&) = delete;
  SquareProduct& operator=(const SquareProduct&) = delete;

  double teraflops() {
    const float one = 1, zero = 0;
    const double time = each(context_, 10, [&] {
      SPARCELL_CUBLASLT_CHECK(lt_.matmul(handle_, description_, &one, a_.data(), layout_, b_.data(), layout_,
                                         &zero, out_.data(), layout_, out_.data(), layout_, &algorithm_,
                                         scratch_.data(), scratch_bytes, device::stream_of(context_)));
    });
    return 2.0 * size * size * size / time / 1e6;
  }

 private:
  static constexpr std::int64_t size = 8192;
  static constexpr std::uint64_t scratch_bytes = std::uint64_t{32} << 20;

  static std::int64_t bytes(const Kind& kind) { return size * size * static_cast<std::int64_t>(kind.bytes); }

  static Buffer<char> operand(Context& context, const Kind& kind) {
    std::vector<char> host(static_cast<std::size_t>(bytes(kind)));
    Fast random(7);
    for (std::int64_t i = 0; i < size * size; ++i) {
      const float value = 2 * random.uniform() - 1;
      if (kind.type == CUDA_R_32F) {
        reinterpret_cast<float*>(host.data())[i] = value;
      } else {
        reinterpret_cast<__nv_bfloat16*>(host.data())[i] = __float2bfloat16(value);
      }
    }
    return {context, std::span<const char>(host)};
  }

  Context& context_;
  const cuda::CublasLt& lt_ = cuda::cublaslt();
  Buffer<char> a_, b_, out_, scratch_;
  cublasLtHandle_t handle_ = nullptr;
  cublasLtMatmulDesc_t description_ = nullptr;
  cublasLtMatrixLayout_t layout_ = nullptr;
  cublasLtMatmulPreference_t preference_ = nullptr;
  cublasLtMatmulAlgo_t algorithm_{};
};

/// Microseconds of an empty kernel launched by itself, of a graph that holds one, and of each node of a
/// chain.
Json empty_nodes(Context& context) {
  constexpr std::int64_t chain = 1000;
  const auto graph_of = [&](std::int64_t nodes) {
    return context.memory().record([&context, nodes] {
      for (std::int64_t i = 0; i < nodes; ++i) launch_empty(context);
    });
  };
  launch_empty(context);
  context.synchronize();
  const auto one = graph_of(1), many = graph_of(chain);
  return {{"launch_us", each(context, 1000, [&] { launch_empty(context); })},
          {"graph_of_one_us", each(context, 1000, [&] { one->run(); })},
          {"node_of_a_chain_us", each(context, 10, [&] { many->run(); }) / chain}};
}

double atomics_a_nanosecond(Context& context) {
  constexpr std::int64_t genes = 33694, additions = 100'000'000;
  const Buffer<float> counters(context, genes);
  return additions / each(context, 10, [&] { launch_atomics(context, counters.span(), additions); }) / 1e3;
}

}  // namespace

Json measure_ceilings(Context& context) {
  Json json{{"copy_gb_s", copy_gigabytes_a_second(context)}};
  for (const Kind& kind : kinds) json["tflops"][kind.name] = SquareProduct(context, kind).teraflops();
  json["empty"] = empty_nodes(context);
  json["atomics_g_s"] = atomics_a_nanosecond(context);
  return json;
}

std::function<void()> atomic_moments(Context& context, CsrView<const float> x, std::int64_t entries,
                                     std::span<double> sums) {
  return [&context, x, entries, sums] {
    context.memory().set_zero(sums.data(), sums.size_bytes());
    launch_moments(context, x, entries, sums.data());
  };
}

}  // namespace sparcell::bench_gpu

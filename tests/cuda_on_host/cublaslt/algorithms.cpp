#include "cuda_on_host/cublaslt/algorithms.h"

#include <algorithm>
#include <bit>
#include <cmath>

#include "cuda_on_host/checker.h"
#include "cuda_on_host/memory.h"

namespace cuda_on_host::cublaslt {
namespace {

constexpr std::int64_t tile = 32, multiprocessors = 16, least_terms = 8;
constexpr std::int64_t most_splits = 8;
constexpr std::int64_t group = 4;  ///< terms that vector_algorithm adds first

std::int64_t ceiling(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// An operand as tensor cores take it (PTX: cvt.rna.tf32.f32, cvt.rn.bf16.f32).
float rounded(float x, cublasComputeType_t compute) {
  if (!std::isfinite(x)) return x;
  const auto bits = std::bit_cast<std::uint32_t>(x);
  switch (compute) {
    case CUBLAS_COMPUTE_32F_FAST_TF32:
      return std::bit_cast<float>((bits + 0x1000u) & ~0x1fffu);
    case CUBLAS_COMPUTE_32F_FAST_16BF:
      return std::bit_cast<float>((bits + 0x7fffu + ((bits >> 16) & 1u)) & ~0xffffu);
    default:
      return x;
  }
}

const float* reachable(const float* device) {
  return reinterpret_cast<const float*>(device_memory().alias(device));
}

std::string refused(const float* first, const Layout& layout) {
  return device_memory().refused(
      first, static_cast<std::size_t>((layout.cols - 1) * layout.stride + layout.rows) * sizeof(float));
}

/// op(X), `rows` x `cols`, as columns behind one another.
std::vector<float> operand(const float* device, const Layout& layout, bool transpose, std::int64_t rows,
                           std::int64_t cols, cublasComputeType_t compute) {
  const float* const x = reachable(device);
  std::vector<float> packed(static_cast<std::size_t>(rows * cols));
  for (std::int64_t c = 0; c < cols; ++c) {
    for (std::int64_t r = 0; r < rows; ++r)
      packed[c * rows + r] =
          rounded(transpose ? x[c + r * layout.stride] : x[r + c * layout.stride], compute);
  }
  return packed;
}

/// Adds terms [first, end) of column `b` of the product to `sum`.
void add_terms(std::int32_t algorithm, const std::vector<float>& a, std::int64_t m, const float* b,
               std::int64_t first, std::int64_t end, float* sum) {
  std::int64_t i = first;
  if (algorithm == vector_algorithm) {
    for (; i + group <= end; i += group) {
      const float *a0 = &a[i * m], *a1 = a0 + m, *a2 = a1 + m, *a3 = a2 + m;
      for (std::int64_t r = 0; r < m; ++r)
        sum[r] += (a0[r] * b[i] + a1[r] * b[i + 1]) + (a2[r] * b[i + 2] + a3[r] * b[i + 3]);
    }
  }
  for (; i < end; ++i) {
    for (std::int64_t r = 0; r < m; ++r) sum[r] += a[i * m + r] * b[i];
  }
}

}  // namespace

bool Problem::sound() const {
  const bool ta = description.transpose_a, tb = description.transpose_b;
  for (const Layout* layout : {&a, &b, &c, &d}) {
    if (layout->type != CUDA_R_32F || layout->rows < 1 || layout->cols < 1 || layout->stride < layout->rows)
      return false;
  }
  return (ta ? a.cols : a.rows) == m() && (tb ? b.cols : b.rows) == k() && (tb ? b.rows : b.cols) == n() &&
         c.rows == d.rows && c.cols == d.cols && c.stride == d.stride;
}

bool takes(const Choice& choice, const Problem& problem, const std::uint32_t (&alignments)[4]) {
  if (choice.tile != CUBLASLT_MATMUL_TILE_32x32 || choice.swizzle > 1 || choice.custom != 0) return false;
  if (choice.compute != problem.description.compute) return false;
  const bool split = choice.split_k > 1;
  if (choice.split_k < 1 || choice.split_k > most_splits ||
      (split && problem.k() < choice.split_k * least_terms))
    return false;
  if (split != (choice.reduction != CUBLASLT_REDUCTION_SCHEME_NONE)) return false;
  if (choice.id == plain_algorithm) return choice.stages == CUBLASLT_MATMUL_STAGES_UNDEFINED;
  constexpr std::int64_t vector = 4;
  return choice.id == vector_algorithm && choice.stages == CUBLASLT_MATMUL_STAGES_16x2 &&
         std::all_of(alignments, alignments + 2, [](std::uint32_t bytes) { return bytes % 16 == 0; }) &&
         problem.a.stride % vector == 0 && problem.b.stride % vector == 0;
}

std::size_t scratch_bytes(const Choice& choice, const Problem& problem) {
  if (choice.reduction != CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE) return 0;
  return static_cast<std::size_t>(problem.m() * problem.n() * choice.split_k) * sizeof(float);
}

std::vector<Choice> choices(const Problem& problem, const Preference& preference) {
  std::vector<Choice> found;
  for (std::int32_t split_k = 1; split_k <= most_splits; split_k *= 2) {
    for (std::uint32_t reduction : {CUBLASLT_REDUCTION_SCHEME_NONE, CUBLASLT_REDUCTION_SCHEME_INPLACE,
                                    CUBLASLT_REDUCTION_SCHEME_COMPUTE_TYPE}) {
      for (std::int32_t id : {vector_algorithm, plain_algorithm}) {
        Choice choice{
            .id = id, .tile = CUBLASLT_MATMUL_TILE_32x32, .split_k = split_k, .reduction = reduction};
        choice.compute = problem.description.compute;
        if (id == vector_algorithm) choice.stages = CUBLASLT_MATMUL_STAGES_16x2;
        if ((reduction & ~preference.reductions) != 0 || !takes(choice, problem, preference.alignments) ||
            scratch_bytes(choice, problem) > preference.scratch_bytes)
          continue;
        found.push_back(choice);
      }
    }
  }
  return found;
}

double microseconds(const Choice& choice, const Problem& problem) {
  const std::int64_t blocks = ceiling(problem.m(), tile) * ceiling(problem.n(), tile) * choice.split_k;
  const auto waves = static_cast<double>(ceiling(blocks, multiprocessors));
  const double term = choice.id == vector_algorithm ? 0.01 : 0.02, start = 1;
  const double reduction = choice.split_k > 1 ? 0.5 + 0.05 * choice.split_k : 0;
  return start + waves * static_cast<double>(ceiling(problem.k(), choice.split_k)) * term + reduction;
}

std::string compute(const Choice& choice, const Problem& p, float alpha, float beta, const Pointers& device) {
  for (const std::string& wrong : {refused(device.a, p.a), refused(device.b, p.b), refused(device.d, p.d)}) {
    if (!wrong.empty()) return "a matrix product: " + wrong;
  }
  const std::int64_t m = p.m(), n = p.n(), k = p.k();
  const Description& d = p.description;
  const std::vector<float> a = operand(device.a, p.a, d.transpose_a, m, k, d.compute);
  const std::vector<float> b = operand(device.b, p.b, d.transpose_b, k, n, d.compute);
  const std::int64_t part = ceiling(k, choice.split_k);
  std::vector<float> sum(static_cast<std::size_t>(m)), partial(sum.size());
  for (std::int64_t j = 0; j < n; ++j) {
    std::fill(sum.begin(), sum.end(), 0.0f);
    for (std::int64_t first = 0; first < k; first += part) {
      std::fill(partial.begin(), partial.end(), 0.0f);
      add_terms(choice.id, a, m, &b[j * k], first, std::min(first + part, k), partial.data());
      for (std::int64_t r = 0; r < m; ++r) sum[r] += partial[r];
    }
    float* const out = device.d + j * p.d.stride;
    float* const to = const_cast<float*>(reachable(out));
    const float* const from = reachable(device.c + j * p.c.stride);
    for (std::int64_t r = 0; r < m; ++r) to[r] = alpha * sum[r] + (beta == 0 ? 0 : beta * from[r]);
    if (checker != nullptr) checker->written_by_host(out, static_cast<std::size_t>(m) * sizeof(float));
  }
  return "";
}

}  // namespace cuda_on_host::cublaslt

// The twin of cuBLASLt: matrix products by their definition, as work of the stream.
#include "cuda/products.h"

#include "cuda_on_host/checker.h"
#include "cuda_on_host/memory.h"
#include "cuda_on_host/streams.h"
#include "device/check.h"

namespace sparcell::cuda {
namespace {

using cuda_on_host::device_memory;

/// What is wrong with an operand's memory, empty if nothing.
std::string refused(const float* first, std::int64_t rows, std::int64_t cols, std::int64_t stride) {
  return device_memory().refused(first, static_cast<std::size_t>((rows - 1) * stride + cols) * sizeof(float));
}

const float* reachable(const float* device) { return reinterpret_cast<const float*>(device_memory().alias(device)); }

std::string product_now(const Product& p) {
  for (const std::string& wrong :
       {refused(p.a, p.transpose_a ? p.k : p.m, p.transpose_a ? p.m : p.k, p.a_stride),
        refused(p.b, p.transpose_b ? p.n : p.k, p.transpose_b ? p.k : p.n, p.b_stride),
        refused(p.out, p.m, p.n, p.out_stride)}) {
    if (!wrong.empty()) return "a matrix product: " + wrong;
  }
  const float* const a = reachable(p.a);
  const float* const b = reachable(p.b);
  // op(b) row by row, so that the innermost loop runs along memory.
  std::vector<float> right(static_cast<std::size_t>(p.k * p.n)), row(static_cast<std::size_t>(p.n));
  for (std::int64_t i = 0; i < p.k; ++i) {
    for (std::int64_t c = 0; c < p.n; ++c)
      right[i * p.n + c] = p.transpose_b ? b[c * p.b_stride + i] : b[i * p.b_stride + c];
  }
  for (std::int64_t r = 0; r < p.m; ++r) {
    std::fill(row.begin(), row.end(), 0.0f);
    for (std::int64_t i = 0; i < p.k; ++i) {
      const float factor = p.transpose_a ? a[i * p.a_stride + r] : a[r * p.a_stride + i];
      for (std::int64_t c = 0; c < p.n; ++c) row[c] += factor * right[i * p.n + c];
    }
    float* const out = p.out + r * p.out_stride;
    float* const to = const_cast<float*>(reachable(out));
    for (std::int64_t c = 0; c < p.n; ++c) to[c] = p.beta == 0 ? row[c] : row[c] + to[c];
    if (cuda_on_host::checker != nullptr)
      cuda_on_host::checker->written_by_host(out, static_cast<std::size_t>(p.n) * sizeof(float));
  }
  return "";
}

}  // namespace

void multiply(Context& context, const Product& product) {
  cuda_on_host::enqueue(*cuda_on_host::stream_of(device::stream_of(context)),
                        [product] { return product_now(product); });
}

}  // namespace sparcell::cuda

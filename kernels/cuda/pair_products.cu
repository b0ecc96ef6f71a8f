// Products of genes that are perturbed together: a thread takes an element. Rows are a few numbers wide.
#include "sparcell/ops/pair_products.h"

#include "device/access.h"
#include "device/launch.h"

namespace sparcell {
namespace kernels::pair_products {

using device::load, device::store;

constexpr int threads = 256;

/// Calls use(r, c) for every element of `out`.
template <class Use>
__device__ __forceinline__ void for_each_element(const MatrixView<float>& out, Use&& use) {
  device::for_each_in_grid(out.size(), [&](std::int64_t i) { use(i / out.cols, i % out.cols); });
}

__global__ void __launch_bounds__(threads)
    product(MatrixView<const float> a, MatrixView<const float> b, MatrixView<float> out) {
  for_each_element(out, [&](std::int64_t r, std::int64_t c) {
    store(out.row(r) + c, load(a.row(r) + c) * load(b.row(r) + c));
  });
}

__global__ void __launch_bounds__(threads)
    pairs(MatrixView<const float> sums, MatrixView<const float> squares, MatrixView<float> out) {
  for_each_element(out, [&](std::int64_t r, std::int64_t c) {
    const float sum = load(sums.row(r) + c);
    store(out.row(r) + c, (sum * sum - load(squares.row(r) + c)) / 2.0f);
  });
}

__global__ void __launch_bounds__(threads)
    backward(MatrixView<const float> q, MatrixView<const float> with_sums, MatrixView<const float> plain,
             MatrixView<float> grad) {
  for_each_element(grad, [&](std::int64_t r, std::int64_t c) {
    store(grad.row(r) + c, load(with_sums.row(r) + c) - load(q.row(r) + c) * load(plain.row(r) + c));
  });
}

device::LaunchShape shape_for(Context& context, const MatrixView<float>& out) {
  return {.grid = device::blocks_for(out.size(), threads),
          .block = threads,
          .stream = device::stream_of(context)};
}

}  // namespace kernels::pair_products

template <class T>
void cuda::elementwise_product(Context& context, MatrixView<const T> a, MatrixView<const T> b,
                               MatrixView<T> out) {
  using namespace kernels::pair_products;
  device::launch(product, shape_for(context, out), a, b, out);
}
SPARCELL_INSTANTIATE_CUDA(cuda::elementwise_product);

template <class T>
void cuda::pair_products(Context& context, MatrixView<const T> sums, MatrixView<const T> squares,
                         MatrixView<T> out) {
  using namespace kernels::pair_products;
  device::launch(pairs, shape_for(context, out), sums, squares, out);
}
SPARCELL_INSTANTIATE_CUDA(cuda::pair_products);

template <class T>
void cuda::pair_products_backward(Context& context, MatrixView<const T> q, MatrixView<const T> with_sums,
                                  MatrixView<const T> plain, MatrixView<T> grad) {
  using namespace kernels::pair_products;
  device::launch(backward, shape_for(context, grad), q, with_sums, plain, grad);
}
SPARCELL_INSTANTIATE_CUDA(cuda::pair_products_backward);

}  // namespace sparcell

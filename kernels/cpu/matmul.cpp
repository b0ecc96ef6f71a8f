#include "sparcell/ops/matmul.h"

#include <cblas.h>
#include <dnnl.h>
#include <omp.h>

#include <algorithm>

#include "cpu/products.h"
#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

/// Smaller products take as long in f32 as what rounds the operands of rounded ones (Zen 5: 6 us).
constexpr std::int64_t least_terms_worth_rounding = 1 << 19;

void product(Transpose transpose_a, Transpose transpose_b, std::int64_t k, MatrixView<const float> a,
             MatrixView<const float> b, float beta, MatrixView<float> out) {
  const dnnl_status_t status =
      dnnl_sgemm(transpose_a == Transpose::yes ? 'T' : 'N', transpose_b == Transpose::yes ? 'T' : 'N',
                 out.rows, out.cols, k, 1.0f, a.data, a.stride, b.data, b.stride, beta, out.data, out.stride);
  require(status == dnnl_success, "oneDNN's sgemm failed with status {}", static_cast<int>(status));
}

/// Products with transposed weights, as of batches on their way forward, go to threads by columns: oneDNN's
/// own shares took a tenth (128 x 1000) to a third (128 x 512) longer on two cores. The bits are one
/// thread's, which oneDNN's are too where it does not cut terms in parts; it does not for so few.
constexpr std::int64_t most_rows = 512, most_terms = 512, least_columns = 64, least_products = 1 << 21;

bool is_shared_by_columns(int threads, Transpose transpose_a, Transpose transpose_b, std::int64_t k,
                          const MatrixView<float>& out) {
  return threads > 1 && transpose_a == Transpose::no && transpose_b == Transpose::yes &&
         out.rows <= most_rows && k <= most_terms && out.cols >= threads * least_columns &&
         out.rows * out.cols * k >= least_products;
}

void product_by_columns(int threads, MatrixView<const float> a, MatrixView<const float> b, float beta,
                        MatrixView<float> out) {
  constexpr std::int64_t group = 16;
  parallel_parts(threads, (out.cols + group - 1) / group, 1, [&](std::int64_t first, std::int64_t last, int) {
    const std::int64_t begin = first * group, end = std::min(last * group, out.cols);
    product(Transpose::no, Transpose::yes, a.cols, a, b.slice_rows(begin, end - begin), beta,
            MatrixView<float>(out.data + begin, out.rows, end - begin, out.stride));
  });
}

void product(Transpose transpose_a, Transpose transpose_b, std::int64_t k, MatrixView<const double> a,
             MatrixView<const double> b, double beta, MatrixView<double> out) {
  const auto flag = [](Transpose t) { return t == Transpose::yes ? CblasTrans : CblasNoTrans; };
  cblas_dgemm(CblasRowMajor, flag(transpose_a), flag(transpose_b), static_cast<int>(out.rows),
              static_cast<int>(out.cols), static_cast<int>(k), 1.0, a.data, static_cast<int>(a.stride),
              b.data, static_cast<int>(b.stride), beta, out.data, static_cast<int>(out.stride));
}

}  // namespace

template <class T>
void cpu::matmul(Context& context, Transpose transpose_a, Transpose transpose_b, MatrixView<const T> a,
                 MatrixView<const T> b, T beta, MatrixView<T> out) {
  omp_set_num_threads(context.threads());  // what both libraries look at
  const std::int64_t k = transpose_a == Transpose::yes ? a.rows : a.cols;
  if constexpr (std::is_same_v<T, float>) {
    Bf16Products* const rounded = rounded_products(context);
    if (rounded != nullptr && out.rows * out.cols * k >= least_terms_worth_rounding) {
      rounded->multiply(transpose_a, transpose_b, a, b, beta, out);
      return;
    }
    if (is_shared_by_columns(context.threads(), transpose_a, transpose_b, k, out))
      return product_by_columns(context.threads(), a, b, beta, out);
  }
  product(transpose_a, transpose_b, k, a, b, beta, out);
}
SPARCELL_INSTANTIATE(cpu::matmul);

}  // namespace sparcell

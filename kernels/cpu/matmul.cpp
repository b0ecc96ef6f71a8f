#include "sparcell/ops/matmul.h"

#include <cblas.h>
#include <dnnl.h>
#include <omp.h>

#include "cpu/products.h"

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
  }
  product(transpose_a, transpose_b, k, a, b, beta, out);
}
SPARCELL_INSTANTIATE(cpu::matmul);

}  // namespace sparcell

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

/// Products of a batch on its way forward go to threads by columns of what comes out, gradients of weights by
/// rows: oneDNN's own shares took a tenth (128 x 1000 out of 256) to two fifths (256 x 128 out of 128) longer
/// on two cores. The bits are one thread's, which oneDNN's are too where it does not cut terms in parts; it
/// does not for so few.
enum class Side { none, rows, columns };
constexpr std::int64_t most_rows = 512, most_terms = 512, least_products = 1 << 21;
constexpr std::int64_t least_share = 64, least_across = 16;  // rows or columns

Side shared_side(int threads, Transpose transpose_a, Transpose transpose_b, std::int64_t k,
                 const MatrixView<float>& out) {
  const std::int64_t least = threads * least_share;
  if (threads == 1 || transpose_a == transpose_b || k > most_terms) return Side::none;
  if (out.rows * out.cols * k < least_products) return Side::none;
  if (transpose_b == Transpose::yes)
    return out.rows <= most_rows && out.cols >= least ? Side::columns : Side::none;
  return out.cols >= least_across && out.rows >= least ? Side::rows : Side::none;
}

void product_in_shares(int threads, Side side, MatrixView<const float> a, MatrixView<const float> b,
                       float beta, MatrixView<float> out) {
  constexpr std::int64_t group = 16;
  const std::int64_t size = side == Side::columns ? out.cols : out.rows;
  parallel_parts(threads, (size + group - 1) / group, 1, [&](std::int64_t first, std::int64_t last, int) {
    const std::int64_t begin = first * group, count = std::min(last * group, size) - begin;
    if (side == Side::columns) {
      product(Transpose::no, Transpose::yes, a.cols, a, b.slice_rows(begin, count), beta,
              MatrixView<float>(out.data + begin, out.rows, count, out.stride));
    } else {
      product(Transpose::yes, Transpose::no, a.rows,
              MatrixView<const float>(a.data + begin, a.rows, count, a.stride), b, beta,
              out.slice_rows(begin, count));
    }
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
    const Side side = shared_side(context.threads(), transpose_a, transpose_b, k, out);
    if (side != Side::none) return product_in_shares(context.threads(), side, a, b, beta, out);
  }
  product(transpose_a, transpose_b, k, a, b, beta, out);
}
SPARCELL_INSTANTIATE(cpu::matmul);

}  // namespace sparcell

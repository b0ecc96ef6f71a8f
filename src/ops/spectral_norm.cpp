#include "sparcell/ops/spectral_norm.h"

#include "ops/dispatch.h"

namespace sparcell {

template <class T>
void spectral_sigma(Context& context, MatrixView<const T> weight, bool iterate, std::span<T> u,
                    std::span<T> v, T* inverse_sigma, std::span<T> kept_u, std::span<T> kept_v) {
  const auto rows = static_cast<std::size_t>(weight.rows), cols = static_cast<std::size_t>(weight.cols);
  require(rows > 0 && cols > 0 && u.size() == rows && v.size() == cols && kept_u.size() == rows &&
              kept_v.size() == cols,
          "spectral_sigma: a weight of {} x {} with u of {} and v of {}", weight.rows, weight.cols, u.size(),
          v.size());
  SPARCELL_DISPATCH(spectral_sigma, context, weight, iterate, u, v, inverse_sigma, kept_u, kept_v);
}
SPARCELL_INSTANTIATE(spectral_sigma);

template <class T>
void spectral_inner(Context& context, MatrixView<const T> grad_linear, MatrixView<const T> a,
                    std::span<const T> bias, T* inner) {
  require(grad_linear.rows == a.rows && grad_linear.cols == a.cols &&
              (bias.empty() || static_cast<std::int64_t>(bias.size()) == a.cols),
          "spectral_inner: {} x {} against {} x {} with {} biases", grad_linear.rows, grad_linear.cols,
          a.rows, a.cols, bias.size());
  SPARCELL_DISPATCH(spectral_inner, context, grad_linear, a, bias, inner);
}
SPARCELL_INSTANTIATE(spectral_inner);

template <class T>
void spectral_correction(Context& context, MatrixView<const T> u, MatrixView<const T> v,
                         std::span<const T> inner, MatrixView<T> grad_weight) {
  require(u.rows == v.rows && u.rows == static_cast<std::int64_t>(inner.size()) &&
              u.cols == grad_weight.rows && v.cols == grad_weight.cols,
          "spectral_correction: u is {} x {}, v {} x {}, the weight {} x {}", u.rows, u.cols, v.rows, v.cols,
          grad_weight.rows, grad_weight.cols);
  if (u.rows == 0) return;
  SPARCELL_DISPATCH(spectral_correction, context, u, v, inner, grad_weight);
}
SPARCELL_INSTANTIATE(spectral_correction);

}  // namespace sparcell

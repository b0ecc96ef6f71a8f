#include "sparcell/ops/spectral_norm.h"

namespace sparcell {

template <class T>
void spectral_sigma(Context& context, std::span<const SpectralWeight<T>> weights) {
  for (const auto& [weight, u, v, inverse_sigma, kept_u, kept_v] : weights) {
    const auto rows = static_cast<std::size_t>(weight.rows), cols = static_cast<std::size_t>(weight.cols);
    const auto passes = static_cast<std::int64_t>(inverse_sigma.size());
    require(rows > 0 && cols > 0 && u.size() == rows && v.size() == cols,
            "spectral_sigma: a weight of {} x {} with u of {} and v of {}", weight.rows, weight.cols,
            u.size(), v.size());
    require(kept_u.rows == passes && kept_v.rows == passes && kept_u.cols == weight.rows &&
                kept_v.cols == weight.cols,
            "spectral_sigma: {} passes of a weight of {} x {} keep u in {} x {} and v in {} x {}", passes,
            weight.rows, weight.cols, kept_u.rows, kept_u.cols, kept_v.rows, kept_v.cols);
  }
  SPARCELL_DISPATCH(spectral_sigma, context, weights);
}
SPARCELL_INSTANTIATE(spectral_sigma);

template <class T>
void spectral_inner(Context& context, std::span<const SpectralInner<T>> inners) {
  for (const SpectralInner<T>& inner : inners) {
    for (const auto& [grad_linear, a, bias] : inner.terms) {
      require(grad_linear.rows == a.rows && grad_linear.cols == a.cols &&
                  (bias.empty() || static_cast<std::int64_t>(bias.size()) == a.cols),
              "spectral_inner: {} x {} against {} x {} with {} biases", grad_linear.rows, grad_linear.cols,
              a.rows, a.cols, bias.size());
    }
  }
  SPARCELL_DISPATCH(spectral_inner, context, inners);
}
SPARCELL_INSTANTIATE(spectral_inner);

template <class T>
void spectral_correction(Context& context, std::span<const SpectralGradient<T>> gradients) {
  for (const auto& [u, v, inner, grad_weight] : gradients) {
    require(u.rows == v.rows && u.rows == static_cast<std::int64_t>(inner.size()) &&
                u.cols == grad_weight.rows && v.cols == grad_weight.cols,
            "spectral_correction: u is {} x {}, v {} x {}, the weight {} x {}", u.rows, u.cols, v.rows,
            v.cols, grad_weight.rows, grad_weight.cols);
  }
  SPARCELL_DISPATCH(spectral_correction, context, gradients);
}
SPARCELL_INSTANTIATE(spectral_correction);

}  // namespace sparcell

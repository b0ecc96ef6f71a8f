#include "sparcell/ops/reparameterize.h"

#include "ops/dispatch.h"

namespace sparcell {
namespace {

template <class T>
void check_shapes(const char* op, std::initializer_list<MatrixView<const T>> views) {
  const MatrixView<const T> first = *views.begin();
  for (const MatrixView<const T>& view : views) {
    require(view.rows == first.rows && view.cols == first.cols, "{}: shapes {} x {} and {} x {} differ", op,
            first.rows, first.cols, view.rows, view.cols);
  }
}

}  // namespace

template <class T>
void reparameterize(Context& context, RandomStream stream, MatrixView<const T> mu,
                    MatrixView<const T> log_variance, Divergence divergence, const T* kl_weight, double* kl,
                    double* weighted_kl, MatrixView<T> z) {
  check_shapes<T>("reparameterize", {mu, log_variance, z});
  if (mu.size() == 0) return;
  SPARCELL_DISPATCH(reparameterize, context, stream, mu, log_variance, divergence, kl_weight, kl, weighted_kl,
                    z);
}
SPARCELL_INSTANTIATE(reparameterize);

template <class T>
void reparameterize_backward(Context& context, RandomStream stream, MatrixView<const T> mu,
                             MatrixView<const T> log_variance, MatrixView<const T> grad_z, const T* kl_weight,
                             Divergence divergence, MatrixView<T> grad_mu, MatrixView<T> grad_log_variance) {
  check_shapes<T>("reparameterize_backward", {mu, log_variance, grad_z, grad_mu, grad_log_variance});
  if (mu.size() == 0) return;
  SPARCELL_DISPATCH(reparameterize_backward, context, stream, mu, log_variance, grad_z, kl_weight, divergence,
                    grad_mu, grad_log_variance);
}
SPARCELL_INSTANTIATE(reparameterize_backward);

}  // namespace sparcell

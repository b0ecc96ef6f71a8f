// One logit a cell: too little work for more than one thread.
#include "sparcell/ops/adversarial.h"

#include "math/activation.h"

namespace sparcell {
namespace {

template <class T>
struct Term {
  T loss;
  T gradient;
};

template <class T>
Term<T> term(LogitLoss kind, T target, T s) {
  switch (kind) {
    case LogitLoss::cross_entropy:
      return {math::softplus(s) - target * s, math::sigmoid(s) - target};
    case LogitLoss::hinge: {
      const T margin = T(1) - target * s;
      return margin > T(0) ? Term<T>{margin, -target} : Term<T>{T(0), T(0)};
    }
    case LogitLoss::linear:
      return {target * s, target};
  }
  return {};
}

}  // namespace

template <class T>
void cpu::logit_loss(Context&, LogitLoss kind, double target, double weight, MatrixView<const T> logits,
                     double* loss, MatrixView<T> gradient) {
  const double scale = weight / static_cast<double>(logits.rows);
  double sum = 0;
  for (std::int64_t r = 0; r < logits.rows; ++r) {
    const Term<T> t = term(kind, static_cast<T>(target), logits(r, 0));
    sum += static_cast<double>(t.loss);
    gradient(r, 0) = static_cast<T>(scale) * t.gradient;
  }
  *loss += scale * sum;
}
SPARCELL_INSTANTIATE(cpu::logit_loss);

template <class T>
void cpu::add_sum(Context&, MatrixView<const T> x, double scale, double* sum) {
  double total = 0;
  for (std::int64_t r = 0; r < x.rows; ++r) {
    for (std::int64_t c = 0; c < x.cols; ++c) total += static_cast<double>(x(r, c));
  }
  *sum += scale * total;
}
SPARCELL_INSTANTIATE(cpu::add_sum);

}  // namespace sparcell

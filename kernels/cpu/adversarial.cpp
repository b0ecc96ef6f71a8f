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
void cpu::logit_loss(Context&, LogitLoss kind, double weight, std::span<const LogitGroup<T>> groups,
                     double* loss) {
  for (const auto& [target, logits, score, gradient] : groups) {
    if (logits.rows == 0) continue;
    const auto rows = static_cast<double>(logits.rows);
    const double scale = weight / rows;
    double sum = 0, logit_sum = 0;
    for (std::int64_t r = 0; r < logits.rows; ++r) {
      const Term<T> t = term(kind, static_cast<T>(target), logits(r, 0));
      sum += static_cast<double>(t.loss);
      logit_sum += static_cast<double>(logits(r, 0));
      gradient(r, 0) = static_cast<T>(scale) * t.gradient;
    }
    *loss += scale * sum;
    if (score != nullptr) *score += logit_sum / rows;
  }
}
SPARCELL_INSTANTIATE(cpu::logit_loss);

}  // namespace sparcell

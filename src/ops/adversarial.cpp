#include "sparcell/ops/adversarial.h"

#include "ops/dispatch.h"

namespace sparcell {

template <class T>
void logit_loss(Context& context, LogitLoss kind, double weight, std::span<const LogitGroup<T>> groups,
                double* loss) {
  require(groups.size() <= most_logit_groups, "logit_loss: {} groups, at most {}", groups.size(),
          most_logit_groups);
  for (const auto& [target, logits, score, gradient] : groups) {
    require(logits.cols == 1 && gradient.cols == 1 && logits.rows == gradient.rows,
            "logit_loss: logits are {} x {}, the gradient {} x {}, expected one column", logits.rows,
            logits.cols, gradient.rows, gradient.cols);
  }
  SPARCELL_DISPATCH(logit_loss, context, kind, weight, groups, loss);
}
SPARCELL_INSTANTIATE(logit_loss);

}  // namespace sparcell

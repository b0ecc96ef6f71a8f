#include "train/schedule.h"

#include <algorithm>

namespace sparcell {

double PlateauSchedule::next(double learning_rate, double loss) {
  constexpr double smallest_cut = 1e-8;
  if (loss < best * (1 - options_.threshold)) {
    best = loss;
    bad_epochs = 0;
  } else {
    ++bad_epochs;
  }
  if (bad_epochs <= options_.patience) return learning_rate;
  bad_epochs = 0;
  const double cut = std::max(learning_rate * options_.factor, options_.min_learning_rate);
  return learning_rate - cut > smallest_cut ? cut : learning_rate;
}

bool BestValue::update(std::int64_t at, double loss, double min_delta) {
  ++epochs_since;
  if (loss < reference - min_delta) {
    reference = loss;
    epochs_since = 0;
  }
  if (!(loss < value)) return false;
  value = loss;
  epoch = at;
  return true;
}

}  // namespace sparcell

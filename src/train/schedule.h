// Decisions taken once an epoch.
#pragma once

#include <cstdint>
#include <limits>

#include "sparcell/train.h"

namespace sparcell {

/// torch.optim.lr_scheduler.ReduceLROnPlateau (mode min, relative threshold, no cooldown): after a cut the
/// count restarts and the best stays; cuts smaller than 1e-8 are skipped.
class PlateauSchedule {
 public:
  explicit PlateauSchedule(const ScheduleOptions& options) : options_(options) {}
  /// The learning rate of the next epoch.
  double next(double learning_rate, double loss);

  double best = std::numeric_limits<double>::infinity();
  std::int64_t bad_epochs = 0;

 private:
  ScheduleOptions options_;
};

/// The lowest value of what training is monitored by, and how long ago it was.
struct BestValue {
  double value = std::numeric_limits<double>::infinity();
  std::int64_t epoch = -1;
  double reference = std::numeric_limits<double>::infinity();  ///< the last improvement of min_delta
  std::int64_t epochs_since = 0;                               ///< since then

  /// Whether this epoch is the best so far.
  bool update(std::int64_t at, double loss, double min_delta);
};

}  // namespace sparcell

// What a person sees of training: on a terminal a line that moves, elsewhere a line for every tenth of it.
#pragma once

#include <chrono>
#include <string>

#include "sparcell/core/log.h"
#include "train/trainer.h"

namespace sparcell {

class TrainingProgress {
 public:
  /// `before`: epochs that an earlier process took.
  TrainingProgress(std::string model, std::int64_t before, std::int64_t epochs, Log& log);
  void show(const EpochRecord& record);

 private:
  std::string model_;
  std::int64_t before_, epochs_;
  Log& log_;
  bool terminal_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace sparcell

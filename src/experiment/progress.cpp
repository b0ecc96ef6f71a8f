#include "experiment/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "core/durations.h"

namespace sparcell {
namespace {

/// The first loss parts of an epoch: what they are depends on the model.
std::string summary(const EpochRecord& record) {
  std::string text;
  for (const auto& [name, value] : record.train) {
    if (name == "loss" || name == "discriminator" || name == "generator")
      text += fmt::format("{} {:.4g}  ", name, value);
  }
  for (const auto& [name, value] : record.validation) {
    if (name == "loss") text += fmt::format("validation {:.4g}  ", value);
    if (name == name_of(Monitor::energy_distance)) text += fmt::format("energy distance {:.4g}  ", value);
  }
  return text;
}

}  // namespace

TrainingProgress::TrainingProgress(std::string model, std::int64_t before, std::int64_t epochs, Log& log)
    : model_(std::move(model)),
      before_(before),
      epochs_(epochs),
      log_(log),
      terminal_(isatty(STDERR_FILENO) != 0) {}

void TrainingProgress::show(const EpochRecord& record) {
  const std::int64_t done = record.epoch + 1;
  const double seconds = seconds_since(start_);
  const double rate = static_cast<double>(done - before_) / seconds;
  std::string line =
      fmt::format("train {}: epoch {}/{}  {}{}", model_, done, epochs_, summary(record), rate_text(rate));
  if (done < epochs_)
    line += fmt::format(", {} left", duration_text(static_cast<double>(epochs_ - done) / rate));
  const std::int64_t tenth = std::max<std::int64_t>(1, epochs_ / 10);
  if (done == epochs_ || (!terminal_ && done % tenth == 0)) {
    if (terminal_) std::fprintf(stderr, "\r\033[K");
    log_.info("{}", line);
  } else if (terminal_) {
    std::fprintf(stderr, "\r\033[K%s", line.c_str());
  }
}

}  // namespace sparcell

#include "core/durations.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>

namespace sparcell {

std::string duration_text(double seconds) {
  const auto whole = static_cast<std::int64_t>(std::ceil(seconds));
  if (whole < 100) return fmt::format("{} s", whole);
  const std::int64_t minutes = (whole + 59) / 60;
  if (minutes < 100) return fmt::format("{} min", minutes);
  return fmt::format("{} h {} min", minutes / 60, minutes % 60);
}

std::string rate_text(double epochs_per_second) {
  if (epochs_per_second >= 1) return fmt::format("{:.1f} epochs/s", epochs_per_second);
  const double seconds = 1 / epochs_per_second;
  return (seconds < 100 ? fmt::format("{:.1f} s", seconds) : duration_text(seconds)) + " an epoch";
}

}  // namespace sparcell

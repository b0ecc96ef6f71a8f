// How long something takes, and how people are told.
#pragma once

#include <chrono>
#include <string>

namespace sparcell {

inline double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// "42 s", "7 min", "3 h 20 min"; rounded up.
std::string duration_text(double seconds);

/// "3.2 epochs/s", "12.5 s an epoch", "4 min an epoch": whichever number says more.
std::string rate_text(double epochs_per_second);

}  // namespace sparcell

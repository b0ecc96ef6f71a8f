// How long something takes, for people.
#pragma once

#include <string>

namespace sparcell {

/// "42 s", "7 min", "3 h 20 min"; rounded up.
std::string duration_text(double seconds);

/// "3.2 epochs/s", "12.5 s an epoch", "4 min an epoch": whichever number says more.
std::string rate_text(double epochs_per_second);

}  // namespace sparcell

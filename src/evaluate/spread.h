// What several seeds gave, in two numbers.
#pragma once

#include <span>

namespace sparcell {

struct Spread {
  double mean = 0;
  double deviation = 0;  ///< standard deviation with divisor n - 1; NaN of one value
};

/// Needs a value.
Spread spread_of(std::span<const double> values);

}  // namespace sparcell

// Student's t distribution.
#pragma once

#include <cstdint>

namespace sparcell {

/// The 97.5 % point: of a table up to 30 degrees of freedom, then by Cornish-Fisher expansion (Abramowitz and
/// Stegun 26.7.5), less than 1e-7 off. Requires a degree of freedom.
double student_t_975(std::int64_t degrees);

/// The chance of a |t| at least as large: I_x(degrees / 2, 1 / 2) at x = degrees / (degrees + t^2), the
/// regularized incomplete beta function by its continued fraction (DLMF 8.17.22, by Lentz's method). Degrees
/// need not be whole; above 0.
double student_t_p_value(double t, double degrees);

}  // namespace sparcell

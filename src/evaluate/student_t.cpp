#include "evaluate/student_t.h"

#include <cmath>
#include <iterator>
#include <limits>

#include "sparcell/core/errors.h"

namespace sparcell {
namespace {

/// Of Lentz's method: a factor that would be 0 is this.
constexpr double tiny = 1e-300;

double not_zero(double value) { return std::abs(value) < tiny ? tiny : value; }

/// The continued fraction of I_x(a, b), which converges fast for x < (a + 1) / (a + b + 2).
double beta_fraction(double x, double a, double b) {
  constexpr int most_terms = 10000;
  double c = 1, d = 1 / not_zero(1 - (a + b) * x / (a + 1)), value = d;
  for (int m = 1; m <= most_terms; ++m) {
    const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    double change = 1;
    for (const double coefficient : {even, odd}) {
      d = 1 / not_zero(1 + coefficient * d);
      c = not_zero(1 + coefficient / c);
      change = c * d;
      value *= change;
    }
    if (std::abs(change - 1) < 4 * std::numeric_limits<double>::epsilon()) break;
  }
  return value;
}

/// I_x(a, b); `rest` is 1 - x, which the caller has without cancellation.
double incomplete_beta(double x, double rest, double a, double b) {
  if (x <= 0) return 0;
  if (rest <= 0) return 1;
  const double factor =
      std::exp(std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log(rest));
  if (x < (a + 1) / (a + b + 2)) return factor * beta_fraction(x, a, b) / a;
  return 1 - factor * beta_fraction(rest, b, a) / b;
}

}  // namespace

double student_t_975(std::int64_t degrees) {
  require(degrees > 0, "Student's t needs a degree of freedom");
  static constexpr double quantiles[] = {12.7062047, 4.3026527, 3.1824463, 2.7764451, 2.5705818, 2.4469119,
                                         2.3646243,  2.3060041, 2.2621572, 2.2281389, 2.2009852, 2.1788128,
                                         2.1603687,  2.1447867, 2.1314495, 2.1199053, 2.1098156, 2.1009220,
                                         2.0930241,  2.0859634, 2.0796138, 2.0738731, 2.0686576, 2.0638986,
                                         2.0595386,  2.0555294, 2.0518305, 2.0484071, 2.0452296, 2.0422725};
  if (degrees <= std::ssize(quantiles)) return quantiles[degrees - 1];
  const double z = 1.959963984540054, z2 = z * z, v = static_cast<double>(degrees);
  const double g1 = z * (z2 + 1) / 4;
  const double g2 = z * ((5 * z2 + 16) * z2 + 3) / 96;
  const double g3 = z * (((3 * z2 + 19) * z2 + 17) * z2 - 15) / 384;
  const double g4 = z * ((((79 * z2 + 776) * z2 + 1482) * z2 - 1920) * z2 - 945) / 92160;
  return z + (g1 + (g2 + (g3 + g4 / v) / v) / v) / v;
}

double student_t_p_value(double t, double degrees) {
  if (std::isnan(t) || !(degrees > 0)) return std::numeric_limits<double>::quiet_NaN();
  if (std::isinf(t)) return 0;
  const double all = degrees + t * t;
  return incomplete_beta(degrees / all, t * t / all, degrees / 2, 0.5);
}

}  // namespace sparcell

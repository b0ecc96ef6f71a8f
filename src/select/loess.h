// Local quadratic regression of one variable on another, as Cleveland and Grosse's dloess computes it.
#pragma once

#include <span>
#include <vector>

namespace sparcell {

/// The fit at every x: at the vertices of a k-d tree a quadratic is fitted to the floor(span * n) nearest
/// points with tricube weights; between vertices their values and slopes are blended by cubic Hermite
/// polynomials. That is loess(degree 2, family gaussian, surface interpolate, cell 0.2) of netlib's dloess, R
/// and scikit-misc. Cleveland, Grosse 1991, "Computational methods for local regression". Throws DataError
/// where the points do not determine the fit: too few, or too many with the same x.
std::vector<double> loess(std::span<const double> x, std::span<const double> y, double span);

}  // namespace sparcell

// How densely points lie in the plane.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sparcell {

/// A square grid over the plane.
struct PlaneGrid {
  std::vector<double> x, y;  ///< ascending, in equal steps

  /// Over all of the points but a hundredth of the outermost on each side, with a margin.
  static PlaneGrid around(std::span<const std::vector<float>> x, std::span<const std::vector<float>> y,
                          std::int64_t places);
};

/// At each place of the grid, row by row of y, the share of the points' mass where their density is higher: 0
/// at the peak, 1 where there is nothing, and the line at 0.5 encloses half of them (a highest density
/// region, Hyndman 1996). Gaussian kernels with Scott's widths.
std::vector<float> mass_inside(const PlaneGrid& grid, std::span<const float> x, std::span<const float> y);

}  // namespace sparcell

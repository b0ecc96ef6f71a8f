#include "report/density.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

namespace sparcell {
namespace {

constexpr double outermost = 0.01, margin = 0.15;

std::vector<double> ticks(std::vector<float> values, std::int64_t places) {
  std::erase_if(values, [](float value) { return !std::isfinite(value); });
  if (values.empty()) values = {0};
  std::sort(values.begin(), values.end());
  const auto beyond = static_cast<std::size_t>(outermost * static_cast<double>(values.size()));
  const double low = values[beyond], high = values[values.size() - 1 - beyond];
  const double wider = high > low ? margin * (high - low) : 1;
  std::vector<double> at;
  for (std::int64_t i = 0; i < places; ++i)
    at.push_back(low - wider +
                 (high - low + 2 * wider) * static_cast<double>(i) / static_cast<double>(places - 1));
  return at;
}

std::vector<float> joined(std::span<const std::vector<float>> parts) {
  std::vector<float> all;
  for (const std::vector<float>& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// Scott's width of a kernel in the plane, in steps of the grid and not below one.
double kernel_steps(std::span<const float> values, double step) {
  double mean = 0, squares = 0;
  const auto n = static_cast<double>(values.size());
  for (const float value : values) mean += value / n;
  for (const float value : values) squares += (value - mean) * (value - mean) / n;
  return std::max(1.0, std::sqrt(squares) * std::pow(n, -1.0 / 6) / step);
}

/// As far as a grid of `places` reaches: one cell far away makes all kernels wide.
std::vector<double> kernel(double steps, std::int64_t places) {
  std::vector<double> weights;
  const auto reach = static_cast<std::int64_t>(std::min(std::ceil(3 * steps), static_cast<double>(places)));
  for (std::int64_t i = -reach; i <= reach; ++i)
    weights.push_back(std::exp(-0.5 * static_cast<double>(i * i) / (steps * steps)));
  return weights;
}

/// `count` values, `stride` apart, in place.
void smooth(double* values, std::int64_t count, std::int64_t stride, const std::vector<double>& weights) {
  const auto reach = static_cast<std::int64_t>(weights.size() / 2);
  std::vector<double> smoothed(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::int64_t j = std::max<std::int64_t>(0, i - reach); j < std::min(count, i + reach + 1); ++j)
      smoothed[i] += weights[j - i + reach] * values[j * stride];
  }
  for (std::int64_t i = 0; i < count; ++i) values[i * stride] = smoothed[i];
}

}  // namespace

PlaneGrid PlaneGrid::around(std::span<const std::vector<float>> x, std::span<const std::vector<float>> y,
                            std::int64_t places) {
  return {ticks(joined(x), places), ticks(joined(y), places)};
}

std::vector<float> mass_inside(const PlaneGrid& grid, std::span<const float> x, std::span<const float> y) {
  const auto columns = std::ssize(grid.x), rows = std::ssize(grid.y);
  const double x_step = grid.x[1] - grid.x[0], y_step = grid.y[1] - grid.y[0];
  std::vector<double> density(static_cast<std::size_t>(columns * rows));
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double column = std::round((x[i] - grid.x[0]) / x_step),
                 row = std::round((y[i] - grid.y[0]) / y_step);
    if (!(column >= 0 && row >= 0 && column < static_cast<double>(columns) &&
          row < static_cast<double>(rows)))
      continue;
    density[static_cast<std::int64_t>(row) * columns + static_cast<std::int64_t>(column)] += 1;
  }
  const std::vector<double> along_x = kernel(kernel_steps(x, x_step), columns),
                            along_y = kernel(kernel_steps(y, y_step), rows);
  for (std::int64_t r = 0; r < rows; ++r) smooth(density.data() + r * columns, columns, 1, along_x);
  for (std::int64_t c = 0; c < columns; ++c) smooth(density.data() + c, rows, columns, along_y);
  std::vector<std::size_t> order(density.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(), [&](auto a, auto b) { return density[a] > density[b]; });
  const double total = std::accumulate(density.begin(), density.end(), 0.0);
  std::vector<float> inside(density.size(), 1);
  double higher = 0;
  for (const std::size_t place : order) {
    if (density[place] <= 0) break;
    inside[place] = static_cast<float>(higher / total);
    higher += density[place];
  }
  return inside;
}

}  // namespace sparcell

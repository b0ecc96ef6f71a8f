#include "sparcell/normalize.h"

#include <algorithm>

#include "sparcell/core/placed.h"
#include "sparcell/ops/log_normalize.h"

namespace sparcell {
namespace {

void need_counts(const Dataset& data) {
  if (data.counts) return;
  throw DataError(
      "normalize needs counts, but {} of {} holds other values (fractions or negative numbers); "
      "name the matrix with read.counts, or use the values as they are with normalize: none",
      data.matrix, data.source);
}

/// The median of the sums above 0 of the given cells; of an even number the mean of the two in the middle, as
/// numpy's.
double median_sum(Context& context, const Dataset& data, std::span<const std::int32_t> cells) {
  const Buffer<double> sums_on_device(context, data.cell_count());
  row_sums<float>(context, PlacedCsr<const float>(context, data.x).view(), sums_on_device.span());
  const std::vector<double> sums = sums_on_device.to_host();
  std::vector<double> positive;
  for (std::int32_t cell : cells) {
    if (sums[cell] > 0) positive.push_back(sums[cell]);
  }
  if (positive.empty()) {
    throw DataError("normalize.target_sum: none of the {} cells that the median is fitted on has a count",
                    cells.size());
  }
  const auto middle = positive.begin() + static_cast<std::ptrdiff_t>(positive.size() / 2);
  std::nth_element(positive.begin(), middle, positive.end());
  if (positive.size() % 2 == 1) return *middle;
  return (*std::max_element(positive.begin(), middle) + *middle) / 2;
}

}  // namespace

Normalization normalize(Context& context, Dataset& data, const NormalizeOptions& options,
                        std::span<const std::int32_t> fit_cells) {
  Normalization fitted;
  fitted.counts = data.counts;
  if (!options.enabled) return fitted;
  need_counts(data);
  fitted.enabled = true;
  fitted.log1p = options.log1p;
  fitted.target_sum =
      options.target_sum.is_number() ? options.target_sum.number : median_sum(context, data, fit_cells);
  apply(context, data, fitted);
  return fitted;
}

void apply(Context& context, Dataset& data, const Normalization& fitted) {
  if (!fitted.enabled) return;
  need_counts(data);
  const Buffer<double> library(context, data.cell_count());
  row_sums<float>(context, PlacedCsr<const float>(context, data.x).view(), library.span());
  data.raw = {.values = data.x.values,
              .library = library.to_host(),
              .target_sum = fitted.target_sum,
              .log1p = fitted.log1p};
  const PlacedCsr<float> x(context, data.x);
  log_normalize<float>(context, x.view(), fitted.target_sum, fitted.log1p);
  x.take_back();
  data.counts = false;
}

}  // namespace sparcell

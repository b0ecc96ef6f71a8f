#include "sparcell/normalize.h"

#include <algorithm>
#include <utility>

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

std::vector<double> library_sizes(Context& context, const PlacedCsr& counts) {
  const Buffer<double> sums(context, counts.view().rows);
  row_sums<float>(context, counts.view(), sums.span());
  return sums.to_host();
}

/// The median of the sizes above 0 of the given cells; of an even number the mean of the two in the middle,
/// as numpy's.
double median_of(const std::vector<double>& library, std::span<const std::int32_t> cells) {
  std::vector<double> positive;
  for (std::int32_t cell : cells) {
    if (library[cell] > 0) positive.push_back(library[cell]);
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

/// Puts normalized values in the place of the counts, which go to data.raw.
void replace_counts(Context& context, Dataset& data, const PlacedCsr& counts, std::vector<double> library,
                    const Normalization& fitted) {
  LargeArray<float> values(data.x.values.size());
  const PlacedOutput<float> normalized(context, values);
  log_normalize<float>(context, counts.view(), fitted.target_sum, fitted.log1p, normalized.span());
  normalized.take_back();
  data.raw = {.values = std::exchange(data.x.values, std::move(values)),
              .library = std::move(library),
              .target_sum = fitted.target_sum,
              .log1p = fitted.log1p};
  data.counts = false;
}

}  // namespace

Normalization normalize(Context& context, Dataset& data, const NormalizeOptions& options,
                        std::span<const std::int32_t> fit_cells) {
  Normalization fitted;
  fitted.counts = data.counts;
  if (!options.enabled) return fitted;
  need_counts(data);
  const PlacedCsr counts(context, data.x);
  std::vector<double> library = library_sizes(context, counts);
  fitted.enabled = true;
  fitted.log1p = options.log1p;
  fitted.target_sum =
      options.target_sum.is_number() ? options.target_sum.number : median_of(library, fit_cells);
  replace_counts(context, data, counts, std::move(library), fitted);
  return fitted;
}

void apply(Context& context, Dataset& data, const Normalization& fitted) {
  if (!fitted.enabled) return;
  need_counts(data);
  const PlacedCsr counts(context, data.x);
  replace_counts(context, data, counts, library_sizes(context, counts), fitted);
}

}  // namespace sparcell

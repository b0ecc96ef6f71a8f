// Station 4, normalize: library size, log1p, optional standardization; fitted on training cells.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sparcell/core/context.h"
#include "sparcell/core/dataset.h"
#include "sparcell/core/describe.h"

namespace sparcell {

enum class FitOn { train, all };
template <>
struct Names<FitOn> {
  static constexpr std::string_view values[] = {"train", "all"};
};

struct NormalizeOptions {
  bool enabled = true;
  WordOrNumber target_sum{.word = "median", .number = 0};
  bool log1p = true;
  bool standardize = false;
  FitOn fit_on = FitOn::train;
};

template <class Visitor>
void describe(Visitor& v, NormalizeOptions& o) {
  v.shorthand("none", o.enabled, false, "The data are used as they are; they need not be counts.");
  v.word("target_sum", o.target_sum, {"median"}, above(0),
         "Sum of every cell after scaling: a number, or the median of the sums (above 0) of the cells it is fitted on.");
  v.field("log1p", o.log1p, "Take log(1 + x) after scaling.");
  v.field("standardize", o.standardize, "Per gene: subtract the mean, divide by the standard deviation (models only).");
  v.field("fit_on", o.fit_on, "Cells that the median and the standardization are fitted on.");
}

/// What was fitted.
struct Normalization {
  bool enabled = false;
  double target_sum = 0;  ///< 0 where disabled
  bool log1p = false;
  bool counts = false;    ///< x held counts before
};

/// Scales and transforms x in place and keeps the counts in data.raw; cells without counts stay zero. As scanpy's normalize_total and log1p.
/// `fit_cells` are the rows that the median is taken over.
Normalization normalize(Context& context, Dataset& data, const NormalizeOptions& options,
                        std::span<const std::int32_t> fit_cells);

/// The same transformation with what was fitted before: for other files (`sparcell embed`).
void apply(Context& context, Dataset& data, const Normalization& fitted);

/// Per-gene standardization: x -> (x - mean) / scale; a constant gene has scale 1. As scikit-learn's StandardScaler.
struct Scaler {
  std::vector<float> mean;
  std::vector<float> scale;
  bool empty() const { return mean.empty(); }
};
Scaler fit_scaler(Context& context, const Csr<float>& x, std::span<const std::int32_t> fit_cells);

}  // namespace sparcell

#include <cmath>
#include <limits>

#include "sparcell/core/placed.h"
#include "sparcell/normalize.h"
#include "sparcell/ops/gene_moments.h"

namespace sparcell {

Scaler fit_scaler(Context& context, const Csr<float>& x, std::span<const std::int32_t> fit_cells) {
  const auto genes = static_cast<std::size_t>(x.cols);
  const Buffer<double> mean_on_device(context, x.cols), variance_on_device(context, x.cols);
  gene_moments<float>(context, PlacedCsr(context, x).view(), Placed(context, fit_cells).span(),
                      MomentsOf::values, {}, mean_on_device.span(), variance_on_device.span());
  const std::vector<double> mean = mean_on_device.to_host(), variance = variance_on_device.to_host();
  Scaler scaler;
  scaler.mean.assign(mean.begin(), mean.end());
  scaler.scale.resize(genes);
  const double rounding = static_cast<double>(fit_cells.size()) * std::numeric_limits<double>::epsilon();
  for (std::size_t g = 0; g < genes; ++g) {
    // What the sums' rounding alone can make of a constant gene is no variance.
    const bool constant = variance[g] <= rounding * mean[g] * mean[g];
    scaler.scale[g] = constant ? 1.0f : static_cast<float>(std::sqrt(variance[g]));
  }
  return scaler;
}

}  // namespace sparcell

#include "sparcell/ops/gene_moments.h"

#include "ops/dispatch.h"

namespace sparcell {

template <class T>
void gene_moments(Context& context, CsrView<const T> x, std::span<const std::int32_t> rows, MomentsOf of,
                  std::span<const double> clip, std::span<double> mean, std::span<double> variance) {
  const auto genes = static_cast<std::size_t>(x.cols);
  require(mean.size() == genes && variance.size() == genes,
          "gene_moments: {} means and {} variances for {} columns", mean.size(), variance.size(), genes);
  require(clip.empty() || clip.size() == genes, "gene_moments: {} clipping values for {} columns",
          clip.size(), genes);
  require(!rows.empty(), "gene_moments: no row is given");
  if (genes == 0) return;
  SPARCELL_DISPATCH(gene_moments, context, x, rows, of, clip, mean, variance);
}
SPARCELL_INSTANTIATE(gene_moments);

}  // namespace sparcell

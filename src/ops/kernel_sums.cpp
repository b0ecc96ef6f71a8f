#include "sparcell/ops/kernel_sums.h"

#include "ops/dispatch.h"
#include "ops/point_groups.h"

namespace sparcell {
namespace {

void check_gammas(const char* op, std::span<const double> gammas) {
  require(!gammas.empty() && *std::min_element(gammas.begin(), gammas.end()) >= 0,
          "{}: {} gammas, expected at least one and none negative", op, gammas.size());
}

}  // namespace

template <class T>
void kernel_sums(Context& context, MatrixView<const T> x, MatrixView<const T> y,
                 std::span<const std::int64_t> x_groups, std::span<const std::int64_t> y_groups,
                 std::span<const double> gammas, MatrixView<double> sums) {
  check_sums("kernel_sums", x, y, x_groups, y_groups, sums);
  check_gammas("kernel_sums", gammas);
  if (sums.size() == 0) return;
  SPARCELL_DISPATCH(kernel_sums, context, x, y, x_groups, y_groups, gammas, sums);
}
SPARCELL_INSTANTIATE(kernel_sums);

template <class T>
void distance_and_kernel_sums(Context& context, MatrixView<const T> x, MatrixView<const T> y,
                              std::span<const std::int64_t> x_groups, std::span<const std::int64_t> y_groups,
                              std::span<const double> gammas, MatrixView<double> distances,
                              MatrixView<double> kernels) {
  for (const MatrixView<double> sums : {distances, kernels})
    check_sums("distance_and_kernel_sums", x, y, x_groups, y_groups, sums);
  check_gammas("distance_and_kernel_sums", gammas);
  if (distances.size() == 0) return;
  SPARCELL_DISPATCH(distance_and_kernel_sums, context, x, y, x_groups, y_groups, gammas, distances, kernels);
}
SPARCELL_INSTANTIATE(distance_and_kernel_sums);

}  // namespace sparcell

#include "evaluate/validation_distance.h"

#include "evaluate/verdict.h"
#include "sparcell/ops/pairwise.h"

namespace sparcell {
namespace {

/// More cells would cost more than a choice between epochs gains.
constexpr std::int64_t most_cells = 2000;

/// As many as there are validation cells would be so few in small data that their chance outweighs what epochs
/// and models differ by.
constexpr std::int64_t fewest_generated = 1000;

std::vector<std::int32_t> some_of(const std::vector<std::int32_t>& validation, std::uint64_t seed) {
  if (std::ssize(validation) < ValidationDistance::fewest_cells) {
    throw DataError(
        "train.monitor energy_distance compares generated cells with validation cells, which takes {} of "
        "them; there are {}",
        ValidationDistance::fewest_cells, validation.size());
  }
  std::vector<std::int32_t> cells;
  const RandomStream stream(seed, Purpose::evaluation, evaluation_validation);
  for (const std::int32_t i : random_order(std::ssize(validation), stream)) cells.push_back(validation[i]);
  cells.resize(static_cast<std::size_t>(std::min(std::ssize(cells), most_cells)));
  return cells;
}

}  // namespace

ValidationDistance::ValidationDistance(Context& context, const Csr<float>& x,
                                       const std::vector<std::int32_t>& validation, std::int64_t components,
                                       std::uint64_t seed, Log& log)
    : context_(context) {
  const std::vector<std::int32_t> cells = some_of(validation, seed);
  cells_ = std::max(std::ssize(cells), fewest_generated);
  const std::span<const std::int32_t> first = std::span(cells).first(cells.size() / 2),
                                      second = std::span(cells).subspan(cells.size() / 2);
  for (const auto& [fitted, compared] : {std::pair{first, second}, std::pair{second, first}}) {
    PrincipalComponents pca =
        fit_pca(context, x, fitted, std::min({components, std::ssize(fitted) - 1, x.cols}), log);
    DeviceMatrix<float> real(context, pca.transform(context, x, compared));
    const double within = mean_distance(real, real, true);
    halves_.push_back({std::move(pca), std::move(real), within});
  }
}

double ValidationDistance::mean_distance(const DeviceMatrix<float>& x, const DeviceMatrix<float>& y,
                                         bool same) const {
  const std::int64_t of_x[] = {0, x.rows()}, of_y[] = {0, y.rows()};
  const DeviceMatrix<double> sum(context_, 1, 1);
  pairwise_distance_sums<float>(context_, x.view(), y.view(), of_x, of_y, sum.view());
  const auto n = static_cast<double>(x.rows()), m = static_cast<double>(same ? x.rows() - 1 : y.rows());
  return sum.to_host()(0, 0) / (n * m);
}

double ValidationDistance::of(const Matrix<float>& generated) const {
  double sum = 0;
  for (const Half& half : halves_) {
    const DeviceMatrix<float> scores(context_, half.pca.transform(context_, generated.view()));
    sum +=
        2 * mean_distance(scores, half.real, false) - half.within_real - mean_distance(scores, scores, true);
  }
  return sum / static_cast<double>(halves_.size());
}

}  // namespace sparcell

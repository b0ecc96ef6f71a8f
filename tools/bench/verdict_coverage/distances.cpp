// Distances of generated to real cells, and the permutation test of "they are drawn from one distribution".
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "coverage.h"
#include "evaluate/energy.h"
#include "evaluate/test_cells.h"
#include "sparcell/ops/kernel_sums.h"
#include "sparcell/ops/pairwise.h"

namespace sparcell::coverage {
namespace {

constexpr std::int64_t dimensions = 20, clusters = 8, permutations = 199;

/// Cells of eight clusters of unequal sizes, in components that vary less and less and are skewed;
/// `stratified` has as many cells of each cluster as its size says.
class Cells {
 public:
  Matrix<float> draw(std::int64_t cells, double shift, bool stratified, Generator& generator) const {
    std::gamma_distribution<double> skewed(2, 1 / std::sqrt(2.0));
    std::uniform_real_distribution<double> uniform;
    Matrix<float> x(cells, dimensions);
    for (std::int64_t i = 0; i < cells; ++i) {
      const double u =
          stratified ? (static_cast<double>(i) + 0.5) / static_cast<double>(cells) : uniform(generator);
      const auto cluster = std::min<std::int64_t>(clusters - 1, static_cast<std::int64_t>(clusters * u * u));
      for (std::int64_t c = 0; c < dimensions; ++c) {
        const double deviation = 3 / std::sqrt(1.0 + static_cast<double>(c));
        const double centre = std::sin(static_cast<double>(7 * cluster + 3 * c));
        x(i, c) = static_cast<float>(deviation * (centre + skewed(generator) - std::sqrt(2.0) + shift));
      }
    }
    if (stratified) shuffle(x, generator);
    return x;
  }

 private:
  static void shuffle(Matrix<float>& x, Generator& generator) {
    for (std::int64_t i = x.rows; --i > 0;) {
      const auto j = std::uniform_int_distribution<std::int64_t>(0, i)(generator);
      std::swap_ranges(x.view().row(i), x.view().row(i) + x.cols, x.view().row(j));
    }
  }
};

struct Both {
  GroupDistances energy, kernel;
};

Both distances_of(const Matrix<float>& generated, const Matrix<float>& real) {
  Context context({}, 1);
  const std::int64_t count = std::min<std::int64_t>(40, real.rows / 2 * 2);  // as group_test_cells
  const std::vector<std::int64_t> groups = equal_groups(real.rows, count);
  const std::vector<double> gammas{2, 1, 0.5, 0.1, 0.01, 0.005};
  Both both{{groups, {}, {}, {}}, {groups, {}, {}, {}}};
  const auto sums = [&](const Matrix<float>& x, const Matrix<float>& y,
                        Matrix<double> GroupDistances::*which) {
    Matrix<double> energy(count, count), kernel(count, count);
    distance_and_kernel_sums<float>(context, x.view(), y.view(), groups, groups, gammas, energy.view(),
                                    kernel.view());
    for (double& sum : kernel.values) sum = -sum;
    for (std::int64_t g = 0; g < count && &x == &y; ++g)
      kernel(g, g) += static_cast<double>(groups[g + 1] - groups[g]);
    both.energy.*which = std::move(energy);
    both.kernel.*which = std::move(kernel);
  };
  sums(real, real, &GroupDistances::real);
  sums(generated, generated, &GroupDistances::generated);
  sums(generated, real, &GroupDistances::between);
  return both;
}

void model_against_baseline(std::int64_t sets, double shift, bool kernel) {
  for (const std::int64_t cells : {8, 16, 40, 120, 285}) {
    Generator generator(5);
    const Cells world;
    const std::string name =
        fmt::format("{}, both {}", kernel ? "MMD" : "energy", shift > 0 ? "as far" : "real");
    covered("difference of distances", name, fmt::format("{} cells", cells), sets, 0, [&](std::int64_t) {
      const auto real = world.draw(cells, 0, false, generator);
      const auto model = distances_of(world.draw(cells, shift, false, generator), real),
                 baseline = distances_of(world.draw(cells, shift, false, generator), real);
      return kernel ? distance_interval(model.kernel, baseline.kernel)
                    : distance_interval(model.energy, baseline.energy);
    });
  }
}

/// Where both are of one distribution: as "below the truth" the share of p-values of at most 0.05.
void told_from_real(std::int64_t sets, bool stratified) {
  const char* const names[] = {"energy", "MMD", "either"};
  for (const std::int64_t cells : {8, 16, 40, 120, 285}) {
    for (int which = 0; which < 3; ++which) {
      Generator generator(6);
      const Cells world;
      const std::string name = fmt::format("{}{}", names[which], stratified ? ", real ones stratified" : "");
      covered("p <= 0.05", name, fmt::format("{} cells", cells), sets, 0.05, [&](std::int64_t set) {
        const auto real = world.draw(cells, 0, stratified, generator);
        const auto both = distances_of(world.draw(cells, 0, false, generator), real);
        double p = 1;
        if (which != 1) p = permutation_p_value(both.energy, permutations, set);
        if (which != 0) p = std::min(p, permutation_p_value(both.kernel, permutations, set));
        return p <= 0.05 ? Interval{p, -1, -1} : Interval{p, 0, 1};
      });
    }
  }
}

}  // namespace

void distances(std::int64_t sets) {
  for (const bool kernel : {false, true}) {
    for (const double shift : {0.3, 0.0}) model_against_baseline(sets, shift, kernel);
  }
  for (const bool stratified : {false, true}) told_from_real(sets, stratified);
}

}  // namespace sparcell::coverage

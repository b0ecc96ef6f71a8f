#include "evaluate/energy.h"

#include <limits>

#include "evaluate/blocks.h"

namespace sparcell {
namespace {

std::int64_t cells_of(const Chosen& chosen, std::span<const std::int64_t> groups) {
  std::int64_t cells = 0;
  for (std::size_t g = 0; g < chosen.size(); ++g) cells += chosen[g] ? groups[g + 1] - groups[g] : 0;
  return cells;
}

std::vector<std::int64_t> places(const Chosen& chosen) {
  std::vector<std::int64_t> result;
  for (std::size_t g = 0; g < chosen.size(); ++g) {
    if (chosen[g]) result.push_back(static_cast<std::int64_t>(g));
  }
  return result;
}

double sum_of(const Matrix<double>& sums, const Chosen& rows, const Chosen& cols) {
  const std::vector<std::int64_t> of_cols =
      places(cols);  // a test for each pair would be guessed wrong often
  double sum = 0;
  for (const std::int64_t g : places(rows)) {
    const double* const row = sums.view().row(g);
    for (const std::int64_t h : of_cols) sum += row[h];
  }
  return sum;
}

double generated_distance(const GroupDistances& d, const Chosen& chosen) {
  return energy_distance(d.generated, chosen, d.real, chosen, d.between, d.groups);
}

double split_half_distance(const GroupDistances& d, const std::vector<Chosen>& halvings,
                           const Chosen& chosen) {
  double sum = 0;
  for (const Chosen& half : halvings) {
    Chosen a = chosen, b = chosen;
    for (std::size_t g = 0; g < half.size(); ++g) (half[g] ? b : a)[g] = false;
    sum += energy_distance(d.real, a, d.real, b, d.real, d.groups);
  }
  return sum / static_cast<double>(halvings.size());
}

/// A statistic with its jackknife over groups.
template <class Statistic>
Interval leave_out_groups(std::int64_t groups, Statistic&& statistic) {
  Chosen chosen(static_cast<std::size_t>(groups), true);
  const double whole = statistic(chosen);
  std::vector<double> replicates;
  for (std::int64_t g = 0; g < groups; ++g) {
    chosen[g] = false;
    replicates.push_back(statistic(chosen));
    chosen[g] = true;
  }
  return jackknife_interval(whole, replicates);
}

/// Both samples as one: its distances are `real`, generated cells first.
GroupDistances pool(const GroupDistances& d) {
  const std::int64_t groups = d.count();
  GroupDistances pooled{d.groups, Matrix<double>(2 * groups, 2 * groups), {}, {}};
  for (std::int64_t g = 0; g < groups; ++g) {
    pooled.groups.push_back(d.groups.back() + d.groups[g + 1]);
    for (std::int64_t h = 0; h < groups; ++h) {
      pooled.real(g, h) = d.generated(g, h);
      pooled.real(groups + g, groups + h) = d.real(g, h);
      pooled.real(g, groups + h) = pooled.real(groups + h, g) = d.between(g, h);
    }
  }
  return pooled;
}

}  // namespace

double energy_distance(const Matrix<double>& within_x, const Chosen& x, const Matrix<double>& within_y,
                       const Chosen& y, const Matrix<double>& between, std::span<const std::int64_t> groups) {
  const auto m = static_cast<double>(cells_of(x, groups)), n = static_cast<double>(cells_of(y, groups));
  if (m < 2 || n < 2) return std::numeric_limits<double>::quiet_NaN();
  return 2 * sum_of(between, x, y) / (m * n) - sum_of(within_x, x, x) / (m * (m - 1)) -
         sum_of(within_y, y, y) / (n * (n - 1));
}

std::vector<Chosen> halvings(std::int64_t groups, std::int64_t count, std::uint64_t seed) {
  std::vector<Chosen> halves;
  for (std::int64_t h = 0; h < count; ++h) {
    const auto order =
        random_order(groups, RandomStream(seed, Purpose::evaluation, evaluation_halving, nullptr, h));
    Chosen half(static_cast<std::size_t>(groups));
    for (std::int64_t i = 0; i < groups / 2; ++i) half[order[i]] = true;
    halves.push_back(std::move(half));
  }
  return halves;
}

double generated_distance(const GroupDistances& distances) {
  return generated_distance(distances, Chosen(static_cast<std::size_t>(distances.count()), true));
}

double split_half_distance(const GroupDistances& distances, const std::vector<Chosen>& halvings) {
  return split_half_distance(distances, halvings, Chosen(static_cast<std::size_t>(distances.count()), true));
}

Interval distance_interval(const GroupDistances& distances, const std::vector<Chosen>& halvings) {
  return leave_out_groups(distances.count(), [&](const Chosen& chosen) {
    return generated_distance(distances, chosen) - split_half_distance(distances, halvings, chosen);
  });
}

Interval distance_interval(const GroupDistances& model, const GroupDistances& baseline) {
  return leave_out_groups(model.count(), [&](const Chosen& chosen) {
    return generated_distance(model, chosen) - generated_distance(baseline, chosen);
  });
}

double permutation_p_value(const GroupDistances& distances, std::int64_t count, std::uint64_t seed) {
  const std::int64_t groups = distances.count();
  const GroupDistances pooled = pool(distances);
  Chosen generated(static_cast<std::size_t>(2 * groups));
  const auto distance = [&] {
    Chosen real = generated;
    real.flip();
    return energy_distance(pooled.real, generated, pooled.real, real, pooled.real, pooled.groups);
  };
  std::fill_n(generated.begin(), groups, true);
  const double observed = distance();
  std::int64_t as_large = 0;
  for (std::int64_t p = 0; p < count; ++p) {
    const auto order =
        random_order(2 * groups, RandomStream(seed, Purpose::evaluation, evaluation_permutation, nullptr, p));
    for (std::int64_t i = 0; i < 2 * groups; ++i) generated[order[i]] = i < groups;
    as_large += distance() >= observed ? 1 : 0;
  }
  return static_cast<double>(1 + as_large) / static_cast<double>(1 + count);
}

}  // namespace sparcell

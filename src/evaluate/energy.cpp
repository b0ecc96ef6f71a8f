#include "evaluate/energy.h"

#include <algorithm>
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

/// The chosen groups of a sample, with its distances to itself.
struct Part {
  const Matrix<double>& within;
  const Chosen& chosen;
  std::span<const std::int64_t> groups;
};

/// As generated_distance, of any two parts.
double energy_distance(const Part& x, const Part& y, const Matrix<double>& between) {
  const auto m = static_cast<double>(cells_of(x.chosen, x.groups)),
             n = static_cast<double>(cells_of(y.chosen, y.groups));
  if (m < 2 || n < 2) return std::numeric_limits<double>::quiet_NaN();
  return 2 * sum_of(between, x.chosen, y.chosen) / (m * n) -
         sum_of(x.within, x.chosen, x.chosen) / (m * (m - 1)) -
         sum_of(y.within, y.chosen, y.chosen) / (n * (n - 1));
}

double generated_distance(const GroupDistances& d, const Chosen& chosen) {
  Chosen generated;
  for (const bool group : chosen)
    generated.insert(generated.end(), static_cast<std::size_t>(d.per_cell), group);
  return energy_distance({d.generated, generated, generated_groups(d.groups, d.per_cell)},
                         {d.real, chosen, d.groups}, d.between);
}

double split_half_distance(const GroupDistances& d, const std::vector<Chosen>& halvings,
                           const Chosen& chosen) {
  double sum = 0;
  for (const Chosen& half : halvings) {
    Chosen a = chosen, b = chosen;
    for (std::size_t g = 0; g < half.size(); ++g) (half[g] ? b : a)[g] = false;
    sum += energy_distance({d.real, a, d.groups}, {d.real, b, d.groups}, d.real);
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
  const std::int64_t generated = d.count() * d.per_cell, all = generated + d.count();
  GroupDistances pooled{generated_groups(d.groups, d.per_cell), Matrix<double>(all, all), {}, {}};
  for (std::int64_t g = 0; g < generated; ++g)
    std::copy_n(d.generated.view().row(g), generated, pooled.real.view().row(g));
  for (std::int64_t h = 0; h < d.count(); ++h) {
    pooled.groups.push_back(d.per_cell * d.groups.back() + d.groups[h + 1]);
    std::copy_n(d.real.view().row(h), d.count(), pooled.real.view().row(generated + h) + generated);
    for (std::int64_t g = 0; g < generated; ++g)
      pooled.real(g, generated + h) = pooled.real(generated + h, g) = d.between(g, h);
  }
  return pooled;
}

}  // namespace

std::vector<std::int64_t> generated_groups(std::span<const std::int64_t> groups, std::int64_t per_cell) {
  std::vector<std::int64_t> offsets{0};
  for (std::size_t g = 0; g + 1 < groups.size(); ++g) {
    for (std::int64_t part = 0; part < per_cell; ++part)
      offsets.push_back(offsets.back() + groups[g + 1] - groups[g]);
  }
  return offsets;
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
  const GroupDistances pooled = pool(distances);
  const std::int64_t all = pooled.count(), of_generated = all - distances.count();
  Chosen generated(static_cast<std::size_t>(all));
  const auto distance = [&] {
    Chosen real = generated;
    real.flip();
    return energy_distance({pooled.real, generated, pooled.groups}, {pooled.real, real, pooled.groups},
                           pooled.real);
  };
  std::fill_n(generated.begin(), of_generated, true);
  const double observed = distance();
  std::int64_t as_large = 0;
  for (std::int64_t p = 0; p < count; ++p) {
    const auto order =
        random_order(all, RandomStream(seed, Purpose::evaluation, evaluation_permutation, nullptr, p));
    for (std::int64_t i = 0; i < all; ++i) generated[order[i]] = i < of_generated;
    as_large += distance() >= observed ? 1 : 0;
  }
  return static_cast<double>(1 + as_large) / static_cast<double>(1 + count);
}

}  // namespace sparcell

// Means of differences: over cells, over perturbations, over seeds.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "coverage.h"

namespace sparcell::coverage {
namespace {

constexpr std::int64_t resamples = 500;

using Draw = std::function<double(Generator&)>;

struct World {
  const char* name;
  Draw draw;
  double truth;
};

/// Mean squared errors of two equally good models of a cell: as many genes as errors, sizes that differ.
double squared_errors(Generator& generator) {
  std::gamma_distribution<double> error(5, 0.2), size(2, 0.5);
  const double scale = size(generator);
  const double a = error(generator), b = error(generator);
  return scale * (a - b);
}

double lognormal(Generator& generator, double sign) {
  std::lognormal_distribution<double> skewed(0, 1);
  return sign * (skewed(generator) - std::exp(0.5));
}

const World worlds_of_cells[] = {
    {"normal", [](Generator& g) { return std::normal_distribution<double>()(g); }, 0},
    {"errors of two equal models", squared_errors, 0},
    {"lognormal differences", [](Generator& g) { return lognormal(g, 1); }, 0},
};

/// Labels: the one is right where the other is wrong in a share of the cells, either way as often.
double right_or_wrong(Generator& generator, double share) {
  const double u = std::uniform_real_distribution<double>()(generator);
  return u < share / 2 ? 1 : u < share ? -1 : 0;
}

}  // namespace

void means_over_cells(std::int64_t sets) {
  for (const World& world : worlds_of_cells) {
    for (const int cells : {8, 20, 50, 285}) {
      Generator generator(1);
      covered("mean over cells", world.name, fmt::format("{} cells", cells), sets, world.truth,
              [&](std::int64_t set) {
                std::vector<double> differences;
                for (int c = 0; c < cells; ++c) differences.push_back(world.draw(generator));
                return bootstrap_interval(differences, resamples, set);
              });
    }
  }
  for (const double share : {0.01, 0.02, 0.05, 0.2}) {
    for (const int cells : {20, 100, 285}) {
      Generator generator(2);
      covered("mean over cells", fmt::format("right or wrong, {} % differ", 100 * share),
              fmt::format("{} cells", cells), sets, 0, [&](std::int64_t) {
                std::vector<double> differences;
                for (int c = 0; c < cells; ++c) differences.push_back(right_or_wrong(generator, share));
                return mean_interval(differences);
              });
    }
  }
  // 15 perturbations of 20 cells, each with a difference of its own: these are judged, or such as these.
  for (const bool of_others : {false, true}) {
    Generator generator(9);
    std::normal_distribution<double> normal;
    covered("mean over cells", of_others ? "of other perturbations" : "of the same perturbations",
            "15 x 20 cells", sets, 0, [&](std::int64_t set) {
              std::vector<double> differences;
              double truth = 0;
              for (int p = 0; p < 15; ++p) {
                const double own = 0.5 * normal(generator);
                if (!of_others) truth += own / 15;
                for (int c = 0; c < 20; ++c) differences.push_back(own + normal(generator));
              }
              Interval interval = bootstrap_interval(differences, resamples, set);
              interval.low -= truth;
              interval.high -= truth;
              return interval;
            });
  }
}

void means_over_perturbations(std::int64_t sets) {
  const World worlds[] = {
      {"normal", [](Generator& g) { return std::normal_distribution<double>()(g); }, 0},
      {"gamma(2)", [](Generator& g) { return std::gamma_distribution<double>(2, 1)(g) - 2; }, 0},
      {"lognormal", [](Generator& g) { return lognormal(g, 1); }, 0},
      {"equal, sizes differ", squared_errors, 0},
  };
  for (const World& world : worlds) {
    for (const int perturbations : {8, 12, 20, 30}) {
      Generator generator(3);
      covered("mean over perturbations", world.name, fmt::format("{} perturbations", perturbations), sets,
              world.truth, [&](std::int64_t set) {
                std::vector<double> differences;
                for (int p = 0; p < perturbations; ++p) differences.push_back(world.draw(generator));
                return bootstrap_interval(differences, resamples, set);
              });
    }
  }
}

void seeds(std::int64_t sets) {
  constexpr int cells = 2000, judged = 300;  // 15 %
  const auto over = [&](const char* world, int runs, bool own_split, bool of_population) {
    Generator generator(4);
    std::normal_distribution<double> normal;
    covered("mean over seeds", world, fmt::format("{} seeds", runs), sets, 0, [&](std::int64_t) {
      // What a cell adds to the difference, beside what the seed of training does to it.
      std::vector<double> of_cells(cells), differences;
      for (double& value : of_cells) value = normal(generator);
      for (int run = 0; run < runs; ++run) {
        if (own_split) std::shuffle(of_cells.begin(), of_cells.end(), generator);
        double mean = 0;
        for (int c = 0; c < judged && of_population; ++c) mean += of_cells[c] / judged;
        differences.push_back(mean + normal(generator) * 0.03);
      }
      return mean_interval(differences);
    });
  };
  for (const int runs : {3, 5, 10}) {
    over("of training on this split", runs, false, false);
    over("of other cells, own splits of one file", runs, true, true);
    over("of other cells, one split", runs, false, true);
  }
}

}  // namespace sparcell::coverage

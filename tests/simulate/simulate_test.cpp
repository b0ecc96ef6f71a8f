// The counts of a simulation against the truth that it states, by the formula of sparcell/simulate.h written
// again here.
#include "sparcell/simulate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "support/temporary.h"

namespace sparcell {
namespace {

using testing::HasSubstr;

template <class T>
const std::vector<T>& column(const Table& table, const std::string& name) {
  const Column* found = table.find(name);
  if (found == nullptr) throw std::runtime_error("no column " + name);
  return std::get<std::vector<T>>(found->values);
}

std::vector<std::string> labels(const Simulation& s) {
  std::vector<std::string> result;
  for (std::int64_t c = 0; c < s.cells.rows(); ++c) result.push_back(s.cells.find("perturbation")->text(c));
  return result;
}

/// Expected count of every cell and gene.
class Truth {
 public:
  explicit Truth(const Simulation& s) : s_(s) {
    std::map<std::string, std::int64_t> number{{"control", -1}};
    for (std::size_t p = 0; p < s.perturbations.size(); ++p)
      number[s.perturbations[p]] = static_cast<std::int64_t>(p);
    for (const std::string& label : labels(s)) perturbation_.push_back(number.at(label));
  }

  double mean(std::int64_t c, std::int64_t g) const {
    double x = std::log(gene("mean", g)) + std::log(cell("size_factor", c)) - gene("centre", g);
    if (perturbation_[c] >= 0) x += cell("response", c) * s_.effects(g, perturbation_[c]);
    for (std::int64_t k = 0; k < s_.loadings.cols; ++k) x += s_.loadings(g, k) * s_.activity(c, k);
    const double angle = cell("cycle_angle", c);
    return std::exp(x + gene("cycle_cos", g) * std::cos(angle) + gene("cycle_sin", g) * std::sin(angle));
  }
  double dispersion(std::int64_t g) const { return gene("dispersion", g); }

 private:
  double gene(const char* name, std::int64_t g) const { return column<double>(s_.genes, name)[g]; }
  double cell(const char* name, std::int64_t c) const { return column<double>(s_.cells, name)[c]; }

  const Simulation& s_;
  std::vector<std::int64_t> perturbation_;
};

Matrix<double> dense(const Csr<float>& x) {
  Matrix<double> result(x.rows, x.cols);
  for (std::int64_t r = 0; r < x.rows; ++r) {
    for (std::int64_t i = x.offsets[r]; i < x.offsets[r + 1]; ++i) result(r, x.indices[i]) = x.values[i];
  }
  return result;
}

SimulateOptions small() { return {.cells = 1500, .genes = 200, .perturbations = 8, .doubles = 6, .seed = 3}; }

TEST(Simulate, CountsHaveTheStatedMeansAndVariances) {
  const Simulation s = simulate(small());
  const Truth truth(s);
  const Matrix<double> x = dense(s.counts);
  // Over all entries: standardized residuals have mean 0 and variance 1; their squares' variance is
  // estimated.
  double sum = 0, squares = 0, fourth = 0;
  for (std::int64_t g = 0; g < x.cols; ++g) {
    double total = 0, expected = 0, variance = 0;
    for (std::int64_t c = 0; c < x.rows; ++c) {
      const double mean = truth.mean(c, g);
      const double spread = mean + truth.dispersion(g) * mean * mean;
      const double z = (x(c, g) - mean) / std::sqrt(spread);
      sum += z;
      squares += z * z;
      fourth += z * z * z * z;
      total += x(c, g);
      expected += mean;
      variance += spread;
    }
    // Every gene: its sum within five standard deviations of the expected one.
    EXPECT_NEAR(total, expected, 5 * std::sqrt(variance)) << "gene " << g;
  }
  const auto n = static_cast<double>(x.rows * x.cols);
  EXPECT_NEAR(sum / n, 0, 4 / std::sqrt(n));
  EXPECT_NEAR(squares / n, 1, 4 * std::sqrt((fourth / n - 1) / n));
}

TEST(Simulate, ShareOfZerosIsThatOfANegativeBinomial) {
  const Simulation s = simulate(small());
  const Truth truth(s);
  double expected = 0, variance = 0;
  for (std::int64_t c = 0; c < s.counts.rows; ++c) {
    for (std::int64_t g = 0; g < s.counts.cols; ++g) {
      const double zero = std::pow(1 + truth.dispersion(g) * truth.mean(c, g), -1 / truth.dispersion(g));
      expected += 1 - zero;
      variance += zero * (1 - zero);
    }
  }
  EXPECT_NEAR(static_cast<double>(s.counts.nonzeros()), expected, 4 * std::sqrt(variance));
}

TEST(Simulate, MeanIsTheExpectedCountOfControlCells) {
  const Simulation s = simulate({.cells = 20000, .genes = 60, .perturbations = 0, .doubles = 0, .seed = 5});
  const Matrix<double> x = dense(s.counts);
  for (std::int64_t g = 0; g < x.cols; ++g) {
    double sum = 0, squares = 0;
    for (std::int64_t c = 0; c < x.rows; ++c) {
      sum += x(c, g);
      squares += x(c, g) * x(c, g);
    }
    const auto n = static_cast<double>(x.rows);
    const double mean = sum / n, error = std::sqrt((squares / n - mean * mean) / n);
    EXPECT_NEAR(mean, column<double>(s.genes, "mean")[g], 4.5 * error) << "gene " << g;
  }
}

TEST(Simulate, DensityIsWhatWasAskedFor) {
  for (double density : {0.03, 0.1, 0.4}) {
    const Simulation s = simulate(
        {.cells = 3000, .genes = 500, .perturbations = 0, .doubles = 0, .density = density, .seed = 1});
    // Programs and cycle spread the rates, which lowers the share a little.
    EXPECT_NEAR(static_cast<double>(s.counts.nonzeros()) / (3000 * 500), density, 0.07 * density);
  }
}

TEST(Simulate, LabelsAreThoseOfTheDesign) {
  const Simulation s = simulate(small());
  std::map<std::string, std::int64_t> cells;
  std::set<std::string> perturbed;
  const auto all = labels(s);
  for (std::size_t c = 0; c < all.size(); ++c) {
    ++cells[all[c]];
    const std::int64_t parts = all[c] == "control" ? 0 : 1 + std::count(all[c].begin(), all[c].end(), '_');
    EXPECT_EQ(column<std::int64_t>(s.cells, "nperts")[c], parts);
    const std::string guide = s.cells.find("guide")->text(static_cast<std::int64_t>(c));
    const double response = column<double>(s.cells, "response")[c];
    if (parts == 0) {
      EXPECT_THAT(guide, testing::StartsWith("NegCtrl"));
      EXPECT_EQ(response, 0);
    } else {
      const std::string first = all[c].substr(0, all[c].find('_'));
      EXPECT_THAT(guide, testing::StartsWith(first + "_"));
      EXPECT_GT(response, 0);
      EXPECT_LE(response, 1);
    }
    if (parts == 1) perturbed.insert(all[c]);
  }
  EXPECT_EQ(cells.size(), 1u + 8 + 6);
  EXPECT_NEAR(static_cast<double>(cells["control"]), 150, 15);
  EXPECT_EQ(perturbed.size(), 8u);
  for (std::int64_t g = 0; g < s.genes.rows(); ++g) {
    EXPECT_EQ(column<std::uint8_t>(s.genes, "perturbed")[g] != 0, perturbed.contains(s.genes.names[g]));
  }
  for (std::size_t p = 8; p < 14; ++p) {
    const std::string& label = s.perturbations[p];
    const auto at = label.find('_');
    EXPECT_TRUE(perturbed.contains(label.substr(0, at)) && perturbed.contains(label.substr(at + 1))) << label;
  }
}

TEST(Simulate, DoublesAreSumsUnlessTheyInteract) {
  const Simulation s = simulate({.cells = 300, .genes = 300, .perturbations = 12, .doubles = 40, .seed = 2});
  std::map<std::string, std::int64_t> number;
  for (std::size_t p = 0; p < 12; ++p) number[s.perturbations[p]] = static_cast<std::int64_t>(p);
  std::set<std::string> kinds;
  for (std::size_t p = 12; p < s.perturbations.size(); ++p) {
    const std::string& label = s.perturbations[p];
    const auto at = label.find('_');
    const std::int64_t a = number.at(label.substr(0, at)), b = number.at(label.substr(at + 1));
    const std::string& kind = s.epistasis[p];
    kinds.insert(kind);
    if (kind == "new_program") continue;
    const float factor = kind == "additive" ? 1.0f : kind == "synergy" ? 1.5f : 0.5f;
    for (std::int64_t g = 0; g < 300; ++g) {
      ASSERT_EQ(s.effects(g, static_cast<std::int64_t>(p)), factor * (s.effects(g, a) + s.effects(g, b)))
          << label;
    }
  }
  EXPECT_EQ(kinds, (std::set<std::string>{"additive", "buffering", "new_program", "synergy"}));
}

/// The shift of every program that the effects of a perturbation hold: of its genes, apart from targets, the
/// ratio of effect and loading.
std::vector<double> shifts_of(const Simulation& s, std::int64_t p) {
  std::vector<double> shifts(static_cast<std::size_t>(s.loadings.cols), 0);
  for (std::int64_t k = 0; k < s.loadings.cols; ++k) {
    for (std::int64_t g = 0; g < s.loadings.rows; ++g) {
      if (s.loadings(g, k) == 0 || column<std::uint8_t>(s.genes, "perturbed")[g] != 0) continue;
      const double ratio = s.effects(g, p) / s.loadings(g, k);
      if (shifts[k] != 0) {
        EXPECT_NEAR(ratio, shifts[k], 1e-5) << "gene " << g << ", perturbation " << p;
      }
      shifts[k] = ratio;
    }
  }
  return shifts;
}

TEST(Simulate, LinearEffectsAreProportionalToTheLoadingOfThePerturbedGene) {
  const Simulation s = simulate({.cells = 300,
                                 .genes = 300,
                                 .perturbations = 40,
                                 .doubles = 0,
                                 .effects = SimulatedEffects::linear,
                                 .seed = 2});
  std::map<std::int64_t, std::vector<double>> of_program;  // shifts for a loading of 1 on it
  std::int64_t compared = 0;
  for (std::int64_t p = 0; p < 40; ++p) {
    const auto gene =
        std::find(s.genes.names.begin(), s.genes.names.end(), s.perturbations[p]) - s.genes.names.begin();
    std::int64_t program = -1;
    for (std::int64_t k = 0; k < s.loadings.cols; ++k) {
      if (s.loadings(gene, k) != 0) program = k;
    }
    ASSERT_GE(program, 0) << s.perturbations[p];
    std::vector<double> unit = shifts_of(s, p);
    for (double& shift : unit) shift /= s.loadings(gene, program);
    const auto [known, is_new] = of_program.emplace(program, unit);
    if (is_new) continue;
    ++compared;
    for (std::size_t k = 0; k < unit.size(); ++k) EXPECT_NEAR(unit[k], known->second[k], 1e-4);
  }
  EXPECT_GT(compared, 20);
}

TEST(Simulate, DoublesAreSumsOrInteractByTheProductOfTheirShifts) {
  for (const auto epistasis : {SimulatedEpistasis::none, SimulatedEpistasis::product}) {
    const Simulation s = simulate({.cells = 300,
                                   .genes = 300,
                                   .perturbations = 12,
                                   .doubles = 20,
                                   .effects = SimulatedEffects::linear,
                                   .epistasis = epistasis,
                                   .seed = 2});
    std::map<std::string, std::int64_t> number;
    for (std::int64_t p = 0; p < 12; ++p) number[s.perturbations[p]] = p;
    for (std::int64_t p = 12; p < 32; ++p) {
      const std::string& label = s.perturbations[p];
      const auto at = label.find('_');
      const auto a = shifts_of(s, number.at(label.substr(0, at))),
                 b = shifts_of(s, number.at(label.substr(at + 1)));
      const auto both = shifts_of(s, p);
      const bool product = epistasis == SimulatedEpistasis::product;
      EXPECT_EQ(s.epistasis[p], product ? "product" : "additive");
      for (std::size_t k = 0; k < both.size(); ++k)
        EXPECT_NEAR(both[k], a[k] + b[k] - (product ? 3 * a[k] * b[k] : 0), 1e-4)
            << label << ", program " << k;
    }
  }
}

TEST(Simulate, PerturbedGenesAreActivated) {
  const Simulation s = simulate(small());
  for (std::int64_t p = 0; p < 8; ++p) {
    const auto& names = s.genes.names;
    const auto gene = std::find(names.begin(), names.end(), s.perturbations[p]) - names.begin();
    EXPECT_GE(s.effects(gene, p), 1.5f);
    EXPECT_LE(s.effects(gene, p), 3.0f);
  }
}

TEST(Simulate, BitsDependOnTheSeedAndNotOnThreads) {
  SimulateOptions options = small();
  const Simulation one = simulate(options);
  options.threads = 2;
  const Simulation two = simulate(options);
  EXPECT_EQ(one.counts.offsets, two.counts.offsets);
  EXPECT_EQ(one.counts.indices, two.counts.indices);
  EXPECT_EQ(one.counts.values, two.counts.values);
  EXPECT_EQ(labels(one), labels(two));
  options.seed = 4;
  EXPECT_NE(one.counts.indices, simulate(options).counts.indices);
}

TEST(Simulate, EdgesOfTheOptionsWork) {
  EXPECT_EQ(simulate({.cells = 1, .genes = 1, .perturbations = 0, .doubles = 0}).counts.rows, 1);
  const Simulation every_pair =
      simulate({.cells = 30, .genes = 4, .perturbations = 4, .doubles = 6, .controls = 0});
  EXPECT_EQ(std::set<std::string>(every_pair.perturbations.begin(), every_pair.perturbations.end()).size(),
            10u);
  const auto all = labels(every_pair);
  EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 11u);
}

void expect_usage_error(const SimulateOptions& options, const std::string& part) {
  EXPECT_THAT(error_of([&] { simulate(options); }, ExitCode::usage), HasSubstr(part));
}

TEST(Simulate, RefusesOptionsThatCannotBeMet) {
  expect_usage_error({.cells = 0}, "cells is 0");
  expect_usage_error({.cells = std::int64_t{1} << 40}, "cells is 1099511627776");
  expect_usage_error({.genes = 0}, "genes is 0");
  expect_usage_error({.genes = 10, .perturbations = 11},
                     "perturbations is 11; expected 0 to the number of genes, 10");
  expect_usage_error({.perturbations = -1}, "perturbations is -1");
  expect_usage_error({.perturbations = 3, .doubles = 4}, "doubles is 4; 3 perturbations have 3 pairs");
  expect_usage_error({.perturbations = 3, .doubles = -1}, "doubles is -1");
  expect_usage_error({.genes = 10, .perturbations = 10, .effects = SimulatedEffects::linear},
                     "with linear effects they are genes of programs, of which there are");
  expect_usage_error({.cells = 25}, "the control and 25 perturbations need at least one each");
  expect_usage_error({.controls = 1}, "controls is 1");
  expect_usage_error({.controls = -0.1}, "controls is -0.1");
  expect_usage_error({.density = 0}, "density is 0");
  expect_usage_error({.density = std::nan("")}, "density is nan");
  expect_usage_error({.seed = -1}, "seed is -1");
}

}  // namespace
}  // namespace sparcell

// Splits that hold out single perturbations, doubles or genes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "sparcell/split.h"
#include "support/datasets.h"
#include "support/temporary.h"

namespace sparcell {
namespace {

using testing::HasSubstr;

/// Ten controls, and three cells of every label.
Dataset cells_of(const std::vector<std::string>& labels) {
  std::vector<std::string> of_cells(10, "control");
  for (const std::string& label : labels) of_cells.insert(of_cells.end(), 3, label);
  Dataset data = test::plain_cells(static_cast<std::int64_t>(of_cells.size()));
  test::label(data, of_cells);
  return data;
}

/// Singles A0 ... A19, and doubles of neighbours: A0+A1 ... A18+A19, some with X, which is no single.
std::vector<std::string> twenty() {
  std::vector<std::string> labels;
  for (int i = 0; i < 20; ++i) labels.push_back(fmt::format("A{}", i));
  for (int i = 0; i + 1 < 20; ++i) labels.push_back(fmt::format("A{}+A{}", i, i + 1));
  for (int i = 0; i < 8; ++i) labels.push_back(fmt::format("A{}+X", i));
  labels.push_back("X+Y");
  return labels;
}

constexpr const char* words[] = {"train", "validation", "test"};

/// The part of every perturbation, none for those that are in none; a perturbation is in one part alone.
std::map<std::string, std::string> parts(const Dataset& data, const SplitOptions& options,
                                         std::uint64_t seed = 3) {
  const Split s = split(data, options, seed);
  std::map<std::string, std::string> result;
  const std::vector<std::int32_t>* all[] = {&s.train, &s.validation, &s.test};
  for (int part = 0; part < 3; ++part) {
    for (const std::int32_t cell : *all[part]) {
      const std::string& name = data.perturbations.names[data.perturbations.of_cell[cell]];
      if (name == "control") continue;
      const auto [known, is_new] = result.emplace(name, words[part]);
      EXPECT_EQ(known->second, words[part]) << name << " is torn apart";
    }
  }
  return result;
}

SplitOptions holding(HoldOut what) {
  SplitOptions options;
  options.by = SplitBy::perturbation;
  options.hold_out = what;
  return options;
}

bool is_double(const std::string& name) { return name.find('+') != std::string::npos; }

std::set<std::string> genes_of(const std::string& name) {
  const auto plus = name.find('+');
  if (plus == std::string::npos) return {name};
  return {name.substr(0, plus), name.substr(plus + 1)};
}

std::int64_t count(const std::map<std::string, std::string>& of, bool doubles, const std::string& part) {
  return std::count_if(of.begin(), of.end(),
                       [&](const auto& p) { return is_double(p.first) == doubles && p.second == part; });
}

TEST(HoldOut, SinglesGoAndCombinationsWithThemAreLeftOut) {
  const auto of = parts(cells_of(twenty()), holding(HoldOut::singles));
  EXPECT_EQ(count(of, false, "train"), 14);
  EXPECT_EQ(count(of, false, "validation"), 3);
  EXPECT_EQ(count(of, false, "test"), 3);
  for (const std::string& label : twenty()) {
    if (!is_double(label)) continue;
    bool held_out = false;
    for (const std::string& gene : genes_of(label)) {
      const auto single = of.find(gene);
      held_out = held_out || (single != of.end() && single->second != "train");
    }
    EXPECT_EQ(of.contains(label), !held_out) << label;
    if (of.contains(label)) {
      EXPECT_EQ(of.at(label), "train") << label;
    }
  }
}

TEST(HoldOut, DoublesAreDrawnAmongThemselvesAndSinglesTrain) {
  const auto of = parts(cells_of(twenty()), holding(HoldOut::doubles));
  EXPECT_EQ(count(of, false, "train"), 20);
  EXPECT_EQ(count(of, true, "train"), 19);  // of 28: 19.6, 4.2 and the rest
  EXPECT_EQ(count(of, true, "validation"), 4);
  EXPECT_EQ(count(of, true, "test"), 5);
}

TEST(HoldOut, DoublesWithSoManySeenGenes) {
  SplitOptions options = holding(HoldOut::doubles);
  options.train = 0.5;
  options.validation = options.test = 0.25;
  for (const std::int64_t seen : {1, 2}) {
    options.seen = seen;
    for (const auto& [name, part] : parts(cells_of(twenty()), options)) {
      if (part == "train") continue;
      std::int64_t singles = 0;
      for (const std::string& gene : genes_of(name)) singles += gene[0] == 'A' ? 1 : 0;
      EXPECT_EQ(singles, seen) << name;
    }
  }
  options.seen = 0;  // X+Y alone
  EXPECT_THAT(error_of([&] { split(cells_of(twenty()), options, 1); }),
              HasSubstr("a share of 0.5 of 1 doubles with that many single perturbations is none for train"));
}

TEST(HoldOut, GenesTakeAllTheirPerturbationsAlong) {
  const auto of = parts(cells_of(twenty()), holding(HoldOut::genes));
  std::map<std::string, std::string> of_gene;  // X and Y are no singles: where they are is not shown
  for (const auto& [name, part] : of) {
    if (!is_double(name)) of_gene[name] = part;
  }
  EXPECT_EQ(of.size(), twenty().size());  // none is left out
  std::set<std::string> held_out_of_training_genes;
  for (const auto& [name, part] : of) {
    if (!is_double(name)) continue;
    std::set<std::string> found;
    for (const std::string& gene : genes_of(name)) {
      if (of_gene.contains(gene)) found.insert(of_gene.at(gene));
    }
    if (found.contains("test")) {
      EXPECT_EQ(part, "test") << name;
    }
    if (part == "train") {
      EXPECT_EQ(found.size() - found.count("train"), 0u) << name;
    }
    if (part != "train" && found == std::set<std::string>{"train"}) held_out_of_training_genes.insert(name);
  }
  EXPECT_FALSE(held_out_of_training_genes.empty()) << "no double of seen genes is held out";
}

/// The label's genes: A1 of A1_1, A1_2, and A1_1+A1_2.
std::set<std::string> genes_of_guides(const std::string& name) {
  std::set<std::string> genes;
  for (const std::string& guide : genes_of(name)) genes.insert(guide.substr(0, guide.find('_')));
  return genes;
}

std::vector<std::string> guides() {
  std::vector<std::string> labels;
  for (int i = 0; i < 20; ++i) {
    for (int guide = 1; guide <= 2; ++guide) {
      labels.push_back(fmt::format("A{}_{}", i, guide));
      labels.push_back(fmt::format("A{}_{}+A{}_1", i, guide, (i + 1) % 20));
    }
    labels.push_back(fmt::format("A{}_1+A{}_2", i, i));  // of one gene
  }
  return labels;
}

// A gene of which another guide trained is not unseen.
TEST(HoldOut, GuidesOfTheSameGenesGoTogether) {
  const Dataset data = cells_of(guides());
  for (const HoldOut what : {HoldOut::any, HoldOut::singles, HoldOut::doubles, HoldOut::genes}) {
    const auto of = parts(data, holding(what));
    std::map<std::set<std::string>, std::string> of_genes;
    std::set<std::string> seen;
    for (const auto& [name, part] : of) {
      const std::set<std::string> genes = genes_of_guides(name);
      EXPECT_EQ(of_genes.emplace(genes, part).first->second, part) << name;
      if (part == "train") seen.insert(genes.begin(), genes.end());
    }
    if (what != HoldOut::singles && what != HoldOut::genes) continue;
    std::int64_t unseen = 0;
    for (const auto& [genes, part] : of_genes) {
      if (genes.size() > 1 || part == "train") continue;
      ++unseen;
      EXPECT_FALSE(seen.contains(*genes.begin())) << *genes.begin() << " trains and is in " << part;
    }
    EXPECT_EQ(unseen, 6) << "of 20 genes";
  }
  SplitOptions options = holding(HoldOut::doubles);
  options.seen = 2;
  EXPECT_EQ(parts(data, options).size(), guides().size());
}

TEST(HoldOut, NumbersThatAreNoGuidesStay) {
  std::vector<std::string> labels;
  for (int i = 0; i < 20; ++i) labels.push_back(fmt::format("drug_{}", i));
  EXPECT_EQ(count(parts(cells_of(labels), holding(HoldOut::genes)), false, "test"), 3);
  labels.insert(labels.end(), {"other", "another"});
  Dataset data = cells_of(labels);
  data.genes.names[0] = "drug_1";
  bool apart = false;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    SplitOptions options = holding(HoldOut::genes);
    options.train = options.test = 0.5;
    options.validation = 0;
    const auto of = parts(data, options, seed);
    EXPECT_EQ(of.at("drug_2"), of.at("drug_3"));
    apart = apart || of.at("drug_1") != of.at("drug_2");
  }
  EXPECT_TRUE(apart) << "drug_1 is a gene";
}

TEST(HoldOut, DependsOnTheSeed) {
  const Dataset data = cells_of(twenty());
  for (const HoldOut what : {HoldOut::singles, HoldOut::doubles, HoldOut::genes}) {
    EXPECT_EQ(parts(data, holding(what), 5), parts(data, holding(what), 5));
    EXPECT_NE(parts(data, holding(what), 5), parts(data, holding(what), 6));
  }
}

TEST(HoldOut, RefusesAHeldOutSetWithoutCells) {
  const auto error = [](const std::vector<std::string>& labels, HoldOut what) {
    return error_of([&] { split(cells_of(labels), holding(what), 1); });
  };
  EXPECT_THAT(error({"A", "B", "C"}, HoldOut::doubles), HasSubstr("of 0 doubles is none for train"));
  EXPECT_THAT(error({"A+B", "B+C"}, HoldOut::singles),
              HasSubstr("of 0 single perturbations is none for train"));
  EXPECT_THAT(error({"A", "B", "A+B"}, HoldOut::genes),
              HasSubstr("a share of 0.15 of 2 perturbed genes is none for validation"));
}

TEST(HoldOut, RefusesOptionsThatDoNotFit) {
  SplitOptions options;
  options.hold_out = HoldOut::genes;
  const auto error = [&] {
    return error_of([&] { split(cells_of(twenty()), options, 1); }, ExitCode::usage);
  };
  EXPECT_THAT(error(),
              HasSubstr("split.hold_out genes holds perturbations out: it needs split.by: perturbation"));
  options.by = SplitBy::perturbation;
  options.seen = 2;
  EXPECT_THAT(error(),
              HasSubstr("split.seen chooses among doubles: it needs split.hold_out: doubles, not genes"));
}

}  // namespace
}  // namespace sparcell

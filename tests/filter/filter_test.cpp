#include "sparcell/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/datasets.h"
#include "support/temporary.h"

namespace sparcell {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

/// Six cells, four genes (the first mitochondrial), obs columns and labels.
Dataset example() {
  Dataset data =
      test::dataset({{1, 0, 0, 0}, {5, 5, 0, 0}, {0, 2, 3, 0}, {1, 1, 1, 7}, {0, 0, 0, 0}, {0, 4, 4, 0}});
  data.genes.names[0] = "MT-CO1";
  test::label(data, {"control", "A", "A", "A+B", "", "B"});
  data.cells.columns.push_back({"batch", std::vector<std::string>{"x", "x", "y", "y", "z", "z"}, {}});
  data.cells.columns.push_back({"plate", std::vector<std::int64_t>{1, 1, 1, 2, 2, 2}, {}});
  data.cells.columns.push_back({"good", std::vector<std::uint8_t>{1, 1, 1, 0, 1, 1}, {}});
  data.cells.columns.push_back({"kind", Categorical{{0, 1, -1, 0, 1, 0}, {"p", "q"}}, {}});
  return data;
}

struct Filter : testing::Test {
  FilterOptions options;
  test::Lines lines;

  std::vector<std::string> kept(Dataset data = example()) {
    return filter(std::move(data), options, lines.log).cells.names;
  }
  std::string error(Dataset data = example()) {
    return error_of([&] { filter(std::move(data), options, lines.log); });
  }
};

TEST_F(Filter, DefaultsKeepEverythingAndSayNothing) {
  const Dataset before = example();
  const Dataset after = filter(example(), options, lines.log);
  EXPECT_EQ(after.cells.names, before.cells.names);
  EXPECT_EQ(after.x.values, before.x.values);
  EXPECT_EQ(after.perturbations.names, before.perturbations.names);
  EXPECT_TRUE(lines.info.empty());
}

TEST_F(Filter, ObsValuesOfEveryType) {
  options.obs = {{"batch", {"x", "z"}}};
  EXPECT_THAT(kept(), ElementsAre("c0", "c1", "c4", "c5"));
  options.obs = {{"plate", {"1"}}};
  EXPECT_THAT(kept(), ElementsAre("c0", "c1", "c2"));
  options.obs = {{"good", {"true"}}};
  EXPECT_THAT(kept(), ElementsAre("c0", "c1", "c2", "c4", "c5"));
  options.obs = {{"kind", {"p"}}};
  EXPECT_THAT(kept(), ElementsAre("c0", "c3", "c5"));
  options.obs = {{"kind", {"p"}}, {"plate", {"2"}}};
  EXPECT_THAT(kept(), ElementsAre("c3", "c5"));
  EXPECT_THAT(lines.info.back(), HasSubstr("filter.obs.plate keeps 2 of 3 cells"));
}

TEST_F(Filter, ObsNumbersAreComparedAsNumbers) {
  Dataset data = example();
  const double f = 0.1F;  // what reading a float32 gives
  data.cells.columns.push_back({"float", std::vector<double>{f, 0.1, 1, 2, 16777217, 16777216}, {}});
  data.cells.columns.push_back({"level", Categorical{{0, 1, 0, 1, 0, 1}, {fmt::format("{}", f), "1"}}, {}});
  options.obs = {{"float", {"0.1"}}};
  EXPECT_THAT(kept(data), ElementsAre("c0", "c1"));
  options.obs = {{"float", {"1.0", "2e0"}}};
  EXPECT_THAT(kept(data), ElementsAre("c2", "c3"));
  options.obs = {{"float", {"16777217"}}};
  EXPECT_THAT(kept(data), ElementsAre("c4"));
  options.obs = {{"plate", {"2.0"}}, {"level", {"1.0", "0.1"}}};
  EXPECT_THAT(kept(data), ElementsAre("c3", "c4", "c5"));
  options.obs = {{"float", {"0.2"}}};
  EXPECT_THAT(error(data), HasSubstr("no cell has the value 0.2; the column holds"));
}

TEST_F(Filter, ObsErrors) {
  options.obs = {{"btach", {"x"}}};
  EXPECT_THAT(error(), HasSubstr("file.h5ad has no obs column btach; it has batch, plate, good, kind"));
  options.obs = {{"batch", {"x", "w"}}};
  EXPECT_THAT(error(), HasSubstr("filter.obs.batch: no cell has the value w; the column holds x, y, z"));
  Dataset gaps = example();
  gaps.cells.set({"level", Categorical{{0, -1, 0, 1, 0, -1}, {"p", "q"}}, {}});
  options.obs = {{"level", {"nan"}}};
  EXPECT_THAT(error(gaps), HasSubstr("no cell has the value nan; the column holds '' (no value), p, q"));
  options.obs = {{"level", {""}}};
  EXPECT_THAT(kept(gaps), ElementsAre("c1", "c5"));
  options.obs = {{"batch", {"x"}}, {"plate", {"2"}}};
  EXPECT_THAT(error(), HasSubstr("filter.obs.plate leaves none of the 2 cells"));
}

TEST_F(Filter, PerturbationsKeepTheControl) {
  options.perturbations = {"single"};
  EXPECT_THAT(kept(), ElementsAre("c0", "c1", "c2", "c5"));
  options.perturbations = {"B"};
  EXPECT_THAT(kept(), ElementsAre("c0", "c5"));
  options.perturbations = {"B+A"};  // parts are a set
  EXPECT_THAT(kept(), ElementsAre("c0", "c3"));
  options.perturbations = {"ctrl+A"};
  EXPECT_THAT(kept(), ElementsAre("c0", "c1", "c2"));
  options.perturbations = {"A+A"};
  EXPECT_THAT(kept(), ElementsAre("c0", "c1", "c2"));
}

TEST_F(Filter, TwoGuidesOfOneGeneAreASinglePerturbation) {
  Dataset data = example();
  test::label(data, {"control", "A_1", "A_1+A_2", "A_1+B_1", "", "B_1"});
  options.perturbations = {"single"};
  EXPECT_THAT(kept(data), ElementsAre("c0", "c1", "c2", "c5"));
}

TEST_F(Filter, PerturbationsWithoutACellAreDropped) {
  options.perturbations = {"A+B"};
  const Dataset data = filter(example(), options, lines.log);
  EXPECT_THAT(data.perturbations.names, ElementsAre("control", "A+B"));
  EXPECT_THAT(data.perturbations.parts[1], ElementsAre("A", "B"));
  EXPECT_THAT(data.perturbations.of_cell, ElementsAre(0, 1));

  options.perturbations = {"all"};
  options.obs = {{"plate", {"2"}}};  // no control cell is left; its place is kept
  const Dataset rest = filter(example(), options, lines.log);
  EXPECT_THAT(rest.perturbations.names, ElementsAre("control", "A+B", "B"));
  EXPECT_THAT(rest.perturbations.of_cell, ElementsAre(1, -1, 2));
}

TEST_F(Filter, PerturbationErrors) {
  options.perturbations = {"A", "KLF1"};
  EXPECT_THAT(
      error(),
      HasSubstr(
          "filter.perturbations: no cell of file.h5ad has the label KLF1; there are control, A, A+B, B"));
  Dataset unlabelled = example();
  unlabelled.perturbations.of_cell.clear();
  EXPECT_THAT(error(unlabelled), HasSubstr("file.h5ad has no perturbation labels"));
  options.perturbations = {"all"};
  EXPECT_THAT(kept(unlabelled), SizeIs(6));
  options.min_cells_per_perturbation = 2;
  EXPECT_THAT(error(unlabelled),
              HasSubstr("filter.min_cells_per_perturbation: file.h5ad has no perturbation labels"));
}

TEST_F(Filter, CellsByGenesAndCounts) {
  options.min_genes = 2;
  EXPECT_THAT(kept(), ElementsAre("c1", "c2", "c3", "c5"));
  options.max_genes = 2;
  EXPECT_THAT(kept(), ElementsAre("c1", "c2", "c5"));
  options.min_counts = 6;
  EXPECT_THAT(kept(), ElementsAre("c1", "c5"));
  options.max_counts = 9;
  EXPECT_THAT(kept(), ElementsAre("c5"));
  options.min_counts = 1000;
  EXPECT_THAT(error(), HasSubstr("filter.min_counts leaves none of the 3 cells"));
}

TEST_F(Filter, ExplicitZerosAreNotDetected) {
  Dataset data = example();
  data.x.values[0] = 0;  // the only entry of c0
  options.min_genes = 1;
  EXPECT_THAT(kept(data), ElementsAre("c1", "c2", "c3", "c5"));
}

TEST_F(Filter, SumsOfWhatIsNoCountsAreWarnedOf) {
  Dataset logs = example();
  logs.counts = false;
  options.min_genes = 2;
  EXPECT_THAT(kept(logs), SizeIs(4));
  EXPECT_THAT(lines.warnings, testing::IsEmpty());
  options.min_counts = 1;
  EXPECT_THAT(kept(logs), SizeIs(4));
  EXPECT_THAT(lines.warnings, ElementsAre(HasSubstr("are for counts, but X of file.h5ad holds none")));
  kept();
  EXPECT_THAT(lines.warnings, SizeIs(1));
}

TEST_F(Filter, MitochondrialShare) {
  options.max_mitochondrial = 0.4;
  EXPECT_THAT(kept(), ElementsAre("c2", "c3", "c4", "c5"));  // shares 1, 0.5, 0, 0.1, none, 0
  Dataset ensembl = example();
  ensembl.genes.names = {"E0", "E1", "E2", "E3"};
  EXPECT_THAT(kept(ensembl), SizeIs(6));
  EXPECT_THAT(lines.warnings, ElementsAre(HasSubstr("no gene of file.h5ad starts with MT-")));
  ensembl.genes.columns.push_back({"gene_name", std::vector<std::string>{"mt-Co1", "B", "C", "D"}, {}});
  EXPECT_THAT(kept(ensembl), ElementsAre("c2", "c3", "c4", "c5"));
}

TEST_F(Filter, GenesAreCountedInTheCellsThatAreLeft) {
  options.min_cells = 3;
  EXPECT_THAT(filter(example(), options, lines.log).genes.names, ElementsAre("MT-CO1", "g1", "g2"));
  EXPECT_THAT(lines.info, ElementsAre("filter.min_cells keeps 3 of 4 genes"));
  options.min_counts = 6;
  const Dataset data = filter(example(), options, lines.log);
  EXPECT_THAT(data.genes.names, ElementsAre("g1"));
  EXPECT_THAT(data.x.values, ElementsAre(5, 1, 4));
  options.min_cells = 4;
  EXPECT_THAT(error(), HasSubstr("filter.min_cells leaves none of the 4 genes"));
}

TEST_F(Filter, SmallPerturbationsGoLast) {
  options.min_cells_per_perturbation = 2;
  EXPECT_THAT(kept(), ElementsAre("c0", "c1", "c2", "c4"));  // the control and the cell without a label stay
  options.max_counts = 9;                                    // leaves one cell of A
  EXPECT_THAT(kept(), ElementsAre("c0", "c4"));
}

TEST_F(Filter, AnEmptyMatrixIsRefused) {
  EXPECT_THAT(error(test::dataset({})), HasSubstr("X of file.h5ad holds 0 cells and 0 genes"));
}

}  // namespace
}  // namespace sparcell

#include "sparcell/select.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>

#include "select/dispersion.h"
#include "support/datasets.h"
#include "support/device_arrays.h"
#include "support/temporary.h"

namespace sparcell {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Select : testing::Test {
  Context context = test::test_context(2);
  SelectOptions options;
  test::Lines lines;
  TemporaryFolder folder;
  // Variances over cells 0-2: 0, 2/9, 2/9, 0, 8/9; cell 3 makes gene 0 the first.
  Dataset data = test::dataset({{1, 1, 0, 0, 2}, {1, 0, 1, 0, 0}, {1, 0, 0, 0, 0}, {9, 0, 0, 0, 0}});
  std::vector<std::int32_t> train{0, 1, 2};

  Selection selected() { return select(context, data, options, train, lines.log); }
  std::string error(ExitCode code = ExitCode::data) {
    return error_of([&] { selected(); }, code);
  }
  void list(const std::string& text) {
    options.flavor = SelectFlavor::list;
    options.file = folder / "genes.txt";
    write_bytes(options.file, text);
  }
};

TEST_F(Select, VarianceTakesTheHighestInTheFilesOrder) {
  options.genes = 2;
  const Selection s = selected();
  EXPECT_THAT(s.genes, ElementsAre(1, 4));  // genes 1 and 2 tie: the first is taken
  EXPECT_THAT(s.rank, ElementsAre(2, 1));
  EXPECT_NEAR(s.score[0], 2.0 / 9, 1e-15);
  EXPECT_NEAR(s.score[1], 8.0 / 9, 1e-15);
  EXPECT_EQ(s.score_name, "variance");
  EXPECT_THAT(lines.warnings, IsEmpty());
}

TEST_F(Select, FitOnAllLooksAtEveryCell) {
  options.genes = 1;
  EXPECT_THAT(selected().genes, ElementsAre(4));
  options.fit_on = FitOn::all;
  EXPECT_THAT(selected().genes, ElementsAre(0));
}

TEST_F(Select, MoreGenesThanThereAreTakesAllWithOneWarning) {
  options.genes = 6;
  for (SelectFlavor flavor : {SelectFlavor::variance, SelectFlavor::seurat, SelectFlavor::cell_ranger}) {
    options.flavor = flavor;
    lines.warnings.clear();
    EXPECT_THAT(selected().genes, ElementsAre(0, 1, 2, 3, 4)) << name_of(flavor);
    EXPECT_THAT(lines.warnings, ElementsAre("select.genes is 6, but there are 5 genes: all are taken"));
  }
  options.genes = 5;
  options.flavor = SelectFlavor::variance;
  lines.warnings.clear();
  EXPECT_THAT(selected().rank, ElementsAre(4, 2, 3, 5, 1));
  EXPECT_THAT(lines.warnings, IsEmpty());
}

TEST_F(Select, AllTakesEveryGeneWithoutARank) {
  options.flavor = SelectFlavor::all;
  options.genes = 2;
  const Selection s = selected();
  EXPECT_THAT(s.genes, ElementsAre(0, 1, 2, 3, 4));
  EXPECT_EQ(s.score_name, "none");
}

TEST_F(Select, ListByName) {
  list("g3\r\n\n  g1\t\ng3\n");
  const Selection s = selected();
  EXPECT_THAT(s.genes, ElementsAre(1, 3));
  EXPECT_THAT(s.rank, ElementsAre(2, 1));
  data.genes.names[4] = "g1";  // a name that two genes have is the first
  EXPECT_THAT(selected().genes, ElementsAre(1, 3));
}

TEST_F(Select, ListErrors) {
  list("g1\nKLF1\nA\nB\nC\nD\nE\n");
  EXPECT_THAT(
      error(),
      HasSubstr(
          "names 6 genes that the data set lacks: KLF1, A, B, C, D...; its genes are named like g0, g1, g2"));
  list("\n\n");
  EXPECT_THAT(error(), HasSubstr("genes.txt names no gene"));
  options.file = folder / "absent.txt";
  EXPECT_THAT(error(), HasSubstr("absent.txt cannot be read"));
  options.file = "";
  EXPECT_THAT(error(ExitCode::usage), HasSubstr("select.flavor list needs select.file"));
}

TEST_F(Select, PerturbedGenesAreForcedIn) {
  test::label(data, {"control", "g4+g0", "g3_12", "ABSENT_1"});
  options.genes = 1;
  options.include_perturbed = true;
  const Selection s = selected();
  EXPECT_THAT(s.genes, ElementsAre(0, 3, 4));
  EXPECT_THAT(s.rank, ElementsAre(0, 0, 1));
  EXPECT_THAT(lines.warnings,
              ElementsAre("select.include_perturbed: 1 perturbed genes are not in the matrix: ABSENT"));
}

TEST_F(Select, SeuratV3NeedsCountsAndATrend) {
  options.flavor = SelectFlavor::seurat_v3;
  const auto few = HasSubstr(
      "3 points are too few for a local quadratic over 0.3 of them (of log10 mean counts, 3 varying "
      "genes); leave out genes that few cells have with filter.min_cells");
  EXPECT_THAT(error(), few);
  normalize(context, data, {}, train);
  EXPECT_THAT(error(), few);
  data.raw = {};
  EXPECT_THAT(error(),
              HasSubstr("seurat_v3 ranks genes by their counts, but X of file.h5ad does not hold counts"));
}

TEST_F(Select, SeuratV3WarnsOfCountsThatAreNotWhole) {
  std::vector<std::vector<double>> counts(30, std::vector<double>(40));
  for (std::size_t cell = 0; cell < counts.size(); ++cell) {
    for (std::size_t gene = 0; gene < counts[cell].size(); ++gene)
      counts[cell][gene] = static_cast<double>(2 * ((cell * cell + 7 * cell * gene + gene) % (gene + 2)));
  }
  data = test::dataset(counts);
  train.resize(counts.size());
  std::iota(train.begin(), train.end(), 0);
  options.flavor = SelectFlavor::seurat_v3;
  options.genes = 10;
  const std::vector<std::int32_t> of_whole = selected().genes;
  normalize(context, data, {}, train);
  EXPECT_EQ(selected().genes, of_whole);
  EXPECT_THAT(lines.warnings, IsEmpty());
  data.raw.values.back() += 0.5f;
  selected();
  EXPECT_THAT(lines.warnings, ElementsAre(HasSubstr("seurat_v3 is made for whole counts, and X of file.h5ad "
                                                    "has others")));
  data = test::dataset(counts);
  for (float& count : data.x.values) count /= 4;
  selected();
  EXPECT_THAT(lines.warnings, testing::SizeIs(2)) << "also where nothing was normalized";
}

TEST_F(Select, DispersionsNeedLogNormalizedValues) {
  options.flavor = SelectFlavor::seurat;
  data.x.values[0] = 500;
  EXPECT_THAT(error(),
              HasSubstr("select.flavor seurat needs log-normalized values, but gene 0 has values above 88"));
  data.x.values[0] = -500;
  options.flavor = SelectFlavor::cell_ranger;
  EXPECT_THAT(
      error(),
      HasSubstr("select.flavor cell_ranger needs log-normalized values, but gene 0 has a negative mean"));
}

TEST_F(Select, GenesThatDoNotVary) {
  data = test::dataset({{1, 2}, {1, 2}, {1, 2}});
  options.flavor = SelectFlavor::seurat;
  options.genes = 1;
  EXPECT_THAT(error(),
              HasSubstr("none of the 2 genes of file.h5ad varies between the cells that it is fitted on"));
  data = test::dataset({{1, 2, 0}, {1, 1, 0}, {1, 2, 5}});
  options.genes = 3;
  EXPECT_THAT(selected().genes, ElementsAre(1, 2));
  EXPECT_THAT(lines.warnings.back(), HasSubstr("only 2 of 3 genes vary"));
}

TEST_F(Select, TakeSelectedEqualsTakeGenes) {
  options.genes = 3;
  data.genes.columns.push_back({"id", std::vector<std::string>{"E0", "E1", "E2", "E3", "E4"}, {}});
  const Dataset taken = take_selected(context, data, selected());
  const Dataset expected = take_genes(data, {false, true, true, false, true});
  EXPECT_EQ(taken.x.offsets, expected.x.offsets);
  EXPECT_EQ(taken.x.indices, expected.x.indices);
  EXPECT_EQ(taken.x.values, expected.x.values);
  EXPECT_EQ(taken.x.cols, 3);
  EXPECT_EQ(taken.genes.names, expected.genes.names);
  EXPECT_EQ(taken.genes.columns[0].text(2), "E4");
  EXPECT_EQ(taken.perturbations.of_cell, data.perturbations.of_cell);
}

TEST_F(Select, WritesGenes) {
  data.genes.names[4] = "HLA-A,1";
  options.genes = 2;
  options.fit_on = FitOn::all;
  write_genes(folder / "genes.csv", data, selected());
  EXPECT_EQ(file_bytes(folder / "genes.csv"), "gene,column,rank,score\ng0,0,1,12\n\"HLA-A,1\",4,2,0.75\n");
}

TEST(Dispersion, SeuratByHand) {
  // log1p of the means: 0, 1, 2 ... 20 twentieths of 20: every gene but the last two has a bin of its own,
  // and so 1.
  std::vector<double> mean, variance;
  for (int i = 0; i <= 20; ++i) {
    mean.push_back(std::expm1(static_cast<double>(i)));
    variance.push_back(mean.back() * (2 + i));
  }
  mean.push_back(mean[20]);
  variance.push_back(mean[20] * 100);
  variance[5] = 0;  // does not vary
  const std::vector<double> scores = seurat_dispersions(mean, variance);
  // Bin 1 holds genes 0 (mean 0, which becomes 1e-12, and so a dispersion of 0) and 1.
  EXPECT_TRUE(std::isnan(scores[0]));
  EXPECT_NEAR(scores[1], 1, 1e-12);
  EXPECT_NEAR(scores[2], 1, 1e-12);
  EXPECT_TRUE(std::isnan(scores[5]));
  // Two values are each 1 / sqrt(2) standard deviations from their mean.
  EXPECT_NEAR(scores[20], -std::sqrt(0.5), 1e-12);
  EXPECT_NEAR(scores[21], std::sqrt(0.5), 1e-12);
}

TEST(Dispersion, CellRangerByHand) {
  // Twenty-one means 1 ... 21: percentiles 10, 15 ... 100 are the means 3, 4 ... 21, so the first bin holds
  // three genes.
  std::vector<double> mean, variance;
  for (int i = 1; i <= 21; ++i) {
    mean.push_back(i);
    variance.push_back(i * (i == 1 ? 1.0 : i == 2 ? 2.0 : i == 3 ? 5.0 : 7.0));
  }
  const std::vector<double> scores = cell_ranger_dispersions(mean, variance);
  // Median 2, absolute deviations 1, 0, 3 with median 1.
  EXPECT_NEAR(scores[0], -0.6744897501960817, 1e-12);
  EXPECT_NEAR(scores[1], 0, 1e-12);
  EXPECT_NEAR(scores[2], 3 * 0.6744897501960817, 1e-12);
  EXPECT_TRUE(std::isnan(scores[10]));  // alone in its bin: 0 / 0
}

}  // namespace
}  // namespace sparcell

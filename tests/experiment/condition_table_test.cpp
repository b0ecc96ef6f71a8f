// What models are told of cells, and what is refused.
#include "experiment/condition_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/datasets.h"
#include "support/temporary.h"

namespace sparcell {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// Cells of genes A, B, C and D: labels and parts of the split (t, v, s for test, - for none), a letter a
/// cell.
struct World {
  Prepared prepared;
  ModelOptions options;
  Context context{Device{}, 1};
  test::Lines lines;

  World(const std::vector<std::string>& labels, const std::string& parts) {
    std::vector<std::vector<double>> rows;
    for (std::size_t c = 0; c < labels.size(); ++c)
      rows.push_back(
          {1.0 + static_cast<double>(c % 3), 2.0 - static_cast<double>(c % 2), 1.0, static_cast<double>(c)});
    prepared.data = test::dataset(rows);
    prepared.data.genes.names = {"A", "B", "C", "D"};
    test::label(prepared.data, labels);
    for (std::size_t c = 0; c < parts.size(); ++c) {
      const auto cell = static_cast<std::int32_t>(c);
      if (parts[c] == 't') prepared.split.train.push_back(cell);
      if (parts[c] == 'v') prepared.split.validation.push_back(cell);
      if (parts[c] == 's') prepared.split.test.push_back(cell);
    }
    options.condition = {"perturbation"};
  }

  ConditionTable table() { return ConditionTable(context, "m", options, prepared, lines.log); }
  std::string error() {
    return error_of([&] { table(); });
  }
  void add_batch(const std::vector<std::string>& values) {
    prepared.data.cells.set({.name = "batch", .values = values, .missing = {}});
    options.condition.push_back("batch");
  }
};

std::vector<float> row(const Csr<float>& x, std::int64_t r) {
  std::vector<float> values(static_cast<std::size_t>(x.cols), 0);
  for (std::int64_t k = x.offsets[r]; k < x.offsets[r + 1]; ++k) values[x.indices[k]] = x.values[k];
  return values;
}

ChosenConditions perturbed(const std::vector<std::string>& parts) { return {.parts = parts, .levels = {}}; }

TEST(Groups, AreControlsAndThePerturbationsOfTrainingCells) {
  World world({"control", "B", "A", "B", "control", "E", "A"}, "tttvt-s");
  world.options.condition = {};
  world.options.dispersion = DispersionOf::gene_perturbation;
  const ConditionTable table = world.table();
  EXPECT_TRUE(table.empty());
  EXPECT_EQ(table.groups().count, 3);
  const std::vector<std::int32_t>& group = table.groups().of_cell;
  EXPECT_EQ(group[0], 0) << "controls";
  EXPECT_EQ(group[4], 0);
  EXPECT_EQ(group[1], group[3]);
  EXPECT_EQ(group[2], group[6]);
  EXPECT_EQ(group[1] + group[2], 3) << "two groups of their own";
  EXPECT_EQ(table.group_of({}), 0);
  EXPECT_EQ(table.group_of({"A"}), group[2]);
  EXPECT_EQ(table.group_of({"C"}), std::nullopt);
}

TEST(Groups, OfPerturbationsWithoutTrainingCellsAreRefused) {
  World world({"control", "B", "A", "C", "control"}, "tttst");
  world.options.condition = {};
  world.options.dispersion = DispersionOf::gene_perturbation;
  EXPECT_EQ(world.error(),
            "model.m.dispersion: no training cell has the perturbation C, whose dispersions cannot be known");
  world.prepared.data.perturbations = {};
  EXPECT_THAT(world.error(), HasSubstr("model.m.dispersion: "));
  EXPECT_THAT(world.error(), HasSubstr("has no perturbation labels"));
}

TEST(Conditions, OneHotGenesAddUpAndControlsAreZero) {
  World world({"control", "A", "B", "A+B", "control", "E"}, "ttttt-");
  const ConditionTable table = world.table();
  EXPECT_THAT(table.columns(), ElementsAre("A", "B"));
  EXPECT_THAT(row(table.of_cells(), 0), ElementsAre(0, 0));
  EXPECT_THAT(row(table.of_cells(), 1), ElementsAre(1, 0));
  EXPECT_THAT(row(table.of_cells(), 3), ElementsAre(1, 1));
  EXPECT_THAT(row(table.of_cells(), 5), ElementsAre(0, 0)) << "a cell of no part is told nothing";
  EXPECT_THAT(table.controls(), ElementsAre(0, 4));
  const std::vector<std::int32_t> cells{0, 1};
  const Csr<float> told = table.told(cells, perturbed({"B"}), "x");
  EXPECT_THAT(row(told, 0), ElementsAre(0, 1));
  EXPECT_THAT(row(told, 1), ElementsAre(0, 1)) << "the cell's own perturbation is exchanged";
}

TEST(Conditions, ACovariateIsOneHotBesideThem) {
  World world({"control", "A", "control", "A"}, "tttt");
  world.add_batch({"2", "10", "2", "10"});
  const ConditionTable table = world.table();
  EXPECT_THAT(table.columns(), ElementsAre("A", "batch=10", "batch=2"));
  EXPECT_THAT(row(table.of_cells(), 0), ElementsAre(0, 0, 1));
  EXPECT_THAT(row(table.of_cells(), 1), ElementsAre(1, 1, 0));
  const std::vector<std::int32_t> cells{2};
  EXPECT_THAT(row(table.told(cells, perturbed({"A"}), "x"), 0), ElementsAre(1, 0, 1))
      << "the cell keeps its own batch";
  EXPECT_THAT(
      row(table.told(std::vector<std::int32_t>{1}, {.parts = {}, .levels = {{"batch", "2"}}}, "x"), 0),
      ElementsAre(1, 0, 1))
      << "the cell keeps its own perturbation";
  world.options.condition = {"batch"};
  EXPECT_THAT(world.table().columns(), ElementsAre("batch=10", "batch=2"));
  EXPECT_TRUE(world.table().controls().empty());
}

TEST(Conditions, LoadingsAreRowsOfTheComponentsInOneScale) {
  World world({"control", "A", "B", "control", "A", "D"}, "ttttts");
  world.options.conditioning.embedding = "loadings";
  world.options.conditioning.components = 2;
  const ConditionTable table = world.table();
  const PrincipalComponents pca =
      fit_pca(world.context, world.prepared.data.x, world.prepared.split.train, 2, world.lines.log);
  const auto loading = [&](std::int64_t gene, std::int64_t c) {
    return pca.components(c, gene) * std::sqrt(pca.variance[c]);
  };
  double squares = 0;  // of A and B, which are perturbed in training
  for (const std::int64_t gene : {0, 1}) {
    for (const std::int64_t c : {0, 1}) squares += loading(gene, c) * loading(gene, c);
  }
  const double scale = std::sqrt(4 / squares);
  for (const auto& [cell, gene] : {std::pair{1, 0}, {2, 1}, {5, 3}}) {
    for (const std::int64_t c : {0, 1})
      EXPECT_NEAR(row(table.of_cells(), cell)[c], scale * loading(gene, c), 1e-5) << "cell " << cell;
  }
}

/// Its loadings are rounding errors, by which those of genes that were not perturbed in training were
/// divided.
TEST(Conditions, LoadingsOfAGeneThatDoesNotVaryAreZeroAndDoNotCount) {
  World world({"control", "A", "C", "control", "A", "D"}, "ttttts");
  world.options.conditioning.embedding = "loadings";
  world.options.conditioning.components = 2;
  const ConditionTable both = world.table();
  EXPECT_THAT(row(both.of_cells(), 2), ElementsAre(0, 0)) << "all training cells have 1 of C";
  double squares = 0;
  for (const float value : row(both.of_cells(), 1)) squares += value * value;
  EXPECT_NEAR(squares, 2, 1e-5) << "A alone is divided by";

  World constant({"control", "C", "C", "control", "C", "D"}, "ttttts");
  constant.options.conditioning = world.options.conditioning;
  const ConditionTable none = constant.table();
  EXPECT_THAT(constant.lines.warnings,
              testing::Contains(HasSubstr("no gene that is perturbed in training varies in the training cells")));
  EXPECT_THAT(row(none.of_cells(), 1), ElementsAre(0, 0));
  for (const float value : row(none.of_cells(), 5)) EXPECT_LT(std::abs(value), 10) << "D, in its own scale";
}

TEST(Conditions, ATableOfAFileIsTakenAsItIs) {
  const TemporaryFolder folder;
  write_bytes(folder / "genes.csv", "gene,x,y\nA,1,-2.5\nB,0,3\nE,0.5,0\n");
  World world({"control", "A", "B", "A+B", "E"}, "tttts");
  world.options.conditioning.embedding = folder / "genes.csv";
  const ConditionTable table = world.table();
  EXPECT_THAT(table.columns(), ElementsAre("x", "y"));
  EXPECT_THAT(row(table.of_cells(), 1), ElementsAre(1, -2.5f));
  EXPECT_THAT(row(table.of_cells(), 3), ElementsAre(1, 0.5f));
  EXPECT_THAT(row(table.of_cells(), 4), ElementsAre(0.5f, 0)) << "a gene without training cells";
}

TEST(Conditions, BadTablesAreRefusedInOneSentence) {
  const TemporaryFolder folder;
  const auto error = [&](const std::string& text) {
    write_bytes(folder / "genes.csv", text);
    World world({"control", "A", "B"}, "ttt");
    world.options.conditioning.embedding = folder / "genes.csv";
    return world.error();
  };
  EXPECT_THAT(error("gene,x\nA,1\n"), HasSubstr("model.m: perturbation B: the embedding " +
                                                (folder / "genes.csv") + " lacks the gene B"));
  EXPECT_THAT(error("gene,x\nA,one\nB,2\n"), HasSubstr("has 'one' for gene A, column x; expected a number"));
  EXPECT_THAT(error("gene,x\nA,nan\nB,2\n"), HasSubstr("has 'nan' for gene A"));
  EXPECT_THAT(error("gene,x\nA,1\nA,2\n"), HasSubstr("has the gene A twice"));
  EXPECT_THAT(error("gene,x\nA,1,2\nB,2\n"), HasSubstr("record 2"));
  EXPECT_THAT(error("gene\nA\n"), HasSubstr("must have a header"));
  World world({"control", "A"}, "tt");
  world.options.conditioning.embedding = folder / "none.csv";
  EXPECT_THAT(world.error(), HasSubstr("none.csv"));
}

TEST(Conditions, WhatCannotBeKnownIsRefused) {
  EXPECT_THAT(World({"control", "A", "B", "E"}, "ttts").error(),
              HasSubstr("model.m: perturbation E: no training cell is perturbed in E, so a model of one-hot "
                        "conditions cannot know what it does"));
  World loadings({"control", "A", "B", "E"}, "ttts");
  loadings.options.conditioning.embedding = "loadings";
  EXPECT_THAT(loadings.error(), HasSubstr("lacks the gene E, which is not among the selected ones"));
  World batch({"control", "A", "control"}, "tts");
  batch.add_batch({"1", "2", "3"});
  EXPECT_THAT(batch.error(), HasSubstr("cell c2 has '3' in batch, which no training cell has"));
  World unseen({"control", "A"}, "tt");
  EXPECT_THAT(
      error_of([&] { unseen.table().told(std::vector<std::int32_t>{0}, perturbed({"Z"}), "predict"); }),
      HasSubstr("predict: no training cell is perturbed in Z"));
}

TEST(Conditions, OneLevelAndMissingLabelsAreRefused) {
  EXPECT_THAT(World({"A", "A", "A"}, "ttt").error(),
              HasSubstr("all training cells have the same perturbation"));
  EXPECT_THAT(World({"control", "A", ""}, "ttt").error(), HasSubstr("cell c2 has no perturbation label"));
  World one({"control", "A"}, "tt");
  one.add_batch({"1", "1"});
  EXPECT_THAT(one.error(), HasSubstr("the training cells have one value in batch, '1'"));
  one.options.condition = {"lane"};
  EXPECT_THAT(one.error(), HasSubstr("file.h5ad has no obs column lane; it has batch"));
  World uncontrolled({"B", "A", "A+B"}, "ttt");
  uncontrolled.options.conditioning.control_input = 0.5;
  EXPECT_THAT(uncontrolled.error(), HasSubstr("no training cell is a control"));
  World unlabelled({"control", "A"}, "tt");
  unlabelled.prepared.data.perturbations = {};
  EXPECT_THAT(unlabelled.error(), HasSubstr("has no perturbation labels"));
}

TEST(Conditions, LeaksBetweenHeldOutPerturbationsAreRefused) {
  const std::vector<std::string> labels{"control", "A", "B", "A+B", "C", "C"};
  EXPECT_THAT(World(labels, "tttt--").error(), "no error");
  EXPECT_THAT(World(labels, "tttttt").error(), "no error");
  EXPECT_THAT(World(labels, "ttsttt").error(),
              HasSubstr("split: B is held out, but A+B, which perturbs it too, is among the training cells"));
  EXPECT_THAT(World(labels, "ttsvtt").error(), HasSubstr("is among the validation cells"));
  EXPECT_THAT(World(labels, "ttttvs").error(),
              HasSubstr("C has no training cells, but validation cells beside its test cells"));
  EXPECT_THAT(World(labels, "ttts--").error(), "no error") << "parts of a held-out double may train";
}

TEST(Conditions, GuidesOfOneGeneLeakAsTheGeneDoes) {
  const auto error = [](const std::vector<std::string>& labels, const std::string& parts) {
    World world(labels, parts);
    world.options.conditioning.embedding = "loadings";
    return world.error();
  };
  EXPECT_EQ(
      error({"control", "A_1", "A_2", "B_1"}, "ttst"),
      "split: A_2 is held out, but A_1, by other guides of the same genes, is among the training cells; "
      "split.by: perturbation holds all guides of a gene out together");
  EXPECT_THAT(
      error({"control", "B_1", "A_1", "A_2"}, "ttsv"),
      HasSubstr("A_1 is held out, but A_2, by other guides of the same genes, is among the validation"));
  const std::vector<std::string> labels{"control", "A_1", "B_1", "A_2+B_2", "A_1+A_2"};
  EXPECT_THAT(error(labels, "tstt-"),
              HasSubstr("A_1 is held out, but A_2+B_2, which perturbs it too, is among the training cells"));
  EXPECT_THAT(error(labels, "ttt-s"),
              HasSubstr("A_1+A_2 is held out, but A_1, by other guides of the same genes"));
  EXPECT_EQ(error(labels, "ttts-"), "no error") << "the genes of a held-out double may train";
  EXPECT_EQ(error(labels, "ttttt"), "no error");
  // Where numbers alone tell labels apart they are no guides' numbers.
  World drugs({"control", "drug_1", "drug_2", "drug_3"}, "ttts");
  EXPECT_THAT(drugs.error(), HasSubstr("no training cell is perturbed in drug_3"));
}

TEST(Conditions, AGuideIsItsGeneToAnEmbeddingOfGenes) {
  World guides({"control", "A_1", "A_2", "B_1", "A_1+A_2", "A_2+B_1"}, "tttttt"),
      genes({"control", "A", "A", "B", "A", "A+B"}, "tttttt");
  for (World* world : {&guides, &genes}) {
    world->options.conditioning.embedding = "loadings";
    world->options.conditioning.components = 2;
    world->options.conditioning.combine = GeneCombination::learned;
  }
  const Csr<float> of_guides = guides.table().of_cells(), of_genes = genes.table().of_cells();
  for (std::int64_t cell = 0; cell < 6; ++cell) EXPECT_EQ(row(of_guides, cell), row(of_genes, cell)) << cell;
  World apart({"control", "A_1", "A_2"}, "ttt");
  EXPECT_THAT(apart.table().columns(), ElementsAre("A_1", "A_2")) << "one-hot guides are told apart";
}

/// Missing batches are learned as a batch, which a user may not have meant.
TEST(Conditions, CellsWithoutAValueAreWarnedOf) {
  World world({"control", "A", "control", "A", "A"}, "tttts");
  world.add_batch({"2", "", "2", "", ""});
  EXPECT_THAT(world.table().columns(), ElementsAre("A", "batch=", "batch=2"));
  EXPECT_THAT(
      world.lines.warnings,
      ElementsAre("model.m.condition: 2 training cells have no value in batch; they are told as one of "
                  "their own"));
  World known({"control", "A"}, "tt");
  known.add_batch({"1", "2"});
  known.table();
  EXPECT_THAT(known.lines.warnings, IsEmpty());
}

TEST(Conditions, WhatAModelIsNotToldCannotBeChosen) {
  World world({"control", "A", "control", "A"}, "tttt");
  world.add_batch({"2", "10", "2", "10"});
  const std::vector<std::int32_t> cells{0};
  const auto error = [&](const ChosenConditions& chosen, ExitCode code) {
    return error_of([&] { world.table().told(cells, chosen, "x"); }, code);
  };
  EXPECT_EQ(error({.parts = {}, .levels = {{"batch", "3"}}}, ExitCode::data),
            "x: no training cell has '3' in batch; there are batch=10, batch=2");
  EXPECT_EQ(error({.parts = {}, .levels = {{"lane", "3"}}}, ExitCode::usage),
            "x: the model is told no obs column lane; it is told batch");
  world.options.condition = {"batch"};
  EXPECT_EQ(error(perturbed({"A"}), ExitCode::usage),
            "x: the model is told no perturbation, so none can be chosen");
}

/// What a dry run asks for has no values, of which loadings are made; what it refuses is the same.
TEST(Conditions, TheShapeOfLoadingsIsRefusedAsTheirTableIs) {
  const auto shape_error = [](World& world) {
    return error_of([&] { table_shape(world.context, "m", world.options, world.prepared, world.lines.log); });
  };
  const auto expect_same = [&](World world, const std::string& sentence) {
    world.options.conditioning.embedding = "loadings";
    EXPECT_THAT(world.error(), HasSubstr(sentence));
    EXPECT_EQ(shape_error(world), world.error());
  };
  const std::vector<std::string> labels{"control", "A", "B", "A+B", "C", "C"};
  expect_same(World(labels, "tttt--"), "no error");
  expect_same(World(labels, "ttsttt"), "B is held out, but A+B");
  expect_same(World(labels, "ttttvs"), "C has no training cells, but validation cells");
  expect_same(World({"control", "A", "B", "E"}, "ttts"), "lacks the gene E");
  expect_same(World({"A", "A", "A"}, "ttt"), "all training cells have the same perturbation");
  expect_same(World({"control", "A", ""}, "ttt"), "cell c2 has no perturbation label");
  World uncontrolled({"B", "A", "A+B"}, "ttt");
  uncontrolled.options.conditioning.embedding = "loadings";
  uncontrolled.options.conditioning.control_input = 0.5;
  EXPECT_THAT(shape_error(uncontrolled), HasSubstr("no training cell is a control"));
}

TEST(Conditions, LabelsOfUsersAreSortedParts) {
  EXPECT_THAT(parts_of_label("KLF1+CEBPA"), ElementsAre("CEBPA", "KLF1"));
  EXPECT_THAT(parts_of_label("ctrl+KLF1"), ElementsAre("KLF1"));
  EXPECT_TRUE(parts_of_label("control").empty());
  EXPECT_THAT(parts_of_label(" KLF1 + CEBPA"), ElementsAre("CEBPA", "KLF1"));
  EXPECT_EQ(name_of_parts({"CEBPA", "KLF1"}), "CEBPA+KLF1");
  EXPECT_EQ(name_of_parts({}), "control");
}

TEST(Conditions, LabelsOfUsersMayBeThoseOfTheData) {
  Dataset data;
  data.x.rows = 3;
  data.cells.names = {"c0", "c1", "c2"};
  data.cells.set({.name = "guide", .values = std::vector<std::string>{"non-targeting", "A_B", "?"}, .missing = {}});
  data.perturbations.names = {"control", "A+B"};
  data.perturbations.parts = {{}, {"A", "B"}};
  data.perturbations.of_cell = {0, 1, -1};
  data.perturbations.column = "guide";
  EXPECT_TRUE(parts_of_label("non-targeting", data).empty());
  EXPECT_THAT(parts_of_label("A_B", data), ElementsAre("A", "B"));
  EXPECT_THAT(parts_of_label("B+C", data), ElementsAre("B", "C"));
  EXPECT_THAT(parts_of_label("?", data), ElementsAre("?")) << "the label of a cell without a perturbation";
}

TEST(Conditions, LabelsOfUsersThatNameNothingAreRefused) {
  const auto refused = [](const std::string& label) {
    try {
      parts_of_label(label);
    } catch (const UsageError& error) {
      return std::string(error.what());
    }
    return std::string("nothing was refused");
  };
  EXPECT_EQ(refused(""), "--perturbation '': a name is missing; expected A, A+B or control");
  EXPECT_THAT(refused("+"), HasSubstr("a name is missing"));
  EXPECT_THAT(refused("KLF1+"), HasSubstr("--perturbation 'KLF1+': a name is missing"));
  EXPECT_THAT(refused("KLF1+KLF1"), HasSubstr("KLF1 is named twice"));
}

}  // namespace
}  // namespace sparcell

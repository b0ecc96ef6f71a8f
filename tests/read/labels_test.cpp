// Perturbation labels of the distributions of Norman et al. 2019 and of the real files at hand.
#include "read/labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <numeric>

#include "read/fixtures.h"
#include "support/data.h"
#include "support/temporary.h"

namespace sparcell {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

PerturbationOptions preset(LabelPreset preset) {
  PerturbationOptions options;
  options.preset = preset;
  return options;
}

/// The canonical name of each label.
std::vector<std::string> names(const std::string& column, const std::vector<std::string>& labels,
                               const PerturbationOptions& options) {
  Table cells;
  cells.names.resize(labels.size());
  cells.set({column, labels, {}});
  const auto convention = find_convention(cells, options, "file");
  if (!convention) return {};
  const Perturbations perturbations = label_cells(cells, *convention, "file").perturbations;
  std::vector<std::string> result;
  for (std::int32_t p : perturbations.of_cell)
    result.push_back(p < 0 ? "?" : perturbations.names[static_cast<std::size_t>(p)]);
  return result;
}

TEST(Labels, Gears) {
  EXPECT_THAT(names("condition", {"ctrl", "KLF1+ctrl", "ctrl+KLF1", "KLF1+CEBPA", "CEBPA+KLF1"},
                    preset(LabelPreset::gears)),
              ElementsAre("control", "KLF1", "KLF1", "CEBPA+KLF1", "CEBPA+KLF1"));
}

TEST(Labels, Scperturb) {
  EXPECT_THAT(names("perturbation", {"control", "KLF1", "KLF1_CEBPA"}, preset(LabelPreset::scperturb)),
              ElementsAre("control", "KLF1", "CEBPA+KLF1"));
}

TEST(Labels, ANumberBelongsToThePartBeforeIt) {
  EXPECT_THAT(
      names("perturbation", {"control", "ZAP70_1", "ZAP70_2", "FOS_1_JUN_2"}, preset(LabelPreset::scperturb)),
      ElementsAre("control", "ZAP70_1", "ZAP70_2", "FOS_1+JUN_2"));
}

TEST(Labels, Pertpy) {
  EXPECT_THAT(names("perturbation_name", {"control", "KLF1", "KLF1+CEBPA"}, preset(LabelPreset::pertpy)),
              ElementsAre("control", "KLF1", "CEBPA+KLF1"));
}

TEST(Labels, CpaTakesEmptyForTheControl) {
  EXPECT_THAT(names("guide_ids", {"", "KLF1", "KLF1,CEBPA", "NegCtrl0"}, preset(LabelPreset::cpa)),
              ElementsAre("control", "KLF1", "CEBPA+KLF1", "control"));
}

TEST(Labels, OneHalfOfADoubledLabelIsUsed) {
  EXPECT_THAT(names("perturbation",
                    {"CEBPA_KLF1__CEBPA_KLF1", "KLF1_NegCtrl0__KLF1_NegCtrl0",
                     "NegCtrl0_NegCtrl0__NegCtrl0_NegCtrl0"},
                    preset(LabelPreset::scperturb)),
              ElementsAre("CEBPA+KLF1", "KLF1", "control"));
}

TEST(Labels, AreRecognisedByColumnAndContent) {
  const PerturbationOptions automatic;
  EXPECT_THAT(names("condition", {"ctrl", "B+A"}, automatic), ElementsAre("control", "A+B"));
  EXPECT_THAT(names("perturbation", {"control", "B+A"}, automatic), ElementsAre("control", "A+B"));
  EXPECT_THAT(names("perturbation", {"control", "B_A"}, automatic), ElementsAre("control", "A+B"));
  EXPECT_THAT(names("perturbation_name", {"control", "B+A"}, automatic), ElementsAre("control", "A+B"));
  EXPECT_THAT(names("guide_ids", {"", "B,A"}, automatic), ElementsAre("control", "A+B"));
  EXPECT_THAT(names("condition", {"healthy", "sick"}, automatic), IsEmpty());
  EXPECT_THAT(names("cluster", {"control", "A"}, automatic), IsEmpty());
  EXPECT_THAT(names("perturbation", {"control", "A"}, preset(LabelPreset::none)), IsEmpty());
}

TEST(Labels, EveryPartOfTheConventionCanBeNamed) {
  PerturbationOptions options;
  options.column = "guide";
  options.separator = ";";
  options.controls = {"safe*", "NT"};
  EXPECT_THAT(names("guide", {"NT", "safe-3", "B;A", "A;NT", "A;A"}, options),
              ElementsAre("control", "control", "A+B", "A", "A"));
}

TEST(Labels, CellsWithoutALabelHaveNoPerturbation) {
  Table cells;
  cells.names.resize(3);
  cells.set({"condition", Categorical{{0, -1, 1}, {"ctrl", "A+ctrl"}, false}, {}});
  const auto convention = find_convention(cells, preset(LabelPreset::gears), "file");
  const FoundPerturbations labelled = label_cells(cells, *convention, "file");
  EXPECT_THAT(labelled.perturbations.of_cell, ElementsAre(0, -1, 1));
  EXPECT_EQ(labelled.unlabelled, 1);
  EXPECT_THAT(labelled.perturbations.parts, ElementsAre(IsEmpty(), ElementsAre("A")));
}

// Missing is not empty, even where an empty label is the control.
TEST(Labels, MissingLabelsAreNoControls) {
  const std::vector<Column> columns{
      {"guide_ids", Categorical{{0, -1, 1, 2}, {"", "A", "B"}, false}, {}},
      {"guide_ids", std::vector<std::string>{"", "", "A", "B"}, {0, 1, 0, 0}},
      {"guide_ids", std::vector<std::string>{"", "nan", "A", "B"}, {}},
  };
  for (const Column& column : columns) {
    Table cells;
    cells.names.resize(4);
    cells.set(column);
    const auto convention = find_convention(cells, preset(LabelPreset::cpa), "file");
    const FoundPerturbations labelled = label_cells(cells, *convention, "file");
    EXPECT_THAT(labelled.perturbations.of_cell, ElementsAre(0, -1, 1, 2));
    EXPECT_EQ(labelled.controls, 1);
  }
}

TEST(Labels, ControlsMayHoldTheSeparatorAndAGuideNumber) {
  PerturbationOptions options = preset(LabelPreset::scperturb);
  options.controls = {"non_targeting", "neg_ctrl*", "safe"};
  EXPECT_THAT(names("perturbation",
                    {"non_targeting", " non_targeting_2", "neg_ctrl7", "safe_1_safe_2", "A_1", "A_1_safe_3",
                     "non_targeting__non_targeting"},
                    options),
              ElementsAre("control", "control", "control", "control", "A_1", "A_1", "control"));
  EXPECT_THAT(names("perturbation", {"control_1", "non-targeting_2", "NegCtrl0_KLF1"},
                    preset(LabelPreset::scperturb)),
              ElementsAre("control", "control", "KLF1"));
}

TEST(Labels, OneOddPlusDoesNotChangeTheSeparator) {
  const PerturbationOptions automatic;
  EXPECT_THAT(names("perturbation", {"control", "A_B", "X+Y"}, automatic),
              ElementsAre("control", "A+B", "X+Y"));
  EXPECT_THAT(names("perturbation", {"control", "A_B", "CD4+"}, automatic),
              ElementsAre("control", "A+B", "CD4+"));
  EXPECT_THAT(names("perturbation", {"control", "A_1", "CD4+"}, automatic),
              ElementsAre("control", "A_1", "CD4+"));
  const auto guess = [&](const std::vector<std::string>& labels) {
    Table cells;
    cells.names.resize(labels.size());
    cells.set({"perturbation", labels, {}});
    return find_convention(cells, automatic, "file")->guess;
  };
  EXPECT_THAT(guess({"control", "A_B", "A_C", "X+Y"}),
              HasSubstr("obs column perturbation: _ is taken for the separator of labels, which cuts 2 of 4 "
                        "different ones, not +, which cuts 1"));
  EXPECT_THAT(guess({"control", "A", "X+Y"}), HasSubstr("+ is taken for the separator"));
  EXPECT_THAT(guess({"control", "A_B", "CD4+"}), IsEmpty());
}

/// In a column that no convention knows, as GEO's.
TEST(Labels, AControlBesideAPerturbationSaysWhatSeparatesThem) {
  PerturbationOptions options;
  options.column = "guide_identity";
  EXPECT_THAT(names("guide_identity",
                    {"CEBPA_KLF1__CEBPA_KLF1", "KLF1_NegCtrl0__KLF1_NegCtrl0",
                     "NegCtrl0_NegCtrl0__NegCtrl0_NegCtrl0"},
                    options),
              ElementsAre("CEBPA+KLF1", "KLF1", "control"));
  EXPECT_THAT(names("guide_identity", {"A|NegCtrl1", "B|A", "NegCtrl2"}, options),
              ElementsAre("A", "A+B", "control"));
  EXPECT_THAT(names("guide_identity", {"A_1", "HLA_DRA", "non-targeting_2", "control"}, options),
              ElementsAre("A_1", "HLA_DRA", "control", "control"))
      << "nothing says that _ separates";
  EXPECT_THAT(names("guide_identity", {"A+ctrl", "B_ctrl", "ctrl"}, options),
              ElementsAre("A", "B_ctrl", "control"))
      << "+ cuts one";
  Table cells;
  cells.names.resize(3);
  cells.set({"guide_identity", std::vector<std::string>{"A_NegCtrl0", "B_A", "NegCtrl0"}, {}});
  EXPECT_THAT(find_convention(cells, options, "file")->guess,
              HasSubstr("_ is taken for the separator of labels, which cuts 1 of 3 different ones into a control"));
  options.separator = "+";
  EXPECT_THAT(names("guide_identity", {"A_NegCtrl0", "NegCtrl0"}, options),
              ElementsAre("A_NegCtrl0", "control"));
}

TEST(Labels, WhatWasAskedForAndIsMissingIsAnError) {
  EXPECT_THAT(error_of([] { names("treatment", {"a"}, preset(LabelPreset::gears)); }),
              HasSubstr("obs has no column condition (read.perturbation.column); there are treatment"));
  EXPECT_THAT(
      error_of([] {
        names("condition", {"A", "B"}, preset(LabelPreset::gears));
      }),
      HasSubstr("no cell is a control: obs column condition has the labels A, B, none of control, ctrl"));
  PerturbationOptions options;
  options.column = "condition";
  options.controls = {"DMSO"};
  EXPECT_THAT(error_of([&] { names("condition", {"ctrl", "B"}, options); }), HasSubstr("none of DMSO"));
  Table cells;
  cells.names.resize(1);
  cells.set({"condition", std::vector<double>{1}, {}});
  EXPECT_THAT(error_of([&] { find_convention(cells, preset(LabelPreset::gears), "file"); }),
              HasSubstr("obs column condition holds float values, expected labels"));
}

// The numbers of cells are those of pandas' value_counts on the files.
std::map<std::string, std::int64_t> cells_by_label(const std::string& path,
                                                   const PerturbationOptions& options) {
  ReadOptions read;
  read.path = path;
  read.perturbation = options;
  const Inspection inspection = inspect(read);
  return {inspection.perturbations.begin(), inspection.perturbations.end()};
}

TEST(Labels, RealJurkatScreen) {
  SPARCELL_NEEDS_DATA(data);
  const auto cells = cells_by_label(data / "jurkat_counts_7500x2000.h5ad", {});
  EXPECT_EQ(cells.size(), 41);
  EXPECT_EQ(cells.at("control"), 200);
  EXPECT_EQ(cells.at("ZAP70_1"), 200);
  EXPECT_EQ(cells.at("RUNX2_1"), 57);
}

TEST(Labels, RealNormanAndMcFalineCells) {
  SPARCELL_NEEDS_DATA(data);
  PerturbationOptions options = preset(LabelPreset::pertpy);
  options.column = "condition";
  const auto cells = cells_by_label(data / "norman19_lognorm_3375x500.h5ad", options);
  EXPECT_EQ(cells.size(), 34);
  EXPECT_EQ(cells.at("control"), 400);
  EXPECT_EQ(cells.at("KLF1+SET"), 100);  // SET+KLF1 in the file
  EXPECT_EQ(cells.at("MAP3K21"), 380);
  EXPECT_EQ(cells_by_label(data / "norman19_lognorm_3375x500.h5ad", {}), cells);
}

}  // namespace
}  // namespace sparcell

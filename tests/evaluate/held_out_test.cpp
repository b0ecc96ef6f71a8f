// What is said of test cells whose perturbations no training cell has.
#include "evaluate/held_out.h"

#include <gmock/gmock.h>

#include "support/datasets.h"

namespace sparcell::test {
namespace {

struct HeldOutCells : testing::Test {
  Dataset data = plain_cells(9);
  Split split{.train = {0, 1, 2}, .validation = {3}, .test = {4, 5, 6, 7, 8}};

  HeldOut held_out() const { return held_out_in(data.perturbations, split); }
};

TEST_F(HeldOutCells, AreThoseOfPerturbationsThatDoNotTrain) {
  label(data, {"control", "A", "", "B", "A", "B", "A+B", "A+B", ""});
  const HeldOut held = held_out();
  EXPECT_EQ(held.perturbations, 2) << "B, of which one cell validates, and A+B";
  EXPECT_EQ(held.test_cells, 3);
  EXPECT_EQ(held.of_test_cells, 5);
  EXPECT_EQ(
      held_out_sentence(held),
      "3 of 5 test cells are of 2 perturbations that no training cell has: verdicts on reconstruction, as by "
      "MSE, say there how models fare with cells unlike those that they were trained on, and intervals over "
      "cells speak of other cells of these perturbations, not of other perturbations.");
}

TEST_F(HeldOutCells, AreNoneWhereEveryPerturbationTrains) {
  label(data, {"A", "B", "A", "B", "A", "B", "control", "control", ""});
  EXPECT_EQ(held_out().perturbations, 0) << "controls are no perturbation";
  EXPECT_EQ(held_out_sentence(held_out()), "");
  data.perturbations = {};
  EXPECT_EQ(held_out_sentence(held_out()), "") << "nothing is labelled";
}

TEST_F(HeldOutCells, OfOnePerturbationAreCalledSo) {
  label(data, {"A", "A", "A", "A", "B", "A", "A", "A", "A"});
  split.test = {4};
  EXPECT_THAT(held_out_sentence(held_out()),
              testing::StartsWith("1 of 1 test cell is of 1 perturbation that no training cell has"));
}

}  // namespace
}  // namespace sparcell::test

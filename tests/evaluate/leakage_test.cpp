// Planted leaks are seen: by row, as copies, and where an experiment declares them.
#include "evaluate/leakage.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "evaluate/world.h"
#include "support/temporary.h"

namespace sparcell {
namespace {

using testing::HasSubstr;

struct Leakage : testing::Test {
  std::vector<std::vector<double>> rows = test::normal_rows(400, 12, 2, 1, 1);
  Split split = test::split_at(200, 400);
  std::vector<std::string> lines;
  Log log{[this](Log::Level, const std::string& line) { lines.push_back(line); }};

  std::vector<FitRecord> check(const Fit& fit) {
    const Dataset data = test::dataset_of(rows);
    return check_leakage(data, split.test, {fit}, log);
  }
};

TEST_F(Leakage, CellsThatTookNoPartPassWithTheirHash) {
  const auto records = check({"ae", split.train});
  ASSERT_EQ(records.size(), 1u);
  EXPECT_EQ(records[0].what, "ae");
  EXPECT_EQ(records[0].cells, 200);
  EXPECT_EQ(records[0].test_cells, 0);
  EXPECT_EQ(records[0].hash.size(), 64u);
  EXPECT_TRUE(lines.empty());
}

TEST_F(Leakage, TheHashIsOfTheCellsAndNotOfTheirOrder) {
  const std::string hash = check({"ae", split.train})[0].hash;
  std::reverse(split.train.begin(), split.train.end());
  EXPECT_EQ(check({"ae", split.train})[0].hash, hash);
  rows[3][5] += 1;
  EXPECT_NE(check({"ae", split.train})[0].hash, hash);
  rows[3][5] -= 1;
  split.train.pop_back();
  EXPECT_NE(check({"ae", split.train})[0].hash, hash);
}

TEST_F(Leakage, ATestCellThatWasFittedStopsWithItsName) {
  std::vector<std::int32_t> cells = split.train;
  cells.push_back(250);
  const std::string sentence = error_of([&] { check({"the scaler", cells}); }, ExitCode::data);
  EXPECT_THAT(sentence, HasSubstr("1 of 200 test cells took part in fitting the scaler"));
  EXPECT_THAT(sentence, HasSubstr("c250, row 250"));
}

TEST_F(Leakage, DeclaredFitsOnAllCellsAreRecordedWithAWarning) {
  std::vector<std::int32_t> all = split.train;
  all.insert(all.end(), split.test.begin(), split.test.end());
  EXPECT_EQ(check({"select", all, true})[0].test_cells, 200);
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_THAT(lines[0], HasSubstr("200 of 200 test cells took part in fitting select"));
}

TEST_F(Leakage, CopiesOfFittedCellsStop) {
  for (int i = 0; i < 5; ++i) rows[300 + i] = rows[10 + i];
  const std::string sentence = error_of([&] { check({"ae", split.train}); }, ExitCode::data);
  EXPECT_THAT(sentence, HasSubstr("5 of 200 test cells took part in fitting ae"));
  EXPECT_THAT(sentence, HasSubstr("c300, row 300 of the data, a copy of c10, row 10"));
}

TEST_F(Leakage, ASingleCopyIsRecordedWithAWarning) {
  rows[300] = rows[10];
  EXPECT_EQ(check({"ae", split.train})[0].test_cells, 1);
  EXPECT_EQ(lines.size(), 1u);
}

TEST_F(Leakage, CellsOfFewValuesMayAgreeByChance) {
  for (int i = 0; i < 400; ++i) {
    rows[i].assign(12, 0.0);
    for (int g = 0; g < 7; ++g) rows[i][g] = 1;
  }
  EXPECT_EQ(check({"ae", split.train})[0].test_cells, 0);
  for (int i = 0; i < 400; ++i) rows[i][7] = 1;
  EXPECT_THAT(error_of([&] { check({"ae", split.train}); }, ExitCode::data), HasSubstr("200 of 200"));
}

TEST_F(Leakage, CopiesAmongTestCellsAreWarnedOf) {
  const auto lines_of = [&] {
    lines.clear();
    warn_of_repeated_cells(test::dataset_of(rows), split.test, log);
    return lines;
  };
  rows[10] = rows[11];  // of training cells: no matter
  EXPECT_TRUE(lines_of().empty());
  rows[390] = rows[300];
  rows[391] = rows[300];
  ASSERT_EQ(lines_of().size(), 1u);
  EXPECT_THAT(lines[0],
              HasSubstr("2 of 200 test cells are copies of other test cells (the first is c390, row 390 "
                        "of the data, a copy of c300, row 300)"));
  for (const int row : {300, 390, 391}) rows[row].assign(12, 0.0);  // empty cells are equal by chance
  EXPECT_TRUE(lines_of().empty());
}

TEST_F(Leakage, AnEvaluationStopsAndRecordsItsBaselines) {
  const Dataset data = test::dataset_of(rows);
  const std::vector<JudgedModel> models{test::mapping_model("copy", data, 2, [](float x) { return x; })};
  const test::Judged judged = test::judge(data, split, models);
  ASSERT_EQ(judged.evaluation.fits.size(), 1u);
  EXPECT_EQ(judged.evaluation.fits[0].what, "baselines");
  Split overlapping = split;
  overlapping.train.push_back(399);
  EXPECT_THAT(error_of([&] { test::judge(data, overlapping, models); }, ExitCode::data),
              HasSubstr("1 of 200 test cells took part in fitting baselines"));
}

}  // namespace
}  // namespace sparcell

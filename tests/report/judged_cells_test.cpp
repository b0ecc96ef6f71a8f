// When runs side by side may be said to have the same test cells.
#include "report/judged_cells.h"

#include <gmock/gmock.h>

#include "sparcell/report.h"
#include "support/temporary.h"

namespace sparcell {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Said {
  std::string data = "00", split = "cell,split\nc1,train\nc2,validation\nc3,test\nc4,test\n",
              genes = "gene,column,rank,score\ng1,0,1,0.5\ng2,1,2,0.1\n",
              config = "normalize:\n  log1p: true\n";
};

class JudgedCells : public testing::Test {
 protected:
  RunFolder run(const std::string& name, const Said& said) {
    std::filesystem::create_directories(folder / name);
    write_bytes(folder / (name + "/provenance.json"),
                nlohmann::json{{"data", {{"sha256", said.data}}}}.dump());
    write_bytes(folder / (name + "/split.csv"), said.split);
    write_bytes(folder / (name + "/genes.csv"), said.genes);
    write_bytes(folder / (name + "/config.yaml"), said.config);
    const Json result{{"models", {{"m", {{"test", {{"mse", 1.0}}}}}}}};
    write_bytes(folder / (name + "/result.json"), result.dump());
    return open_run(folder / name);
  }
  std::string sentence(const Said& other) {
    return judged_cells({run("a", {}), run("b", other)}, {"a", "b"});
  }

  TemporaryFolder folder;
};

constexpr const char* same = "All are judged on the same test cells.";

TEST_F(JudgedCells, AreThoseOfOneRun) { EXPECT_EQ(judged_cells({run("a", {})}, {"a"}), same); }

TEST_F(JudgedCells, AreTheSameWhereDataCellsAndGenesAre) {
  EXPECT_EQ(sentence({}), same);
  EXPECT_EQ(sentence({.split = "cell,split\nc1,validation\nc2,train\nc3,test\nc4,test\n"}), same)
      << "who trains and who chooses is another matter";
  EXPECT_EQ(sentence({.genes = "gene,column,rank,score\ng1,0,2,0.3\ng2,1,1,0.9\n"}), same)
      << "scores are of training cells";
}

TEST_F(JudgedCells, DifferInWhatTheRunsSayOtherwise) {
  const auto differ = [&](const Said& other, const std::string& what) {
    EXPECT_THAT(sentence(other),
                HasSubstr("Not all are judged on the same values of the same test cells: the "
                          "runs differ in their " +
                          what + ". "));
  };
  differ({.data = "01"}, "data");
  differ({.split = "cell,split\nc1,test\nc2,validation\nc3,train\nc4,test\n"}, "test cells");
  differ({.genes = "gene,column,rank,score\ng1,0,1,0.5\ng3,2,2,0.1\n"}, "genes");
  differ({.config = "normalize:\n  log1p: false\n"}, "normalization");
  differ({.data = "01", .config = "normalize: none\n"}, "data and normalization");
}

TEST_F(JudgedCells, AreNotKnownOfARunThatDoesNotSay) {
  const RunFolder a = run("a", {}), b = run("b", {});
  std::filesystem::remove(folder / "b/split.csv");
  EXPECT_EQ(judged_cells({a, b}, {"a", "b"}),
            "Whether all are judged on the same test cells is not known: b does not say on which.");
}

TEST_F(JudgedCells, AreSaidWhereRunsAreCompared) {
  run("a", {});
  run("b", {.data = "01"});
  run("c", {});
  EXPECT_THAT(comparison_table({folder / "a", folder / "b"}), HasSubstr("the runs differ in their data."));
  EXPECT_THAT(comparison_table({folder / "a", folder / "c"}), HasSubstr(same));
  EXPECT_THAT(comparison_table(folder / "a"), Not(HasSubstr("judged on the same")));
  Log silent([](Log::Level, const std::string&) {});
  write_comparison({folder / "a", folder / "b"}, folder / "page.html", silent);
  EXPECT_THAT(file_bytes(folder / "page.html"), HasSubstr("the runs differ in their data."));
  EXPECT_THAT(file_bytes(folder / "page.html"), Not(HasSubstr(same)));
}

}  // namespace
}  // namespace sparcell

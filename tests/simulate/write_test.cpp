// The file of a simulation, read back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "sparcell/anndata.h"
#include "sparcell/read.h"
#include "sparcell/simulate.h"
#include "support/temporary.h"

namespace sparcell {
namespace {

SimulateOptions small(int threads) {
  return {.cells = 300, .genes = 120, .perturbations = 6, .doubles = 3, .seed = 7, .threads = threads};
}

Log quiet() {
  return Log([](Log::Level, const std::string&) {});
}

TEST(SimulateFile, HoldsTheCountsAndTheTruth) {
  TemporaryFolder folder;
  Log log = quiet();
  simulate(folder / "a.h5ad", small(1), log);
  const Simulation truth = simulate(small(1));
  const Csr<float> x = read_matrix(folder / "a.h5ad");
  EXPECT_EQ(x.offsets, truth.counts.offsets);
  EXPECT_EQ(x.indices, truth.counts.indices);
  EXPECT_EQ(x.values, truth.counts.values);
  const Table obs = read_obs(folder / "a.h5ad"), var = read_var(folder / "a.h5ad");
  EXPECT_EQ(obs.names, truth.cells.names);
  EXPECT_EQ(var.names, truth.genes.names);
  for (const Column& column : truth.cells.columns) {
    ASSERT_NE(obs.find(column.name), nullptr) << column.name;
    for (std::int64_t c = 0; c < 300; ++c)
      ASSERT_EQ(obs.find(column.name)->text(c), column.text(c)) << column.name;
  }
  for (const Column& column : truth.genes.columns) {
    ASSERT_NE(var.find(column.name), nullptr) << column.name;
    for (std::int64_t g = 0; g < 120; ++g)
      ASSERT_EQ(var.find(column.name)->text(g), column.text(g)) << column.name;
  }
  EXPECT_EQ(read_varm(folder / "a.h5ad", "effects").values, truth.effects.values);
  EXPECT_EQ(read_varm(folder / "a.h5ad", "loadings").values, truth.loadings.values);
  EXPECT_EQ(read_obsm(folder / "a.h5ad", "activity").values, truth.activity.values);
}

TEST(SimulateFile, IsReadWithItsLabels) {
  TemporaryFolder folder;
  Log log = quiet();
  simulate(folder / "a.h5ad", small(1), log);
  ReadOptions options;
  options.path = folder / "a.h5ad";
  const Dataset data = read(options, MatrixNeed::counts, log);
  EXPECT_TRUE(data.counts);
  const Simulation truth = simulate(small(1));
  ASSERT_EQ(data.perturbations.names.size(), 1 + truth.perturbations.size());
  for (std::int64_t c = 0; c < 300; ++c) {
    std::string label = truth.cells.find("perturbation")->text(c);
    std::replace(label.begin(), label.end(), '_', '+');
    EXPECT_EQ(data.perturbations.names[data.perturbations.of_cell[c]], label);
  }
}

TEST(SimulateFile, IsTheSameForAnyNumberOfThreads) {
  TemporaryFolder folder;
  Log log = quiet();
  simulate(folder / "a.h5ad", small(1), log);
  simulate(folder / "b.h5ad", small(2), log);
  EXPECT_EQ(file_bytes(folder / "a.h5ad"), file_bytes(folder / "b.h5ad"));
}

TEST(SimulateFile, IsNotLeftBehindWhenOptionsAreBad) {
  TemporaryFolder folder;
  Log log = quiet();
  EXPECT_THAT(error_of([&] { simulate(folder / "a.h5ad", {.cells = 0}, log); }, ExitCode::usage),
              testing::HasSubstr("cells is 0"));
  EXPECT_FALSE(std::filesystem::exists(folder / "a.h5ad"));
}

TEST(SimulateFile, NamesAFolderThatIsNotThere) {
  TemporaryFolder folder;
  Log log = quiet();
  EXPECT_THAT(error_of([&] { simulate(folder / "no/a.h5ad", small(1), log); }),
              testing::HasSubstr("no/a.h5ad"));
}

}  // namespace
}  // namespace sparcell

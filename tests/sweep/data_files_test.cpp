// What sweeps remember of data files.
#include "sweep/data_files.h"

#include <gtest/gtest.h>

#include "sparcell/simulate.h"
#include "support/temporary.h"

namespace sparcell::test {
namespace {

TEST(DataFiles, AFileThatIsReplacedBeforeItsChecksumIsSavedIsReadAgain) {
  TemporaryFolder folder;
  Log silent{[](Log::Level, const std::string&) {}};
  const std::string cache = folder / "cache.json";
  ReadOptions options;
  options.path = folder / "cells.h5ad";
  const auto simulated = [&](std::uint64_t seed) {
    SimulateOptions cells{.cells = 30, .genes = 20, .perturbations = 2, .doubles = 0};
    cells.seed = static_cast<std::int64_t>(seed);
    simulate(options.path, cells, silent);
  };
  simulated(1);
  DataFiles files(cache);
  const std::string first = files.outline(options).checksum;
  simulated(2);
  files.save();
  DataFiles again(cache);
  const std::string second = again.outline(options).checksum;
  EXPECT_NE(second, first);
  again.save();
  EXPECT_EQ(DataFiles(cache).outline(options).checksum, second);
}

}  // namespace
}  // namespace sparcell::test

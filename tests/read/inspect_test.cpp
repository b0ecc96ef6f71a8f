#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "read/fixtures.h"
#include "support/temporary.h"

namespace sparcell {
namespace {

using testing::HasSubstr;

Inspection inspect_file(const std::string& path) {
  ReadOptions options;
  options.path = path;
  return inspect(options);
}

TEST(Inspect, SaysWhatAnAnndataFileHolds) {
  const TemporaryFolder folder;
  Table cells = small_cells({"ctrl", "KLF1+ctrl", "B+A", "A+B"});
  cells.set({"depth", std::vector<double>{1, 2, 3, 4}, {}});
  Csr<float> logs = small_counts();
  logs.values[0] = 0.5F;
  const Csr<float> counts = small_counts();
  write_h5ad(folder / "a.h5ad", logs, cells, {{"counts", &counts}});
  const Inspection inspection = inspect_file(folder / "a.h5ad");
  EXPECT_EQ(to_json(inspection), R"({
  "format": "h5ad",
  "cells": 4,
  "genes": 3,
  "nonzeros": 6,
  "matrix": "csr",
  "dtype": "float32",
  "layers": [
    "counts"
  ],
  "raw": null,
  "obs": {
    "condition": "string",
    "depth": "float"
  },
  "var": {
    "ensembl": "string"
  },
  "counts": "layers/counts",
  "perturbations": {
    "control": 1,
    "A+B": 2,
    "KLF1": 1
  }
})");
  const std::string text = to_text(inspection);
  EXPECT_THAT(text, HasSubstr("X              csr float32, 6 values not zero (50.0 %)"));
  EXPECT_THAT(text, HasSubstr("counts         layers/counts"));
  EXPECT_THAT(text, HasSubstr("perturbations  2 in column condition:"));
  EXPECT_THAT(text, HasSubstr("note           X holds fractions up to 6 (log-normalized?)"));
}

TEST(Inspect, SaysWhatIsMissing) {
  const TemporaryFolder folder;
  write_h5ad_with(folder / "a.h5ad", [](const hdf5::Group&) {});
  const std::string text = to_text(inspect_file(folder / "a.h5ad"));
  EXPECT_THAT(text, HasSubstr("X              missing"));
  EXPECT_THAT(text, HasSubstr("no matrix holds integer counts"));
  EXPECT_THAT(text, HasSubstr("perturbations  not recognised"));
}

TEST(Inspect, TenxAndMatrixMarketHaveOneMatrix) {
  const TemporaryFolder folder;
  write_10x_v2(folder / "a.h5", {"hg19"});
  write_triple(folder.path().string());
  EXPECT_EQ(inspect_file(folder / "a.h5").format, "10x_h5");
  EXPECT_EQ(inspect_file(folder.path().string()).format, "10x_mtx");
  for (const std::string& path : {folder / "a.h5", folder / "matrix.mtx"}) {
    const Inspection inspection = inspect_file(path);
    EXPECT_EQ(inspection.cells, 4);
    EXPECT_EQ(inspection.genes, 3);
    EXPECT_EQ(inspection.nonzeros, 6);
    EXPECT_EQ(inspection.matrix, "csr");
    EXPECT_EQ(inspection.counts, "matrix");
  }
}

}  // namespace
}  // namespace sparcell

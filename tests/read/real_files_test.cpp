// The real files of ../shared/data against numbers of anndata and scanpy.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "read/fixtures.h"
#include "support/data.h"
#include "support/temporary.h"

namespace sparcell {
namespace {

struct Expected {
  const char* file;
  const char* matrix;
  std::int64_t cells;
  std::int64_t genes;
  std::int64_t nonzeros;
  double sum;
  double placed_sum;  ///< of value * (row % 97 + 1) * (column % 89 + 1)
};

// tools/golden/real_files.py prints these.
constexpr Expected real_files[] = {
    {"jurkat_counts_7500x2000.h5ad", "X", 7500, 2000, 135077, 636558.0, 1442998567.0},
    {"norman19_counts_3375x500.h5ad", "X", 3375, 500, 50462, 510299.0, 974277531.0},
    {"norman19_counts_3375x500.h5ad", "layers/lognorm", 3375, 500, 50462, 59773.874048650265,
     122996004.18020275},
    {"norman19_lognorm_3375x500.h5ad", "X", 5961, 500, 211790, 406134.54356718063, 895308521.2353146},
    {"formats/anndata_archive_v0.5.0.h5ad", "X", 700, 765, 535433, -243.681057988666, 141240.29990423855},
    {"formats/anndata_archive_v0.5.0.h5ad", "raw", 700, 765, 174400, 319044.23824107647, 675571695.4047148},
    {"formats/anndata_archive_v0.7.0.h5ad", "X", 30, 20, 228, 285.0, 45616.0},  // in LZF, texts too
    {"formats/anndata_archive_v0.7.0.h5ad", "raw", 30, 40, 480, 627.0, 184639.0},
    {"pbmc4k_33694_10x_v3.h5", "", 2170, 33694, 2867135, 9436596.0, 20142231580.0},
    {"formats/10x_v2_filtered_gene_bc_matrices_h5.h5", "", 12, 343, 12, 12.0, 3280.0},
    {"formats/10x_v3_filtered_feature_bc_matrix.h5", "", 1107, 507, 23866, 41549.0, 102299153.0},
    {"formats/10x_v3_mtx", "", 1107, 507, 23866, 41549.0, 102299153.0},
    {"pbmc4k_10x_mtx", "", 2170, 33694, 2867135, 9436596.0, 20142231580.0},
};

double placed_sum(const Csr<float>& x) {
  double sum = 0;
  for (std::int64_t r = 0; r < x.rows; ++r) {
    for (std::int64_t k = x.offsets[r]; k < x.offsets[r + 1]; ++k) {
      sum += static_cast<double>(r % 97 + 1) * (x.indices[k] % 89 + 1) * static_cast<double>(x.values[k]);
    }
  }
  return sum;
}

TEST(RealFiles, HoldWhatAnndataAndScanpyFind) {
  SPARCELL_NEEDS_DATA(data);
  for (const Expected& expected : real_files) {
    SCOPED_TRACE(std::string(expected.file) + " " + expected.matrix);
    ReadOptions options;
    options.counts = expected.matrix;
    const Csr<float> x = read_quietly(data / expected.file, MatrixNeed::any, options).x;
    EXPECT_EQ(x.rows, expected.cells);
    EXPECT_EQ(x.cols, expected.genes);
    EXPECT_EQ(x.nonzeros(), expected.nonzeros);
    double sum = 0;
    for (float value : x.values) sum += static_cast<double>(value);
    // Equal up to the order of summation in f64.
    EXPECT_NEAR(sum, expected.sum, 1e-9 * std::abs(expected.placed_sum));
    EXPECT_NEAR(placed_sum(x), expected.placed_sum, 1e-9 * std::abs(expected.placed_sum));
  }
}

TEST(RealFiles, CountsAreFound) {
  SPARCELL_NEEDS_DATA(data);
  EXPECT_EQ(read_quietly(data / "norman19_counts_3375x500.h5ad", MatrixNeed::counts).matrix, "X");
  EXPECT_EQ(read_quietly(data / "jurkat_counts_7500x2000.h5ad", MatrixNeed::counts).matrix, "X");
  EXPECT_EQ(read_quietly(data / "pbmc4k_10x_mtx", MatrixNeed::counts).matrix, "matrix");
  EXPECT_THAT(error_of([&] { read_quietly(data / "norman19_lognorm_3375x500.h5ad", MatrixNeed::counts); }),
              testing::HasSubstr("(log-normalized?); counts are needed"));
  EXPECT_THAT(
      error_of([&] { read_quietly(data / "formats/anndata_archive_v0.5.0.h5ad", MatrixNeed::counts); }),
      testing::HasSubstr("X holds negative values (scaled?), raw/X holds fractions"));
}

TEST(RealFiles, InspectionAsJson) {
  SPARCELL_NEEDS_DATA(data);
  ReadOptions options;
  options.path = data / "formats/anndata_archive_v0.11.4.h5ad";
  EXPECT_EQ(to_json(inspect(options)),
            "{\n  \"format\": \"h5ad\",\n  \"cells\": 10,\n  \"genes\": 20,\n  \"nonzeros\": 0,\n  "
            "\"matrix\": null,\n"
            "  \"dtype\": null,\n  \"layers\": [],\n  \"raw\": null,\n  \"obs\": {},\n  \"var\": {},\n  \"counts\": null,\n"
            "  \"perturbations\": {}\n}");
}

}  // namespace
}  // namespace sparcell

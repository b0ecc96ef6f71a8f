// Every format gives the same data set.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "read/fixtures.h"
#include "sparcell/core/sha256.h"
#include "support/temporary.h"

namespace sparcell {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

void expect_small(const Dataset& data) {
  const Csr<float> expected = small_counts();
  EXPECT_EQ(data.x.rows, 4);
  EXPECT_EQ(data.x.cols, 3);
  EXPECT_EQ(data.x.offsets, expected.offsets);
  EXPECT_EQ(data.x.indices, expected.indices);
  EXPECT_EQ(data.x.values, expected.values);
  EXPECT_THAT(data.cells.names, ElementsAre("c0", "c1", "c2", "c3"));
  EXPECT_THAT(data.genes.names, ElementsAre("KLF1", "CEBPA", "BAK1"));
  EXPECT_TRUE(data.counts);
}

TEST(Formats, AnndataCsr) {
  const TemporaryFolder folder;
  write_h5ad(folder / "a.h5ad", small_counts(), small_cells());
  const Dataset data = read_quietly(folder / "a.h5ad", MatrixNeed::counts);
  expect_small(data);
  EXPECT_EQ(data.matrix, "X");
  EXPECT_EQ(data.source, folder / "a.h5ad");
  Sha256 sha;
  sha.update(file_bytes(folder / "a.h5ad"));
  EXPECT_EQ(data.checksum, sha.hex());
}

TEST(Formats, AnndataCsc) {
  const TemporaryFolder folder;
  write_h5ad_with(folder / "a.h5ad", [](const hdf5::Group& file) {
    SparseParts parts;
    parts.encoding = "csc_matrix";
    parts.data = {1, 4, 3, 5, 2, 6};
    parts.indices = {0, 3, 2, 3, 0, 3};
    parts.offsets = {0, 2, 4, 6};
    write_sparse(file, "X", parts);
  });
  expect_small(read_quietly(folder / "a.h5ad"));
}

TEST(Formats, AnndataDenseOfAnyType) {
  const TemporaryFolder folder;
  const std::vector<std::int64_t> shape{4, 3};
  const auto check = [&](const auto& values, hdf5::Storage storage) {
    using T = typename std::decay_t<decltype(values)>::value_type;
    write_h5ad_with(folder / "a.h5ad", [&](const hdf5::Group& file) {
      file.write("X", std::span<const T>(values), shape, storage);
    });
    expect_small(read_quietly(folder / "a.h5ad", MatrixNeed::counts));
  };
  check(std::vector<float>{1, 0, 2, 0, 0, 0, 0, 3, 0, 4, 5, 6}, {});
  check(std::vector<double>{1, 0, 2, 0, 0, 0, 0, 3, 0, 4, 5, 6}, {.gzip = 4});
  check(std::vector<std::uint8_t>{1, 0, 2, 0, 0, 0, 0, 3, 0, 4, 5, 6}, {.gzip = 1});
  check(std::vector<std::int64_t>{1, 0, 2, 0, 0, 0, 0, 3, 0, 4, 5, 6}, {});
}

TEST(Formats, AnndataBefore07SparseEncoding) {
  const TemporaryFolder folder;
  write_h5ad_with(folder / "a.h5ad", [](const hdf5::Group& file) {
    const SparseParts parts;
    const hdf5::Group x = file.create_group("X");
    x.set("h5sparse_format", "csr");
    x.set("h5sparse_shape", std::span<const std::int64_t>(parts.shape));
    x.write("data", parts.data);
    x.write("indices", std::vector<std::uint8_t>(parts.indices.begin(), parts.indices.end()));
    x.write("indptr", std::vector<std::uint8_t>(parts.offsets.begin(), parts.offsets.end()));
  });
  expect_small(read_quietly(folder / "a.h5ad"));
}

TEST(Formats, UnsortedRowsAreSortedAndReported) {
  const TemporaryFolder folder;
  write_h5ad_with(folder / "a.h5ad", [](const hdf5::Group& file) {
    SparseParts parts;
    parts.indices = {2, 0, 1, 0, 2, 1};
    parts.data = {2, 1, 3, 4, 6, 5};
    write_sparse(file, "X", parts);
  });
  Lines lines;
  ReadOptions options;
  options.path = folder / "a.h5ad";
  expect_small(read(options, MatrixNeed::any, lines.log));
  EXPECT_THAT(lines.lines, testing::Contains(HasSubstr("indices of 2 cells were not in ascending order")));
}

TEST(Formats, ExplicitZerosAreDropped) {
  const TemporaryFolder folder;
  write_h5ad_with(folder / "a.h5ad", [](const hdf5::Group& file) {
    SparseParts parts;
    parts.indices = {0, 1, 2, 0, 1, 0, 1, 2};
    parts.data = {1, 0, 2, 0, 3, 4, 5, 6};
    parts.offsets = {0, 3, 4, 5, 8};
    write_sparse(file, "X", parts);
  });
  expect_small(read_quietly(folder / "a.h5ad"));
}

TEST(Formats, TenxVersion3TakesTheFeatureType) {
  const TemporaryFolder folder;
  write_10x_v3(folder / "a.h5", {"Gene Expression", "Gene Expression", "Gene Expression"});
  const Dataset data = read_quietly(folder / "a.h5", MatrixNeed::counts);
  expect_small(data);
  EXPECT_EQ(data.genes.find("gene_ids")->text(1), "E2");

  write_10x_v3(folder / "b.h5");
  const Dataset genes = read_quietly(folder / "b.h5");
  EXPECT_THAT(genes.genes.names, ElementsAre("KLF1", "CEBPA"));
  EXPECT_THAT(genes.x.values, ElementsAre(1, 3, 4, 5));
  EXPECT_THAT(genes.x.offsets, ElementsAre(0, 1, 1, 2, 4));
  ReadOptions options;
  options.feature_type = "CRISPR Guide Capture";
  EXPECT_THAT(read_quietly(folder / "b.h5", MatrixNeed::any, options).genes.names, ElementsAre("BAK1"));
  options.feature_type = "";
  expect_small(read_quietly(folder / "b.h5", MatrixNeed::any, options));
  options.genome = "hg38";
  EXPECT_THAT(read_quietly(folder / "b.h5", MatrixNeed::any, options).genes.names,
              ElementsAre("KLF1", "CEBPA"));
  options.feature_type = "Antibody Capture";
  EXPECT_THAT(
      error_of([&] { read_quietly(folder / "b.h5", MatrixNeed::any, options); }),
      HasSubstr("no feature has the type Antibody Capture; there are CRISPR Guide Capture, Gene Expression"));
}

TEST(Formats, TenxVersion2AsksForOneOfSeveralGenomes) {
  const TemporaryFolder folder;
  write_10x_v2(folder / "one.h5", {"hg19"});
  expect_small(read_quietly(folder / "one.h5"));
  write_10x_v2(folder / "two.h5", {"hg19", "mm10"});
  EXPECT_THAT(error_of([&] { read_quietly(folder / "two.h5"); }, ExitCode::usage),
              HasSubstr("genomes hg19, mm10; name one"));
  ReadOptions options;
  options.genome = "mm10";
  expect_small(read_quietly(folder / "two.h5", MatrixNeed::any, options));
  options.genome = "mm9";
  EXPECT_THAT(error_of([&] { read_quietly(folder / "two.h5", MatrixNeed::any, options); }),
              HasSubstr("has no genome mm9"));
}

void gzip(const std::string& path) {
  const std::string bytes = file_bytes(path);
  const gzFile file = gzopen((path + ".gz").c_str(), "wb");
  gzwrite(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  std::filesystem::remove(path);
}

TEST(Formats, MatrixMarketPlainGzippedAndPrefixed) {
  const TemporaryFolder folder;
  write_triple(folder.path().string());
  const Dataset data = read_quietly(folder.path().string(), MatrixNeed::counts);
  expect_small(data);
  expect_small(read_quietly(folder / "matrix.mtx"));
  const std::string plain = data.checksum;
  for (const char* name : {"matrix.mtx", "barcodes.tsv", "genes.tsv"}) gzip(folder / name);
  std::filesystem::rename(folder / "genes.tsv.gz", folder / "features.tsv.gz");
  expect_small(read_quietly(folder.path().string()));
  EXPECT_NE(read_quietly(folder.path().string()).checksum, plain);

  const TemporaryFolder prefixed;
  write_triple(prefixed.path().string(), "GSM1_");
  expect_small(read_quietly(prefixed.path().string()));
  write_triple(prefixed.path().string(), "GSM2_");
  EXPECT_THAT(error_of([&] { read_quietly(prefixed.path().string()); }, ExitCode::usage),
              HasSubstr("several matrices (GSM1_matrix.mtx, GSM2_matrix.mtx)"));
  expect_small(read_quietly(prefixed / "GSM2_matrix.mtx"));
}

/// Public archives hand out h5ad files in gzip, and other things in gzip than a matrix.
TEST(Formats, WhatElseGzipHolds) {
  const TemporaryFolder folder;
  write_h5ad(folder / "cells.h5ad", small_counts(), small_cells());
  gzip(folder / "cells.h5ad");
  const std::string packed = folder / "cells.h5ad.gz";
  EXPECT_EQ(error_of([&] { read_quietly(packed); }),
            fmt::format("{0}: is an HDF5 file inside gzip; unpack it first (gunzip --keep {0})", packed));
  write_text(folder / "x.tar", std::string("matrix.mtx") + std::string(90, '\0') + "0000644");
  gzip(folder / "x.tar");
  EXPECT_THAT(error_of([&] { read_quietly(folder / "x.tar.gz"); }),
              HasSubstr("begins with \"matrix.mtx\", expected"));
}

/// Its words are told apart by no case; scipy names unsigned integers so.
TEST(Formats, MatrixMarketHeadersOfOtherPrograms) {
  const TemporaryFolder folder;
  for (const std::string header :
       {"%%matrixmarket MATRIX Coordinate Integer General", "%%MatrixMarket  matrix coordinate\treal general ",
        "%%MatrixMarket matrix coordinate unsigned-integer general",
        "%%MatrixMarket matrix coordinate double general"}) {
    write_triple(folder.path().string());
    write_text(folder / "matrix.mtx", header + "\n3 4 6\n1 1 1\n3 1 2\n2 3 3\n1 4 4\n2 4 5\n3 4 6\n");
    expect_small(read_quietly(folder / "matrix.mtx", MatrixNeed::counts));
  }
  for (const std::string header :
       {"%%MatrixMarket matrix coordinate pattern general", "%%MatrixMarket matrix coordinate complex general",
        "%%MatrixMarket matrix coordinate integer symmetric", "%%MatrixMarket matrix", "%%", "% MatrixMarket"}) {
    write_text(folder / "matrix.mtx", header + "\n3 4 0\n");
    EXPECT_THAT(error_of([&] { read_quietly(folder.path().string()); }),
                HasSubstr("begins with \"" + header + "\", expected \"%%MatrixMarket matrix coordinate"));
  }
}

TEST(Formats, MatrixMarketInAnyOrder) {
  const TemporaryFolder folder;
  write_triple(folder.path().string(), "", "3 4 6\n2 3 3\n1 4 4.0\n3 1 2\n1 1 1\n\n2 4 5\n");
  expect_small(read_quietly(folder.path().string()));
}

/// The small counts as a loom file of 3 genes x 4 cells, to which `add` gives more.
template <class Add>
void write_loom(const std::string& path, Add&& add) {
  hdf5::NewFile file(path);
  const std::vector<std::int64_t> shape{3, 4};
  const std::vector<float> values{1, 0, 0, 4, 0, 0, 3, 5, 2, 0, 0, 6};
  file.write("matrix", std::span<const float>(values), shape, {.gzip = 2});
  const hdf5::Group genes = file.create_group("row_attrs");
  genes.write_strings("Gene", small_genes().names);
  genes.write_strings("Accession", std::vector<std::string>{"E1", "E2", "E3"});
  const hdf5::Group cells = file.create_group("col_attrs");
  cells.write("batch", std::vector<std::int64_t>{0, 0, 1, 1});
  file.create_group("layers");
  add(file);
  file.commit();
}

TEST(Formats, Loom) {
  const TemporaryFolder folder;
  const std::vector<std::int64_t> shape{3, 4};
  write_loom(folder / "a.loom", [&](const hdf5::Group& file) {
    file.group("col_attrs").write_strings("CellID", small_cells().names);
    const std::vector<float> pairs(8, 0.5F);
    file.group("col_attrs").write("X_umap", std::span<const float>(pairs), std::vector<std::int64_t>{4, 2});
    const std::vector<std::uint8_t> spliced{0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0};
    file.group("layers").write("spliced", std::span<const std::uint8_t>(spliced), shape);
  });
  ReadOptions options;
  options.path = folder / "a.loom";
  const Inspection inspection = inspect(options, 2);
  EXPECT_EQ(inspection.format, "loom");
  EXPECT_EQ(inspection.matrix, "dense");
  EXPECT_EQ(inspection.dtype, "float32");
  EXPECT_EQ(inspection.nonzeros, 6);
  EXPECT_THAT(inspection.layers, testing::ElementsAre("spliced"));
  EXPECT_EQ(inspection.counts, "X");
  EXPECT_THAT(inspection.remarks, testing::ElementsAre(HasSubstr("/col_attrs/X_umap: is no list of numbers")));
  const Dataset data = read_quietly(folder / "a.loom", MatrixNeed::counts);
  expect_small(data);
  EXPECT_EQ(data.cells.find("batch")->text(2), "1");
  EXPECT_EQ(data.genes.find("Accession")->text(1), "E2");
  options.counts = "layers/spliced";
  const Csr<float> layer = read_quietly(folder / "a.loom", MatrixNeed::counts, options).x;
  EXPECT_THAT(layer.offsets, testing::ElementsAre(0, 0, 0, 0, 1));
  EXPECT_THAT(layer.values, testing::ElementsAre(7));
}

TEST(Formats, LoomWithoutNamesOfCells) {
  const TemporaryFolder folder;
  write_loom(folder / "a.loom", [](const hdf5::Group&) {});
  EXPECT_THAT(read_quietly(folder / "a.loom").cells.names, testing::ElementsAre("0", "1", "2", "3"));
}

TEST(Formats, LoomFilesThatDoNotFit) {
  const TemporaryFolder folder;
  write_loom(folder / "attribute.loom", [](const hdf5::Group& file) {
    file.group("col_attrs").write("depth", std::vector<std::int64_t>{1, 2, 3});
  });
  EXPECT_THAT(error_of([&] { read_quietly(folder / "attribute.loom"); }),
              HasSubstr("/col_attrs/depth: has 3 rows, expected 4"));
  write_loom(folder / "layer.loom", [](const hdf5::Group& file) {
    const std::vector<float> values(12, 1);
    file.group("layers").write("turned", std::span<const float>(values), std::vector<std::int64_t>{4, 3});
  });
  ReadOptions options;
  options.counts = "layers/turned";
  EXPECT_THAT(error_of([&] { read_quietly(folder / "layer.loom", MatrixNeed::any, options); }),
              HasSubstr("/layers/turned: is of 4 genes and 3 cells, expected 3 and 4 as the matrix has"));
  EXPECT_EQ(read_quietly(folder / "layer.loom").x.values, small_counts().values) << "others are read";
  {
    hdf5::NewFile file(folder / "none.loom");
    file.create_group("row_attrs");
    file.create_group("col_attrs");
    file.commit();
  }
  EXPECT_THAT(error_of([&] { read_quietly(folder / "none.loom"); }), HasSubstr("/matrix"));
}

TEST(Formats, OthersAreRefusedByName) {
  const TemporaryFolder folder;
  {
    hdf5::NewFile other(folder / "a.h5");
    other.create_group("weights");
    other.commit();
  }
  std::filesystem::create_directories(folder / "a.zarr");
  write_text(folder / "a.zarr/.zgroup", "{}");
  write_text(folder / "a.csv", "cell,gene\n");
  write_text(folder / "empty.h5ad", "");
  EXPECT_THAT(error_of([&] { read_quietly(folder / "a.zarr"); }), HasSubstr("is a zarr store"));
  EXPECT_THAT(error_of([&] { read_quietly(folder / "a.h5"); }),
              HasSubstr("neither AnnData (obs and var), loom (row_attrs and col_attrs) nor 10x"));
  EXPECT_THAT(error_of([&] { read_quietly(folder / "a.csv"); }), HasSubstr("is of no known format"));
  EXPECT_THAT(error_of([&] { read_quietly(folder / "empty.h5ad"); }), HasSubstr("is empty"));
  EXPECT_THAT(error_of([&] { read_quietly(folder / "none.h5ad"); }), HasSubstr("there is no such file"));
  EXPECT_THAT(error_of([&] { read_quietly(folder.path().string()); }), HasSubstr("without a matrix.mtx"));
}

}  // namespace
}  // namespace sparcell

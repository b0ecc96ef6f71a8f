// Bad input: one clear sentence that names the file, the place in it and what was expected.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "read/fixtures.h"
#include "support/temporary.h"

namespace sparcell {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class BadInput : public testing::Test {
 protected:
  /// The error of reading an AnnData file whose X is spoiled.
  template <class Spoil>
  std::string sparse_error(Spoil&& spoil) {
    write_h5ad_with(path_, [&](const hdf5::Group& file) {
      SparseParts parts;
      spoil(parts);
      write_sparse(file, "X", parts);
    });
    return error_of([&] { read_quietly(path_); });
  }
  template <class Add>
  std::string error_with(Add&& add) {
    write_h5ad_with(path_, add);
    return error_of([&] { read_quietly(path_); });
  }
  std::string triple_error(const std::string& entries) {
    write_triple(folder_.path().string(), "", entries);
    return error_of([&] { read_quietly(folder_.path().string()); });
  }

  TemporaryFolder folder_;
  std::string path_ = folder_ / "a.h5ad";
};

TEST_F(BadInput, IndicesOutOfRange) {
  EXPECT_EQ(sparse_error([](SparseParts& parts) { parts.indices[3] = 3; }),
            path_ + ": /X/indices: element 3 is 3, outside of the 3 columns of the matrix");
  EXPECT_THAT(sparse_error([](SparseParts& parts) { parts.indices[0] = -1; }), HasSubstr("element 0 is -1"));
  EXPECT_THAT(sparse_error([](SparseParts& parts) {
                parts.encoding = "csc_matrix";
                parts.offsets = {0, 2, 4, 6};
                parts.indices[5] = 4;
              }),
              HasSubstr("element 5 is 4, outside of the 4 rows"));
}

TEST_F(BadInput, IndicesOutOfRangeAnywhere) {
  for (const std::int64_t entries : {1, 8, 9, 33}) {
    for (std::int64_t bad = 0; bad < entries; bad += bad < 8 ? 1 : 5) {
      for (const std::int64_t index : {std::int64_t{-1}, std::int64_t{40}, std::int64_t{1} << 33}) {
        EXPECT_THAT(sparse_error([&](SparseParts& parts) {
                      parts = {.encoding = "csr_matrix",
                               .shape = {4, 40},
                               .data = std::vector<double>(static_cast<std::size_t>(entries), 1),
                               .indices = {},
                               .offsets = {0, 0, 0, 0, entries}};
                      for (std::int64_t k = 0; k < entries; ++k) parts.indices.push_back(k == bad ? index : k);
                    }),
                    HasSubstr(fmt::format("/X/indices: element {} is {}, outside of", bad, index)));
      }
    }
  }
}

TEST_F(BadInput, IndicesTwiceInARow) {
  EXPECT_THAT(sparse_error([](SparseParts& parts) { parts.indices[1] = 0; }),
              HasSubstr("/X: row 0 names column 0 twice; scipy's sum_duplicates()"));
  EXPECT_THAT(sparse_error([](SparseParts& parts) {
                parts.encoding = "csc_matrix";
                parts.offsets = {0, 2, 4, 6};
                parts.indices = {1, 1, 0, 1, 0, 1};
              }),
              HasSubstr("/X: row 1 names column 0 twice"));
}

TEST_F(BadInput, OffsetsThatDoNotFit) {
  EXPECT_EQ(sparse_error([](SparseParts& parts) {
              parts.offsets = {0, 4, 2, 3, 6};
            }),
            path_ + ": /X/indptr: offset 2 falls from 4 to 2");
  EXPECT_THAT(sparse_error([](SparseParts& parts) { parts.offsets.back() = 5; }),
              HasSubstr("/X/indptr: runs from 0 to 5, expected 0 to the 6 stored values"));
  EXPECT_THAT(sparse_error([](SparseParts& parts) { parts.offsets.pop_back(); }),
              HasSubstr("/X/indptr: has 4 offsets, expected 5 for a matrix of 4 x 3"));
  EXPECT_THAT(sparse_error([](SparseParts& parts) { parts.indices.pop_back(); }),
              HasSubstr("/X/indices: has 5 indices beside 6 values"));
}

TEST_F(BadInput, ShapesThatDoNotFit) {
  EXPECT_THAT(sparse_error([](SparseParts& parts) {
                parts.shape = {4, 30};
              }),
              HasSubstr("X is 4 x 30, but there are 4 cells and 3 genes"));
  EXPECT_THAT(sparse_error([](SparseParts& parts) { parts.shape = {4}; }),
              HasSubstr("/X: its shape has 1 numbers, expected 2"));
  EXPECT_THAT(sparse_error([](SparseParts& parts) {
                parts.shape = {4, -3};
              }),
              HasSubstr("a shape of 4 x -3 is impossible"));
  const std::vector<float> six(6);
  const std::vector<std::int64_t> shape{2, 3};
  EXPECT_THAT(
      error_with([&](const hdf5::Group& file) { file.write("X", std::span<const float>(six), shape); }),
      HasSubstr("X is 2 x 3, but there are 4 cells"));
  EXPECT_THAT(error_with([&](const hdf5::Group& file) { file.write("X", six); }),
              HasSubstr("/X: is an array of float32 with 1 dimensions, expected a matrix of numbers"));
}

// Refused before memory is asked for: a gigabyte for every 100 million rows.
TEST_F(BadInput, ShapesThatClaimMoreThanThereIs) {
  constexpr std::int64_t most = 2147483646;
  EXPECT_EQ(sparse_error([](SparseParts& parts) {
              parts.encoding = "csc_matrix";
              parts.shape = {most, 3};
              parts.offsets = {0, 2, 4, 6};
            }),
            path_ + ": X is 2147483646 x 3, but there are 4 cells");
  const auto never_written = [&](const hdf5::Group& file) {
    const hsize_t shape[2] = {most, most}, chunk[2] = {1024, 1024};
    const hdf5::Handle space(H5Screate_simple(2, shape, nullptr), H5Sclose);
    const hdf5::Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
    H5Pset_chunk(properties.get(), 2, chunk);
    const hdf5::Handle dataset(H5Dcreate2(file.id(), "X", H5T_STD_I8LE, space.get(), H5P_DEFAULT,
                                          properties.get(), H5P_DEFAULT),
                               H5Dclose);
  };
  EXPECT_EQ(error_with(never_written), path_ + ": X is 2147483646 x 2147483646, but there are 4 cells");
  ReadOptions options;
  options.path = path_;
  EXPECT_THAT(error_of([&] { inspect(options); }),
              HasSubstr("/X: claims 4611686009837453316 elements, more than the 0 bytes stored for it can hold"));
}

TEST_F(BadInput, EncodingsThatAreNotKnown) {
  EXPECT_THAT(sparse_error([](SparseParts& parts) { parts.encoding = "coo_matrix"; }),
              HasSubstr("/X: has the encoding coo_matrix, expected csr_matrix"));
  EXPECT_THAT(error_with([](const hdf5::Group& file) { file.create_group("X"); }),
              HasSubstr("/X: is a group without an encoding"));
  EXPECT_THAT(
      error_with([](const hdf5::Group& file) { file.write_strings("X", std::vector<std::string>{"a"}); }),
      HasSubstr("/X: is an array of string"));
}

TEST_F(BadInput, AnUnknownMatrixIsAnErrorOnlyWhereItIsAskedFor) {
  write_h5ad_with(path_, [](const hdf5::Group& file) {
    write_sparse(file, "X", {});
    const hdf5::Group layers = file.create_group("layers");
    layers.create_group("odd").set("encoding-type", "awkward-array");
  });
  EXPECT_EQ(read_quietly(path_, MatrixNeed::counts).matrix, "X");
  ReadOptions options;
  options.counts = "layers/odd";
  EXPECT_THAT(error_of([&] { read_quietly(path_, MatrixNeed::any, options); }),
              HasSubstr("/layers/odd: has the encoding awkward-array, expected csr_matrix"));
}

TEST_F(BadInput, ColumnsThatDoNotFit) {
  const auto with_column = [&](auto&& add) {
    hdf5::NewFile file(path_);
    for (const char* name : {"obs", "var"}) {
      const hdf5::Group frame = file.create_group(name);
      frame.set("_index", "names");
      const bool is_obs = std::string(name) == "obs";
      frame.set("column-order",
                std::span<const std::string>(std::vector<std::string>(is_obs ? 1 : 0, "column")));
      frame.write_strings("names", is_obs ? small_cells().names : small_genes().names);
      if (is_obs) add(frame);
    }
    write_sparse(file, "X", {});
    file.commit();
    return error_of([&] { read_quietly(path_); });
  };
  EXPECT_THAT(with_column([](const hdf5::Group& obs) {
                obs.write("column", std::vector<float>{1, 2});
              }),
              HasSubstr("/obs/column: has 2 rows, expected 4"));
  EXPECT_THAT(with_column([](const hdf5::Group&) {}), HasSubstr("/obs/column: is missing"));
  EXPECT_THAT(with_column([](const hdf5::Group& obs) {
                const hdf5::Group column = obs.create_group("column");
                column.set("encoding-type", "categorical");
                column.write("codes", std::vector<std::int32_t>{0, 1, 2, 0});
                column.write_strings("categories", std::vector<std::string>{"a", "b"});
              }),
              HasSubstr("/obs/column/codes: row 2 has the code 2 of 2 categories"));
}

TEST_F(BadInput, AColumnOfAnUnknownEncodingIsLeftOut) {
  hdf5::NewFile file(path_);
  for (const char* name : {"obs", "var"}) {
    const hdf5::Group frame = file.create_group(name);
    frame.set("_index", "names");
    frame.write_strings("names", std::string(name) == "obs" ? small_cells().names : small_genes().names);
    frame.create_group("awkward").set("encoding-type", "awkward-array");
  }
  write_sparse(file, "X", {});
  file.commit();
  Lines lines;
  ReadOptions options;
  options.path = path_;
  EXPECT_TRUE(read(options, MatrixNeed::any, lines.log).cells.columns.empty());
  EXPECT_THAT(lines.lines, testing::Contains(
                               HasSubstr("/obs/awkward: its encoding is not known; the column is left out")));
}

TEST_F(BadInput, TruncatedFile) {
  write_h5ad(path_, small_counts(), small_cells());
  const std::string bytes = file_bytes(path_);
  write_bytes(path_, bytes.substr(0, bytes.size() / 2));
  EXPECT_THAT(error_of([&] { read_quietly(path_); }),
              AllOf(HasSubstr("a.h5ad: "), HasSubstr("truncated or damaged")));
}

TEST_F(BadInput, NoCells) {
  AnnDataContent content;
  const Csr<float> x{0, 3, {0}, {}, {}};
  content.x = &x;
  content.var = small_genes();
  write_anndata(path_, content);
  EXPECT_THAT(error_of([&] { read_quietly(path_); }), HasSubstr("X holds 0 cells and 3 genes"));
}

TEST_F(BadInput, MatrixMarket) {
  EXPECT_THAT(triple_error("1 1 1\n"), HasSubstr("matrix.mtx: holds only 1 entries, its header says 6"));
  EXPECT_THAT(triple_error("1 1 1\n1 2 1\n1 3 1\n1 4 1\n2 1 1\n2 2 1\n2 3 1\n"),
              HasSubstr("holds more than 6 entries"));
  EXPECT_THAT(triple_error("1 x 1\n"), HasSubstr("line 4 should hold a gene, a cell and a count"));
  EXPECT_THAT(triple_error("4 1 1\n"), HasSubstr("line 4 names gene 4 and cell 1 of 3 and 4"));
  EXPECT_THAT(triple_error("1 1 1\n1 1 1\n1 2 1\n1 3 1\n1 4 1\n2 1 1\n"),
              HasSubstr("row 0 names column 0 twice"));
  write_triple(folder_.path().string());
  write_text(folder_ / "barcodes.tsv", "c0\nc1\n");
  EXPECT_THAT(error_of([&] { read_quietly(folder_.path().string()); }),
              HasSubstr("barcodes.tsv: has 2 lines, the matrix has 4 cells"));
  std::filesystem::remove(folder_ / "barcodes.tsv");
  EXPECT_THAT(error_of([&] { read_quietly(folder_.path().string()); }),
              HasSubstr("none of barcodes.tsv.gz, barcodes.tsv lies beside it"));
  write_text(folder_ / "matrix.mtx", "%%MatrixMarket matrix array real general\n3 4\n");
  EXPECT_THAT(error_of([&] { read_quietly(folder_.path().string()); }),
              HasSubstr("expected \"%%MatrixMarket matrix coordinate"));
  write_text(folder_ / "matrix.mtx", "%%MatrixMarket matrix coordinate integer general\n3 4 6000000000\n");
  EXPECT_THAT(error_of([&] { read_quietly(folder_.path().string()); }),
              HasSubstr("6000000000 entries, which a file of"));
}

TEST_F(BadInput, TenxHdf5) {
  {
    hdf5::NewFile file(path_);
    write_10x_group(file, "matrix");
    file.group("matrix").create_group("features").write_strings("id", std::vector<std::string>{"E1"});
    file.commit();
  }
  EXPECT_THAT(error_of([&] { read_quietly(path_); }),
              HasSubstr("/matrix/features/id: has 1 entries, expected 3 as the shape says"));
}

}  // namespace
}  // namespace sparcell

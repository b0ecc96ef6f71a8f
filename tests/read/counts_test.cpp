// Which matrix is taken, and that counts are counts.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "read/fixtures.h"
#include "support/temporary.h"

namespace sparcell {
namespace {

using testing::HasSubstr;

Csr<float> with_value(float value) {
  Csr<float> x = small_counts();
  x.values[2] = value;
  return x;
}

ReadOptions counts_in(const std::string& name) {
  ReadOptions options;
  options.counts = name;
  return options;
}

class CountsTest : public testing::Test {
 protected:
  void write(const Csr<float>& x, std::vector<std::pair<std::string, const Csr<float>*>> layers = {}) {
    write_h5ad(path_, x, small_cells(), layers);
  }
  std::string error(MatrixNeed need, const std::string& counts = "") {
    return error_of([&] { read_quietly(path_, need, counts_in(counts)); });
  }

  TemporaryFolder folder_;
  std::string path_ = folder_ / "a.h5ad";
};

TEST_F(CountsTest, XIsTakenAsItIsWhereAnythingWillDo) {
  const Csr<float> logs = with_value(0.7F);
  const Csr<float> counts = small_counts();
  write(logs, {{"counts", &counts}});
  const Dataset data = read_quietly(path_, MatrixNeed::any);
  EXPECT_EQ(data.matrix, "X");
  EXPECT_FALSE(data.counts);
}

TEST_F(CountsTest, AreFoundInALayerWhereXHoldsNone) {
  const Csr<float> logs = with_value(0.7F);
  const Csr<float> counts = small_counts();
  write(logs, {{"counts", &counts}});
  const Dataset data = read_quietly(path_, MatrixNeed::counts);
  EXPECT_EQ(data.matrix, "layers/counts");
  EXPECT_TRUE(data.counts);
  write(logs, {{"a", &logs}, {"umi", &counts}});
  EXPECT_EQ(read_quietly(path_, MatrixNeed::counts).matrix, "layers/umi");
}

TEST_F(CountsTest, AnEmptyOrBinaryXIsTakenOnlyWhereNothingBetterFollows) {
  const Csr<float> empty{4, 3, {0, 0, 0, 0, 0}, {}, {}};
  Csr<float> zeros = small_counts(), binary = small_counts();
  zeros.values.assign(zeros.values.size(), 0);
  binary.values.assign(binary.values.size(), 1);
  const Csr<float> counts = small_counts();
  const Csr<float> logs = with_value(0.7F);
  const Csr<float>* const poor[] = {&empty, &zeros, &binary};
  for (const Csr<float>* x : poor) {
    write(*x, {{"counts", &counts}});
    Lines lines;
    ReadOptions options;
    options.path = path_;
    const Dataset data = read(options, MatrixNeed::counts, lines.log);
    EXPECT_EQ(data.matrix, "layers/counts");
    EXPECT_EQ(data.x.values, counts.values);
    EXPECT_THAT(lines.lines,
                testing::Contains(HasSubstr(
                    x == &binary ? "X holds no counts above 1: layers/counts is taken for the counts"
                                 : "X holds no values: layers/counts is taken")));
    write(*x, {{"logs", &logs}});
    EXPECT_EQ(read_quietly(path_, MatrixNeed::counts).matrix, "X");
  }
  write(empty, {{"binary", &binary}});
  EXPECT_EQ(read_quietly(path_, MatrixNeed::counts).matrix, "layers/binary");
}

TEST_F(CountsTest, AreFoundInRawWithItsOwnGenes) {
  write_h5ad_with(path_, [](const hdf5::Group& file) {
    SparseParts logs;
    logs.data[0] = 0.5;
    write_sparse(file, "X", logs);
    const hdf5::Group raw = file.create_group("raw");
    SparseParts counts;
    counts.shape = {4, 5};
    counts.indices = {0, 4, 1, 0, 1, 2};
    write_sparse(raw, "X", counts);
    const hdf5::Group var = raw.create_group("var");
    var.set("_index", "_index");
    var.set("column-order", std::span<const std::string>());
    var.write_strings("_index", std::vector<std::string>{"a", "b", "c", "d", "e"});
  });
  const Dataset data = read_quietly(path_, MatrixNeed::counts);
  EXPECT_EQ(data.matrix, "raw/X");
  ReadOptions options;
  options.path = path_;
  const Inspection seen = inspect(options);
  EXPECT_EQ(seen.genes, 3);  // of X
  EXPECT_EQ(seen.raw_genes, data.gene_count());
  EXPECT_THAT(to_text(seen), HasSubstr("raw            csr float64, 5 genes\ncounts         raw/X\n"));
  EXPECT_THAT(to_json(seen), HasSubstr("\"raw\": {\n    \"genes\": 5\n  }"));
  EXPECT_EQ(data.genes.names.back(), "e");
  EXPECT_EQ(data.x.cols, 5);
  EXPECT_EQ(read_quietly(path_, MatrixNeed::any, counts_in("raw")).matrix, "raw/X");
}

TEST_F(CountsTest, TheErrorSaysWhatWasFoundInstead) {
  const Csr<float> logs = with_value(0.7F);
  const Csr<float> scaled = with_value(-1);
  const Csr<float> normalized = with_value(4000.5F);
  write(logs, {{"scaled", &scaled}, {"normalized", &normalized}});
  const std::string sentence = error(MatrixNeed::counts);
  EXPECT_THAT(sentence, HasSubstr("no matrix holds counts: X holds fractions up to 6 (log-normalized?)"));
  EXPECT_THAT(sentence, HasSubstr("layers/scaled holds negative values (scaled?)"));
  EXPECT_THAT(sentence, HasSubstr("layers/normalized holds fractions up to 4e+03 (normalized?)"));
  EXPECT_THAT(sentence, HasSubstr("read.fractional_counts: true"));
  write(scaled, {});
  EXPECT_THAT(error(MatrixNeed::counts), testing::Not(HasSubstr("fractional")))
      << "it takes no negative ones";
  write(logs, {{"scaled", &scaled}, {"normalized", &normalized}});
  EXPECT_THAT(error(MatrixNeed::counts, "layers/scaled"),
              HasSubstr("layers/scaled holds negative values (scaled?), expected counts"));
  EXPECT_THAT(error(MatrixNeed::counts, "X"), HasSubstr("X holds fractions"));
}

TEST_F(CountsTest, ThatNeedNotBeWholeAreTakenWhereTheFileSaysSo) {
  const Csr<float> corrected = with_value(1.5F);
  const Csr<float> scaled = with_value(-1.5F);
  write(corrected, {{"scaled", &scaled}});
  EXPECT_THAT(error(MatrixNeed::counts, "X"), HasSubstr("are taken with read.fractional_counts: true"));
  ReadOptions options = counts_in("X");
  options.fractional_counts = true;
  const Dataset data = read_quietly(path_, MatrixNeed::counts, options);
  EXPECT_TRUE(data.counts);
  EXPECT_EQ(data.x.values[2], 1.5F);
  options.counts = "layers/scaled";
  EXPECT_THAT(error_of([&] { read_quietly(path_, MatrixNeed::counts, options); }),
              HasSubstr("layers/scaled holds negative values (scaled?), expected counts (read.counts)"));
}

TEST_F(CountsTest, AMissingMatrixIsNamedWithThoseThatAreThere) {
  const Csr<float> x = small_counts();
  write(x, {{"spliced", &x}});
  EXPECT_THAT(error(MatrixNeed::any, "layers/counts"),
              HasSubstr("has no matrix layers/counts (read.counts); there are X, layers/spliced"));
  EXPECT_THAT(error(MatrixNeed::counts, "raw"), HasSubstr("has no matrix raw (read.counts); there are X, layers/spliced"));
}

TEST_F(CountsTest, AMissingXIsNamed) {
  write_h5ad_with(path_, [](const hdf5::Group&) {});
  EXPECT_THAT(error(MatrixNeed::any), HasSubstr("X is missing and there are no layers"));
  write_h5ad_with(path_,
                  [](const hdf5::Group& file) { write_sparse(file.create_group("layers"), "counts", {}); });
  EXPECT_THAT(error(MatrixNeed::any), HasSubstr("X is missing; there are layers/counts"));
  EXPECT_EQ(read_quietly(path_, MatrixNeed::counts).matrix, "layers/counts");
}

TEST_F(CountsTest, ValuesThatAreNotFiniteAreRefusedWithTheirPlace) {
  write(with_value(std::nanf("")));
  EXPECT_THAT(error(MatrixNeed::any), HasSubstr("X has the value nan at cell 2, gene 1"));
  EXPECT_THAT(error(MatrixNeed::counts), HasSubstr("X holds values that are not finite"));
  write(with_value(std::numeric_limits<float>::infinity()));
  EXPECT_THAT(error(MatrixNeed::any), HasSubstr("X has the value inf at cell 2, gene 1"));
}

TEST_F(CountsTest, GenesAreNamedByAColumn) {
  write(small_counts());
  ReadOptions options;
  options.gene_column = "ensembl";
  EXPECT_THAT(read_quietly(path_, MatrixNeed::any, options).genes.names,
              testing::ElementsAre("E1", "E2", "E3"));
  options.gene_column = "symbol";
  EXPECT_THAT(error_of([&] { read_quietly(path_, MatrixNeed::any, options); }),
              HasSubstr("var has no column symbol (read.gene_column); there are ensembl"));
}

TEST_F(CountsTest, DuplicateNamesAreToleratedAndReported) {
  Table cells = small_cells();
  cells.names = {"a", "b", "a", "a"};
  write_h5ad(path_, small_counts(), cells);
  Lines lines;
  ReadOptions options;
  options.path = path_;
  read(options, MatrixNeed::any, lines.log);
  EXPECT_THAT(lines.lines, testing::Contains(HasSubstr("2 cell names occur more than once")));
}

}  // namespace
}  // namespace sparcell

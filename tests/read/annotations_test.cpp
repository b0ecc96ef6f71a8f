// Annotations of cells from a table beside the data.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "read/fixtures.h"
#include "support/temporary.h"

namespace sparcell {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

class Annotations : public testing::Test {
 protected:
  Annotations() { write_triple(folder_.path().string()); }  // of the cells c0 to c3

  Dataset read_with(const std::string& table, ReadOptions options = {}) {
    write_text(table_, table);
    options.annotations = table_;
    options.path = folder_.path().string();
    lines_.lines.clear();
    return read(options, MatrixNeed::any, lines_.log);
  }
  std::string error(const std::string& table) {
    return error_of([&] { read_with(table); });
  }
  static std::vector<std::string> texts(const Dataset& data, const std::string& column) {
    std::vector<std::string> found;
    for (std::int64_t c = 0; c < data.cell_count(); ++c) found.push_back(data.cells.find(column)->text(c));
    return found;
  }

  const TemporaryFolder folder_, others_;
  const std::string table_ = others_ / "cells.csv";
  Lines lines_;
};

TEST_F(Annotations, AreJoinedByTheNamesOfCells) {
  const Dataset data = read_with(
      "barcode,lane,depth,share,note\nc2,3,1e3,0.5,\"a, b\"\nc9,9,9,9,z\nc0,-1,2,nan,\"say "
      "\"\"x\"\"\"\nc3,4,,NA,\n");
  EXPECT_EQ(data.cells.find("lane")->type(), "integer");
  EXPECT_EQ(data.cells.find("depth")->type(), "float");
  EXPECT_EQ(data.cells.find("note")->type(), "categorical");
  const auto& lane = *data.cells.find("lane");
  EXPECT_THAT(std::get<std::vector<std::int64_t>>(lane.values), ElementsAre(-1, 0, 3, 4));
  EXPECT_THAT(lane.missing, ElementsAre(0, 1, 0, 0));
  const auto& depth = *data.cells.find("depth");
  EXPECT_THAT(std::get<std::vector<double>>(depth.values), ElementsAre(2, 0, 1000, 0));
  EXPECT_THAT(depth.missing, ElementsAre(0, 1, 0, 1));
  EXPECT_THAT(data.cells.find("share")->missing, ElementsAre(1, 1, 0, 1));
  const auto& note = std::get<Categorical>(data.cells.find("note")->values);
  EXPECT_THAT(note.categories, ElementsAre("", "a, b", "say \"x\""));
  EXPECT_THAT(note.codes, ElementsAre(2, -1, 1, 0));
  EXPECT_THAT(lines_.lines, Contains(table_ + ": 1 cells have no row"));
  EXPECT_THAT(lines_.lines, Contains(table_ + ": 1 rows name no cell of the data"));
}

/// As R writes them (the header lacks the names), as pandas does (its field is empty), gzipped.
TEST_F(Annotations, OfOtherPrograms) {
  const std::string rows = "c0\tx\t1\nc1\ty\t2\nc2\tx\t3\nc3\ty\t4\n";
  for (const std::string header : {"kind\tn\n", "\tkind\tn\n", "cell_barcode\tkind\tn\r\n"}) {
    const Dataset data = read_with(header + rows);
    EXPECT_THAT(texts(data, "kind"), ElementsAre("x", "y", "x", "y"));
    EXPECT_THAT(texts(data, "n"), ElementsAre("1", "2", "3", "4"));
    EXPECT_EQ(data.cells.columns.size(), 2);
  }
  const gzFile file = gzopen(table_.c_str(), "wb");
  gzputs(file, ("\tkind\tn\n" + rows).c_str());
  gzclose(file);
  EXPECT_THAT(texts(read_with(file_bytes(table_)), "kind"), ElementsAre("x", "y", "x", "y"));
}

TEST_F(Annotations, MakePerturbationsOfTenxFiles) {
  ReadOptions options;
  options.perturbation.column = "guide_identity";
  const Dataset data = read_with(
      "cell_barcode,guide_identity\nc3,A_NegCtrl0__A_NegCtrl0\nc1,NegCtrl0_NegCtrl0__NegCtrl0_NegCtrl0\n"
      "c0,B_A__B_A\n",
      options);
  EXPECT_THAT(data.perturbations.names, ElementsAre("control", "A", "A+B"));
  EXPECT_THAT(data.perturbations.of_cell, ElementsAre(2, 0, -1, 1));
  write_text(table_, ",condition\nc0,ctrl\nc1,A+ctrl\n");
  EXPECT_EQ(inspect([&] {
              ReadOptions o;
              o.path = folder_.path().string();
              o.annotations = table_;
              return o;
            }())
                .perturbation_column,
            "condition");
}

TEST_F(Annotations, TakeThePlaceOfColumnsOfTheSameName) {
  write_h5ad(others_ / "a.h5ad", small_counts(), small_cells({"ctrl", "A+ctrl", "B", "A+B"}));
  write_text(table_, "cell,condition\nc0,Z\nc1,ctrl\nc2,Z\nc3,Z\n");
  ReadOptions options;
  options.path = others_ / "a.h5ad";
  const std::string checksum = read(options, MatrixNeed::any, lines_.log).checksum;
  options.annotations = table_;
  const Dataset data = read(options, MatrixNeed::any, lines_.log);
  EXPECT_THAT(texts(data, "condition"), ElementsAre("Z", "ctrl", "Z", "Z"));
  EXPECT_THAT(lines_.lines, Contains("obs column condition is taken from " + table_));
  EXPECT_EQ(data.checksum, checksum)
      << "it is the data file's: the table counts in the config hash by itself";
}

TEST_F(Annotations, ThatAreNoneAreRefused) {
  EXPECT_EQ(error("a,b\nc0,1\nc0,2\n"), table_ + ": record 3 names the cell c0 a second time");
  EXPECT_EQ(error("a,b\nc0,1\nc1,2,3\n"), table_ + ": record 3 has 3 fields, the header has 2");
  EXPECT_EQ(error("a,b\nX-1,1\nY-1,2\n"),
            table_ + ": its first column names none of the cells: it has X-1..., the data have c0...");
  EXPECT_EQ(error("a,b\n"), table_ + ": holds no cells, expected a header and a row for each");
  EXPECT_EQ(error(""), table_ + ": holds no cells, expected a header and a row for each");
  EXPECT_THAT(error("a;b\nc0;1\n"), HasSubstr("has one column, expected names of cells and others beside"));
  EXPECT_THAT(error("a,b\nc0,\"1\n"), HasSubstr("a quoted field is not closed"));
  std::filesystem::remove(table_);
  ReadOptions options;
  options.path = folder_.path().string();
  options.annotations = table_;
  EXPECT_EQ(error_of([&] { read(options, MatrixNeed::any, lines_.log); }), table_ + ": cannot be opened");
}

}  // namespace
}  // namespace sparcell

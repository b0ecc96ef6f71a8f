#include "sparcell/split.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "split/permutation.h"
#include "support/datasets.h"
#include "support/temporary.h"

namespace sparcell {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::vector<std::int32_t>* parts_of(const Split& split, int part) {
  return part == 0 ? &split.train : part == 1 ? &split.validation : &split.test;
}

/// Parts ascend, are disjoint, and hold cells of the data set; returns how many are in one.
std::int64_t check_parts(const Split& split, std::int64_t cells) {
  std::vector<int> seen(static_cast<std::size_t>(cells), 0);
  std::int64_t count = 0;
  for (int p = 0; p < 3; ++p) {
    EXPECT_TRUE(std::is_sorted(parts_of(split, p)->begin(), parts_of(split, p)->end()));
    for (std::int32_t cell : *parts_of(split, p)) {
      EXPECT_EQ(seen.at(static_cast<std::size_t>(cell))++, 0) << "cell " << cell << " is in two parts";
      ++count;
    }
  }
  return count;
}

SplitOptions shares(double train, double validation, double test) {
  SplitOptions options;
  options.train = train;
  options.validation = validation;
  options.test = test;
  return options;
}

std::string error(const Dataset& data, const SplitOptions& options, ExitCode code = ExitCode::data) {
  return error_of([&] { split(data, options, 1); }, code);
}

TEST(Permutation, SortsPairsOfPhiloxWords) {
  // numpy.argsort of the keys that tools/golden/philox.py's words(42, 9, 0, 0, 20) make; its Philox is not
  // ours.
  EXPECT_THAT(permutation(10, 42, Permuted::cells), ElementsAre(0, 7, 5, 9, 2, 6, 3, 4, 8, 1));
}

TEST(Permutation, HoldsEveryIndexOnce) {
  for (std::int64_t n : {0, 1, 2, 33, 1009}) {
    auto order = permutation(n, 7, Permuted::perturbations);
    std::sort(order.begin(), order.end());
    for (std::int64_t i = 0; i < n; ++i) ASSERT_EQ(order[i], i) << "of " << n;
  }
}

TEST(Split, CourseFractionsAreFloorsAndTheRest) {
  for (std::int64_t n : {10, 20, 33, 257, 1009, 3375}) {
    const Split s = split(test::plain_cells(n), {}, 42);
    EXPECT_EQ(static_cast<std::int64_t>(s.train.size()), n * 7 / 10) << n;
    EXPECT_EQ(static_cast<std::int64_t>(s.validation.size()), n * 15 / 100) << n;
    EXPECT_EQ(check_parts(s, n), n);
  }
}

TEST(Split, FractionsBelowOneLeaveCellsOut) {
  const Split s = split(test::plain_cells(100), shares(0.29, 0.07, 0.14), 1);
  EXPECT_THAT(s.train, SizeIs(29));  // 0.29 * 100 is 28.999999999999996 in f64
  EXPECT_THAT(s.validation, SizeIs(7));
  EXPECT_THAT(s.test, SizeIs(14));
  check_parts(s, 100);
}

TEST(Split, APartWithoutAShareStaysEmpty) {
  const Split no_test = split(test::plain_cells(33), shares(0.9, 0.1, 0), 1);
  EXPECT_THAT(no_test.test, IsEmpty());
  EXPECT_EQ(check_parts(no_test, 33), 33);
  const Split no_validation = split(test::plain_cells(33), shares(0.9, 0, 0.1), 1);
  EXPECT_THAT(no_validation.validation, IsEmpty());
  EXPECT_THAT(no_validation.train, SizeIs(29));
  EXPECT_THAT(split(test::plain_cells(33), shares(1, 0, 0), 1).train, SizeIs(33));
}

TEST(Split, DependsOnTheSeedAlone) {
  const Dataset data = test::plain_cells(500);
  EXPECT_EQ(split(data, {}, 42).train, split(data, {}, 42).train);
  EXPECT_NE(split(data, {}, 42).train, split(data, {}, 43).train);
  EXPECT_NE(split(data, {}, 42).train, split(data, {}, 42 + (std::uint64_t{1} << 32)).train);
  SplitOptions fixed;
  fixed.seed = 42;  // split.seed goes before the experiment's
  EXPECT_EQ(split(data, fixed, 7).train, split(data, {}, 42).train);
}

TEST(Split, DrawsEveryCellEquallyOften) {
  constexpr int draws = 400;
  const Dataset data = test::plain_cells(50);
  std::vector<int> trained(50, 0);
  for (int seed = 0; seed < draws; ++seed) {
    for (std::int32_t cell : split(data, {}, static_cast<std::uint64_t>(seed)).train) ++trained[cell];
  }
  // Binomial(400, 0.7): standard deviation 9.2; five of them.
  for (int count : trained) EXPECT_NEAR(count, draws * 0.7, 46);
}

TEST(Split, BadFractions) {
  EXPECT_THAT(error(test::plain_cells(10), shares(0.8, 0.2, 0.1), ExitCode::usage), HasSubstr("more than 1"));
  EXPECT_THAT(error(test::plain_cells(5), {}),
              HasSubstr("none of the 5 cells of file.h5ad are left for validation"));
  EXPECT_THAT(error(test::plain_cells(2), shares(0.5, 0, 0.5)),
              HasSubstr("one of the 2 cells of file.h5ad is left for train, which needs at least 2"));
  EXPECT_THAT(error(test::plain_cells(10), shares(0, 0.5, 0.5)), HasSubstr("train, which needs at least 2"));
}

/// A control of 40 cells, perturbations P0, P1 ... of the given sizes, interleaved.
Dataset labelled(const std::vector<int>& sizes) {
  std::vector<std::string> labels;
  for (int round = 0; round < 40; ++round) {
    labels.push_back("control");
    for (std::size_t p = 0; p < sizes.size(); ++p) {
      if (round < sizes[p]) labels.push_back(fmt::format("P{}", p));
    }
  }
  Dataset data = test::plain_cells(static_cast<std::int64_t>(labels.size()));
  test::label(data, labels);
  return data;
}

std::vector<int> cells_by_label(const Dataset& data, const std::vector<std::int32_t>& cells) {
  std::vector<int> counts(data.perturbations.names.size(), 0);
  for (std::int32_t cell : cells) {
    if (data.perturbations.of_cell[cell] >= 0) ++counts[data.perturbations.of_cell[cell]];
  }
  return counts;
}

TEST(SplitStratified, EveryPartHasEveryPerturbationAndTotalsKeepTheirShares) {
  std::vector<int> sizes;
  for (int i = 0; i < 60; ++i) sizes.push_back(3 + i % 17);
  const Dataset data = labelled(sizes);
  SplitOptions options;
  options.stratify = true;
  const Split s = split(data, options, 42);
  const std::int64_t n = data.cell_count();
  EXPECT_EQ(check_parts(s, n), n);
  for (int p = 0; p < 3; ++p) {
    EXPECT_THAT(cells_by_label(data, *parts_of(s, p)), testing::Each(testing::Ge(1)));
  }
  // The least of one cell costs groups below seven cells some training cells, which larger groups give back.
  EXPECT_NEAR(static_cast<double>(s.train.size()), 0.7 * static_cast<double>(n), 2);
  EXPECT_NEAR(static_cast<double>(s.validation.size()), 0.15 * static_cast<double>(n), 2);
  const std::vector<int> train = cells_by_label(data, s.train);
  for (std::size_t p = 0; p < sizes.size(); ++p) EXPECT_NEAR(train[p + 1], 0.7 * sizes[p], 2) << sizes[p];
}

TEST(SplitStratified, TooFewCellsNameThePerturbation) {
  SplitOptions options;
  options.stratify = true;
  EXPECT_THAT(error(labelled({10, 2, 10}), options),
              HasSubstr("perturbation P1 has 2 cells, too few for a cell in each of 3 parts; leave such "
                        "perturbations out with "
                        "filter.min_cells_per_perturbation"));
  options.validation = 0;
  options.test = 0.3;
  EXPECT_NO_THROW(split(labelled({10, 2, 10}), options, 1));
  Dataset unlabelled = test::plain_cells(50);
  unlabelled.perturbations.of_cell.clear();
  EXPECT_THAT(error(unlabelled, options), HasSubstr("file.h5ad has no perturbation labels"));
  options.by = SplitBy::perturbation;
  EXPECT_THAT(error(labelled({10}), options, ExitCode::usage),
              HasSubstr("needs split.by: cell, not perturbation"));
}

TEST(SplitByPerturbation, WholePerturbationsAreHeldOut) {
  Dataset data = labelled(std::vector<int>(20, 9));
  data.perturbations.of_cell[5] = -1;
  SplitOptions options;
  options.by = SplitBy::perturbation;
  const Split s = split(data, options, 42);
  EXPECT_EQ(check_parts(s, data.cell_count()), data.cell_count() - 1);  // the cell without a label is in none
  std::vector<int> perturbations, controls;
  for (int p = 0; p < 3; ++p) {
    const std::vector<int> counts = cells_by_label(data, *parts_of(s, p));
    controls.push_back(counts[0]);
    perturbations.push_back(0);
    for (std::size_t i = 1; i < counts.size(); ++i) {
      EXPECT_TRUE(counts[i] == 0 || counts[i] >= 8) << "perturbation " << i << " is torn apart";
      perturbations.back() += counts[i] > 0;
    }
  }
  EXPECT_THAT(perturbations, ElementsAre(14, 3, 3));
  EXPECT_THAT(controls, ElementsAre(28, 6, 6));
  EXPECT_THAT(error(labelled({5, 5, 5, 5}), options),
              HasSubstr("a share of 0.15 of 4 perturbations is none for validation; raise split.validation"));
}

TEST(SplitByColumn, ReadsWords) {
  Dataset data = test::plain_cells(7);
  SplitOptions options;
  options.by = SplitBy::column;
  EXPECT_THAT(error(data, options, ExitCode::usage), HasSubstr("split.by column needs split.column"));
  options.column = "part";
  EXPECT_THAT(error(data, options), HasSubstr("file.h5ad has no obs column part; it has none"));
  data.cells.set(
      {"part", std::vector<std::string>{"train", "val", "Test", "valid", "", "train", "validation"}, {}});
  const Split s = split(data, options, 1);
  EXPECT_THAT(s.train, ElementsAre(0, 5));
  EXPECT_THAT(s.validation, ElementsAre(1, 3, 6));
  EXPECT_THAT(s.test, ElementsAre(2));
  data.cells.set({"part", std::vector<std::string>{"train", "train", "test", "ood", "", "", ""}, {}});
  EXPECT_THAT(error(data, options),
              HasSubstr("the obs column part says ood of cell c3; expected train, validation"));
  data.cells.set({"part", std::vector<std::string>{"train", "train", "", "", "", "", ""}, {}});
  EXPECT_THAT(error(data, options),
              HasSubstr("split.by column: none of the 7 cells of file.h5ad are left for test"));
}

TEST(SplitByFile, RoundTripWithAwkwardAndDoubledNames) {
  TemporaryFolder folder;
  Dataset data = test::plain_cells(9);
  data.cells.names = {"a,b", "say \"hi\"", "line\nbreak", "twin", "twin", "", "plain", "twin", "left out"};
  const Split written{{0, 3, 6}, {2, 4}, {1, 5, 7}};
  write_split(folder / "split.csv", data, written);
  EXPECT_EQ(file_bytes(folder / "split.csv"),
            "cell,split\n\"a,b\",train\n\"say "
            "\"\"hi\"\"\",test\n\"line\nbreak\",validation\ntwin,train\ntwin,validation\n,test\n"
            "plain,train\ntwin,test\nleft out,\n");
  SplitOptions options;
  options.by = SplitBy::file;
  options.file = folder / "split.csv";
  const Split read = split(data, options, 1);
  EXPECT_EQ(read.train, written.train);
  EXPECT_EQ(read.validation, written.validation);
  EXPECT_EQ(read.test, written.test);
}

TEST(SplitByFile, OtherToolsFiles) {
  TemporaryFolder folder;
  SplitOptions options;
  options.by = SplitBy::file;
  options.file = folder / "split.csv";
  // Columns in another order and more of them, CRLF, a byte more than our cells, no line for c3.
  write_bytes(options.file,
              "fold,split,cell\r\n1,train,c2\r\n1,train,c0\r\n2,test,elsewhere\r\n1,test,c1\r\n");
  const Split s = split(test::plain_cells(4), options, 1);
  EXPECT_THAT(s.train, ElementsAre(0, 2));
  EXPECT_THAT(s.test, ElementsAre(1));
}

TEST(SplitByFile, Errors) {
  TemporaryFolder folder;
  const Dataset data = test::plain_cells(4);
  SplitOptions options;
  options.by = SplitBy::file;
  EXPECT_THAT(error(data, options, ExitCode::usage), HasSubstr("split.by file needs split.file"));
  options.file = folder / "split.csv";
  EXPECT_THAT(error(data, options), HasSubstr("split.csv cannot be read: No such file"));
  const auto with = [&](const std::string& text) {
    write_bytes(options.file, text);
    return error(data, options);
  };
  EXPECT_THAT(with(""), HasSubstr("is empty; expected the columns cell and split"));
  EXPECT_THAT(with("name,split\nc0,train\n"), HasSubstr("has no column cell; its first line is name,split"));
  EXPECT_THAT(with("cell,split\nc0\n"), HasSubstr("record 2 of"));
  EXPECT_THAT(with("cell,split\nc0,practice\n"), HasSubstr("says practice of cell c0; expected train"));
  EXPECT_THAT(with("cell,split\nx0,train\n"),
              HasSubstr("names none of the 4 cells of file.h5ad, the first of which is c0"));
  EXPECT_THAT(
      with("cell,split\nc0,train\nc1,val\nc1,valid\nc0,test\n"),
      HasSubstr("gives cell c0 the part 'test', but earlier ones another; file.h5ad has no more cells"));
  EXPECT_THAT(with("cell,split\n\"c0,train\n"), HasSubstr("a quoted field is not closed (record 2)"));
  EXPECT_THAT(with("cell,split\nc0,train\nc1,test\n"),
              HasSubstr("one of the 4 cells of file.h5ad is left for train"));
}

TEST(WriteSplit, AFolderThatIsMissingIsNamed) {
  EXPECT_THAT(error_of([] { write_split("/nowhere/split.csv", test::plain_cells(1), {}); }),
              HasSubstr("/nowhere/split.csv: cannot be created (No such file"));
}

}  // namespace
}  // namespace sparcell

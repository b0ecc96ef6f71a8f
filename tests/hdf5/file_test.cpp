#include "hdf5/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdio>
#include <filesystem>

#include "support/temporary.h"

namespace sparcell::hdf5 {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<std::int64_t> shape(std::initializer_list<std::int64_t> lengths) { return lengths; }

void write_sample(const std::string& path) {
  NewFile file(path);
  const Group group = file.create_group("group");
  const std::vector<float> matrix{1, 2, 3, 4, 5, 6};
  group.write("matrix", std::span<const float>(matrix), shape({2, 3}), {.gzip = 4});
  file.write("doubles", std::vector<double>{0.5, -1e300});
  file.write("small", std::vector<std::int32_t>{-7, 2147483647});
  file.write("large", std::vector<std::int64_t>{-1, std::int64_t{1} << 40});
  file.write("bytes", std::vector<std::uint8_t>{0, 255});
  file.write("empty", std::vector<float>{}, {.gzip = 4});
  const std::vector<double> one{2.5};
  file.write("one", std::span<const double>(one), {});
  file.write_booleans("flags", std::vector<std::uint8_t>{1, 0, 1});
  file.write_strings("words", std::vector<std::string>{"alpha", "", "größer"});
  file.write_string("word", "beta");
  file.set("text", "hello");
  file.set("integer", std::int64_t{-3});
  file.set("number", 0.25);
  file.set("yes", true);
  file.set("list", std::span<const std::string>(std::vector<std::string>{"a", "b"}));
  file.set("nothing", std::span<const std::string>());
  file.set("shape", std::span<const std::int64_t>(shape({3, 4})));
  file.commit();
}

TEST(File, WhatIsWrittenIsRead) {
  const TemporaryFolder folder;
  const std::string path = folder / "sample.h5";
  write_sample(path);
  const File file = File::open(path);
  EXPECT_THAT(file.children(), ElementsAre("bytes", "doubles", "empty", "flags", "group", "large", "one",
                                           "small", "word", "words"));
  const Dataset matrix = file.dataset("group/matrix");
  EXPECT_THAT(matrix.shape(), ElementsAre(2, 3));
  EXPECT_EQ(matrix.type().name(), "float32");
  EXPECT_THAT(matrix.read<double>(), ElementsAre(1, 2, 3, 4, 5, 6));
  std::vector<float> row(3);
  matrix.read_rows(1, 1, row.data());
  EXPECT_THAT(row, ElementsAre(4, 5, 6));
  EXPECT_THAT(file.dataset("doubles").read<double>(), ElementsAre(0.5, -1e300));
  EXPECT_THAT(file.dataset("small").read<std::int64_t>(), ElementsAre(-7, 2147483647));
  EXPECT_THAT(file.dataset("large").read<std::int64_t>(), ElementsAre(-1, std::int64_t{1} << 40));
  EXPECT_THAT(file.dataset("bytes").read<std::int32_t>(), ElementsAre(0, 255));
  EXPECT_EQ(file.dataset("empty").read<float>().size(), 0);
  EXPECT_THAT(file.dataset("one").shape(), ElementsAre());
  EXPECT_THAT(file.dataset("one").read<float>(), ElementsAre(2.5F));
  EXPECT_EQ(file.dataset("flags").type().name(), "bool");
  EXPECT_THAT(file.dataset("flags").read<std::uint8_t>(), ElementsAre(1, 0, 1));
  EXPECT_THAT(file.dataset("flags").read<float>(), ElementsAre(1, 0, 1));
  EXPECT_THAT(file.dataset("words").read_strings(), ElementsAre("alpha", "", "größer"));
  EXPECT_THAT(file.dataset("word").read_strings(), ElementsAre("beta"));
  EXPECT_EQ(file.text("text"), "hello");
  EXPECT_EQ(file.integer("integer"), -3);
  EXPECT_EQ(file.number("number"), 0.25);
  EXPECT_EQ(file.integer("yes"), 1);
  EXPECT_THAT(file.texts("list"), ElementsAre("a", "b"));
  EXPECT_THAT(file.texts("nothing"), ElementsAre());
  EXPECT_THAT(file.integers("shape"), ElementsAre(3, 4));
  EXPECT_TRUE(file.has_attribute("text"));
  EXPECT_FALSE(file.has_attribute("texts"));
}

TEST(File, KnowsWhatIsThere) {
  const TemporaryFolder folder;
  write_sample(folder / "sample.h5");
  const File file = File::open(folder / "sample.h5");
  EXPECT_TRUE(file.exists("group/matrix"));
  EXPECT_FALSE(file.exists("group/other"));
  EXPECT_FALSE(file.exists("other/matrix"));
  EXPECT_TRUE(file.is_group("group"));
  EXPECT_FALSE(file.is_group("doubles"));
  EXPECT_TRUE(file.is_dataset("group/matrix"));
  EXPECT_FALSE(file.is_dataset("group"));
}

TEST(File, EqualContentsGiveEqualBytes) {
  const TemporaryFolder folder;
  write_sample(folder / "first.h5");
  write_sample(folder / "second.h5");
  EXPECT_EQ(file_bytes(folder / "first.h5"), file_bytes(folder / "second.h5"));
}

TEST(File, WithoutCommitNothingStays) {
  const TemporaryFolder folder;
  {
    NewFile file(folder / "sample.h5");
    file.write("values", std::vector<float>{1, 2});
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(File, CommitReplacesAnOlderFile) {
  const TemporaryFolder folder;
  write_bytes(folder / "sample.h5", "old");
  write_sample(folder / "sample.h5");
  EXPECT_EQ(File::open(folder / "sample.h5").text("text"), "hello");
}

TEST(File, ErrorsNameFileAndPath) {
  const TemporaryFolder folder;
  const std::string path = folder / "sample.h5";
  write_sample(path);
  const File file = File::open(path);
  EXPECT_EQ(error_of([&] { file.dataset("group/other"); }),
            path + ": /group/other: is missing, expected a data set");
  EXPECT_EQ(error_of([&] { file.group("other"); }), path + ": /other: is missing, expected a group");
  EXPECT_THAT(error_of([&] { file.group("doubles"); }), HasSubstr("/doubles: is no group"));
  EXPECT_THAT(error_of([&] { file.dataset("group"); }), HasSubstr("/group: is no data set"));
  EXPECT_EQ(error_of([&] { file.dataset("words").read<float>(); }),
            path + ": /words: holds string, expected numbers");
  EXPECT_EQ(error_of([&] { file.dataset("doubles").read<std::int64_t>(); }),
            path + ": /doubles: holds float64, expected integers");
  EXPECT_THAT(error_of([&] { file.dataset("large").read<std::int32_t>(); }),
              HasSubstr("element 1 is 1099511627776"));
  EXPECT_EQ(error_of([&] { file.dataset("doubles").read_strings(); }),
            path + ": /doubles: holds float64, expected text");
  EXPECT_THAT(error_of([&] { file.text("missing"); }), HasSubstr("attribute missing is missing"));
  EXPECT_THAT(error_of([&] { file.text("integer"); }), HasSubstr("attribute integer holds no text"));
  EXPECT_THAT(error_of([&] { file.integer("shape"); }),
              HasSubstr("attribute shape has 2 values, expected one"));
  EXPECT_THAT(error_of([&] { file.integer("text"); }), HasSubstr("attribute text holds no number"));
}

TEST(File, RefusesWhatIsNoHdf5File) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { File::open(folder / "none.h5"); }), HasSubstr("none.h5: there is no such file"));
  EXPECT_THAT(error_of([&] { File::open(folder.path().string()); }), HasSubstr("is a folder"));
  write_bytes(folder / "text.h5", "cell,gene\n");
  EXPECT_THAT(error_of([&] { File::open(folder / "text.h5"); }), HasSubstr("text.h5: is no HDF5 file"));
  write_sample(folder / "cut.h5");
  std::filesystem::resize_file(folder / "cut.h5", std::filesystem::file_size(folder / "cut.h5") / 2);
  EXPECT_THAT(error_of([&] { File::open(folder / "cut.h5"); }), HasSubstr("truncated or damaged"));
}

TEST(File, RefusesAnOutputThatCannotBeWritten) {
  EXPECT_THAT(error_of([] { NewFile("/no/such/folder/out.h5"); }),
              HasSubstr("/no/such/folder/out.h5: cannot be created (No such file or directory)"));
}

// A limit on the size of files stands for a full disk: the same failing write() at the same place.
int write_with_limit(const std::string& path, std::int64_t bytes) {
  std::signal(SIGXFSZ, SIG_IGN);
  const rlimit limit{static_cast<rlim_t>(bytes), static_cast<rlim_t>(bytes)};
  setrlimit(RLIMIT_FSIZE, &limit);
  const std::string sentence = error_of([&] {
    NewFile file(path);
    file.write("values", std::vector<double>(100000, 1.5));
    file.write_strings("words", std::vector<std::string>(1000, "word"));
    file.commit();
  });
  return sentence.find("cannot be written") != std::string::npos ? 0 : 1;
}

TEST(File, FullDiskIsAnErrorAndLeavesNothing) {
  for (std::int64_t bytes : {1000, 5000, 400000, 801000, 810000}) {
    const TemporaryFolder folder;
    EXPECT_EXIT(std::exit(write_with_limit(folder / "out.h5", bytes)), testing::ExitedWithCode(0), "")
        << bytes;
    EXPECT_TRUE(std::filesystem::is_empty(folder.path())) << bytes;
  }
}

}  // namespace
}  // namespace sparcell::hdf5

// Texts on their way from the rehearsal to the reader.
#include "hdf5/texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "hdf5/file.h"
#include "hdf5/rehearsal.h"
#include "hdf5/types.h"
#include "support/temporary.h"

namespace sparcell::hdf5 {
namespace {

using List = std::vector<std::string>;

std::string stream_of(const std::vector<std::pair<Texts::Place, List>>& entries) {
  char* bytes = nullptr;
  std::size_t size = 0;
  std::FILE* stream = open_memstream(&bytes, &size);
  for (const auto& [place, texts] : entries) Texts::write(stream, place, texts);
  std::fclose(stream);
  std::string out(bytes, size);
  std::free(bytes);
  return out;
}

TEST(Texts, ArriveAsTheyWereSent) {
  const Texts::Place attribute{96, Texts::Kind::attribute, "_index"}, values{96, Texts::Kind::values, ""},
      member{1 << 20, Texts::Kind::values, "gene"};
  const Texts texts = Texts::from(stream_of({{attribute, {"ä", ""}}, {values, {}}, {member, {"A\nB"}}}));
  ASSERT_NE(texts.find(attribute), nullptr);
  EXPECT_EQ(*texts.find(attribute), (List{"ä", ""}));
  ASSERT_NE(texts.find(values), nullptr);
  EXPECT_TRUE(texts.find(values)->empty());
  ASSERT_NE(texts.find(member), nullptr);
  EXPECT_EQ(*texts.find(member), List{"A\nB"});
  EXPECT_EQ(texts.find({97, Texts::Kind::attribute, "_index"}), nullptr);
}

TEST(Texts, EveryCutOfAStreamIsAnErrorOrWhole) {
  const std::string stream = stream_of({{{1, Texts::Kind::values, "name"}, {"first", "second"}}});
  for (std::size_t length = 1; length < stream.size(); ++length)
    EXPECT_THROW(Texts::from(stream.substr(0, length)), std::out_of_range) << length << " bytes";
  EXPECT_NO_THROW(Texts::from(stream));
}

TEST(Texts, OfAFileComeFromTheRehearsal) {
  const TemporaryFolder folder;
  NewFile out(folder / "a.h5");
  out.set("title", "a file");
  out.write_strings("names", List{"x", "yy"}).set("of", "cells");
  out.commit();
  const File file = File::open(folder / "a.h5");
  ASSERT_TRUE(file.facts()->texts);
  EXPECT_EQ(file.text("title"), "a file");
  EXPECT_EQ(file.dataset("names").read_strings(), (List{"x", "yy"}));
  EXPECT_EQ(file.dataset("names").text("of"), "cells");
  EXPECT_EQ(File::open_unrehearsed(folder / "a.h5").dataset("names").read_strings(), (List{"x", "yy"}));
}

/// A compound data set of texts, as numpy's record arrays are written.
void write_records(const Group& parent, const char* name, int members, hsize_t rows) {
  const Handle text = string_type();
  const Handle record(H5Tcreate(H5T_COMPOUND, sizeof(char*) * static_cast<std::size_t>(members)), H5Tclose);
  for (int m = 0; m < members; ++m)
    H5Tinsert(record.get(), fmt::format("g{}", m).c_str(), sizeof(char*) * static_cast<std::size_t>(m),
              text.get());
  const std::vector<const char*> values(static_cast<std::size_t>(members) * rows, "KLF1");
  const Handle space(H5Screate_simple(1, &rows, nullptr), H5Sclose);
  const Handle dataset(
      H5Dcreate2(parent.id(), name, record.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
      H5Dclose);
  ASSERT_GE(H5Dwrite(dataset.get(), record.get(), H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()), 0);
}

// scanpy's uns/rank_genes_groups/names: a member a group. Nobody asks for them, and to read them all takes
// many seconds.
TEST(Texts, OfCompoundsAreReadInTablesAlone) {
  const TemporaryFolder folder;
  NewFile out(folder / "a.h5");
  write_records(out, "obs", 2, 3);
  write_records(out.create_group("uns"), "names", 2, 3);
  out.commit();
  const File file = File::open(folder / "a.h5");
  const Dataset obs = file.dataset("obs"), names = file.dataset("uns/names");
  EXPECT_EQ(obs.read_member_strings(obs.members()[1]), (List{"KLF1", "KLF1", "KLF1"}));
  EXPECT_EQ(file.facts()->texts->find(names.place(Texts::Kind::values, "g0")), nullptr);
}

TEST(Texts, ALongRehearsalIsNotCalledACrash) {
  const TemporaryFolder folder;
  NewFile out(folder / "a.h5");
  write_records(out, "obs", 700, 100);
  out.commit();
  EXPECT_THAT(error_of([&] { rehearse(folder / "a.h5", 1); }), testing::HasSubstr("s of processor time"));
}

}  // namespace
}  // namespace sparcell::hdf5

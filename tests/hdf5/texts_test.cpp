// Texts on their way from the rehearsal to the reader.
#include "hdf5/texts.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "hdf5/file.h"
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

}  // namespace
}  // namespace sparcell::hdf5

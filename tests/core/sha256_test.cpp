// Oracles: the examples that NIST publishes for FIPS 180-4.
#include "sparcell/core/sha256.h"

#include <gtest/gtest.h>

#include <string>

namespace sparcell {
namespace {

std::string digest(std::string_view text) {
  Sha256 sha;
  sha.update(text);
  return sha.hex();
}

TEST(Sha256, PublishedExamples) {
  EXPECT_EQ(digest(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(digest("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(digest(std::string(1'000'000, 'a')),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, PortionsDoNotMatter) {
  const std::string text(1'000, 'x');
  for (const std::size_t portion : {1, 7, 55, 56, 63, 64, 65, 128, 999}) {
    Sha256 sha;
    for (std::size_t i = 0; i < text.size(); i += portion)
      sha.update(std::string_view(text).substr(i, portion));
    EXPECT_EQ(sha.hex(), digest(text)) << portion;
  }
}

TEST(Sha256, MayGoOnAfterTheDigestWasAsked) {
  Sha256 sha;
  sha.update("a");
  EXPECT_EQ(sha.hex(), digest("a"));
  sha.update("bc");
  EXPECT_EQ(sha.hex(), digest("abc"));
}

}  // namespace
}  // namespace sparcell

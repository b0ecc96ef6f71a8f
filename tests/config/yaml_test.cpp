// YAML as written: what yaml-cpp's own tree gets wrong must be right here.
#include "config/config_support.h"

namespace sparcell {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using Yaml = ConfigTest;

TEST_F(Yaml, ADuplicateKeyIsAnErrorThatNamesBothPlaces) {
  EXPECT_THAT(errors("seed: 1\nseed: 2\n" + minimal()),
              ElementsAre("e.yaml:2:1: duplicate key 'seed'; it stands at e.yaml:1:1 already"));
  EXPECT_THAT(errors(minimal("filter: {min_genes: 1, min_genes: 1}")),
              ElementsAre("e.yaml:3:24: duplicate key 'min_genes'; it stands at e.yaml:3:10 already"));
}

TEST_F(Yaml, MergeKeysMergeAndExplicitKeysWin) {
  const Experiment e = load(
      "read: {path: x}\n"
      "model:\n"
      "  a: &a {type: autoencoder, latent: 8, hidden: [16], dropout: 0}\n"
      "  b: {<<: *a, latent: 4}\n"
      "  c: {<<: [{latent: 5, type: vae}, *a], dropout: 0.5}\n");
  ASSERT_EQ(e.model.size(), 3u);
  EXPECT_EQ(e.model[1].second.latent, 4);
  EXPECT_THAT(e.model[1].second.network.hidden, ElementsAre(16));
  EXPECT_EQ(e.model[2].second.type, ModelType::vae);
  EXPECT_EQ(e.model[2].second.latent, 5);
  EXPECT_THAT(e.model[2].second.network.dropout, ElementsAre(0.5));
  EXPECT_THAT(errors(minimal("filter: {<<: 3}")),
              ElementsAre("e.yaml:3:14: not valid YAML: << needs a mapping or a list of mappings"));
}

TEST_F(Yaml, AliasesAreCopies) {
  const Experiment e =
      load("read: {path: x}\nmodel: {a: &a {type: autoencoder}, b: *a}\n", {"model.b.latent=3"});
  EXPECT_EQ(e.model[0].second.latent, 64);
  EXPECT_EQ(e.model[1].second.latent, 3);
}

TEST_F(Yaml, AliasesCannotMultiplyWithoutEnd) {
  std::string bomb = "tags: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 12; ++i) {
    bomb += "k" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j ? ", *a" : "*a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  EXPECT_THAT(errors(bomb), ElementsAre(HasSubstr("aliases make more than 100000 values")));
  EXPECT_THAT(errors("tags: &a [*a]\n"), ElementsAre(HasSubstr("an alias stands inside what it names")));
}

TEST_F(Yaml, NumbersAreDecimal) {
  EXPECT_EQ(load(minimal("seed: 010")).seed, 10);
  EXPECT_EQ(load(minimal("seed: +7")).seed, 7);
  EXPECT_EQ(load(minimal("train: {optimizer: {learning_rate: 1e-05}}")).train.optimizer.learning_rate, 1e-5);
  EXPECT_EQ(load(minimal("train: {optimizer: {learning_rate: 5}}")).train.optimizer.learning_rate, 5.0);
  for (const char* no_integer : {"0x10", "0o10", "1_000", "1e3", "1.0", "+-1", "yes"}) {
    EXPECT_THAT(errors(minimal("seed: ") + no_integer),
                ElementsAre(testing::StartsWith("e.yaml:3:7: seed must be an integer, not '")))
        << no_integer;
  }
  for (const char* no_number : {"0x1p3", "1.5f", ".inf", "inf", "nan", "1,5", "1:30"}) {
    EXPECT_THAT(errors(minimal("filter:\n  min_counts: ") + no_number),
                ElementsAre(testing::StartsWith("e.yaml:4:15: filter.min_counts must be a number, not '")))
        << no_number;
  }
}

TEST_F(Yaml, QuotedWordsAreStrings) {
  EXPECT_THAT(errors(minimal("train: {epochs: \"3\"}\nreport: {html: 'true'}\nseed: !!str 4")),
              ElementsAre("e.yaml:3:17: train.epochs must be an integer, not the string '3'",
                          "e.yaml:4:16: report.html must be true or false, not the string 'true'",
                          "e.yaml:5:7: seed must be an integer, not the string '4'"));
  EXPECT_EQ(load(minimal("seed: !!int 4")).seed, 4);
}

TEST_F(Yaml, TextIsKeptAsItIsWritten) {
  const Experiment e =
      load(minimal("name: 007\ntags: [true, 010, 1e3, 'null', \"a\\tb\"]\n"
                   "filter: {obs: {batch: 01, passed: True}}"));
  EXPECT_EQ(e.name, "007");
  EXPECT_THAT(e.tags, ElementsAre("true", "010", "1e3", "null", "a\tb"));
  EXPECT_THAT(e.filter.obs, ElementsAre(testing::Pair("batch", ElementsAre("01")),
                                        testing::Pair("passed", ElementsAre("True"))));
}

TEST_F(Yaml, OnlyTrueAndFalseAreBooleans) {
  EXPECT_FALSE(load(minimal("report: {html: False}")).report.html);
  EXPECT_THAT(errors(minimal("report: {html: no}")),
              ElementsAre("e.yaml:3:16: report.html must be true or false, not 'no'"));
}

TEST_F(Yaml, WhatIsNotOneMappingIsRefused) {
  EXPECT_THAT(errors("- a\n"), ElementsAre(HasSubstr("e.yaml:1:1: an experiment is a mapping of sections")));
  EXPECT_THAT(errors(minimal("---\nseed: 1\n")),
              ElementsAre(HasSubstr("e.yaml:3:1: not valid YAML: a second document")));
  EXPECT_THAT(errors("name: [x\nseed: 1"), ElementsAre(HasSubstr("not valid YAML")));
  EXPECT_THAT(errors("name: \"x\n" + minimal()), ElementsAre(HasSubstr("not valid YAML")));
  EXPECT_THAT(errors("name: 'x\nseed: 1\n\n"),
              ElementsAre(HasSubstr("not valid YAML: illegal EOF in scalar")));
  EXPECT_THAT(errors("? [a, b]\n: 1\n"), ElementsAre("e.yaml:1:3: not valid YAML: a key must be a word"));
  EXPECT_THAT(errors("name: !thing x\n"),
              ElementsAre("e.yaml:1:7: not valid YAML: the tag '!thing' has no meaning here"));
  EXPECT_THAT(errors(std::string(5'000, '[')), ElementsAre(HasSubstr("not valid YAML")));
}

TEST_F(Yaml, AReferenceWithinBracesNeedsQuotes) {
  EXPECT_THAT(
      errors("read: {path: ${env:DATA}/x}\n"),
      ElementsAre(HasSubstr(
          "e.yaml:1:15: not valid YAML: end of map flow not found; within braces a reference needs")));
}

TEST_F(Yaml, AFileThatCannotBeReadIsNamed) {
  try {
    load_experiment("nothing.yaml");
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_STREQ(error.what(),
                 "nothing.yaml: cannot read the experiment file 'nothing.yaml': No such file or directory");
  }
  EXPECT_THROW(load_experiment("."), UsageError);
}

TEST_F(Yaml, TextIsUtf8) {
  EXPECT_EQ(load(minimal("name: \xc3\xa9\xe2\x82\xac\xf0\x9f\xa7\xac")).name, "é€🧬");
  // A lone byte, a cut sequence, overlong forms, a surrogate, beyond U+10FFFF.
  for (const char* bytes : {"\xff", "\x80", "\xc3", "\xe2\x82 ", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
                            "\xf4\x90\x80\x80"}) {
    EXPECT_THAT(errors(minimal("name: ") + bytes), ElementsAre("e.yaml:1:1: not UTF-8 text"));
    EXPECT_THAT(errors(minimal(), {std::string("name=") + bytes}),
                ElementsAre(testing::EndsWith("not UTF-8 text")));
  }
  setenv("SPARCELL_TEST_BYTES", "\xff", 1);
  EXPECT_THAT(errors(minimal("name: a${env:SPARCELL_TEST_BYTES}")),
              ElementsAre("e.yaml:3:7: the environment variable SPARCELL_TEST_BYTES is not UTF-8 text"));
}

TEST_F(Yaml, WindowsLinesAndAByteOrderMarkAreFine) {
  EXPECT_EQ(load("\xef\xbb\xbf"
                 "seed: 5\r\nread: {path: x}\r\nmodel: {type: vae}\r\n")
                .seed,
            5);
}

}  // namespace
}  // namespace sparcell

// defaults, overrides and references: the steps from files to one tree.
#include "config/config_support.h"

namespace sparcell {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

using Defaults = ConfigTest;
using Overrides = ConfigTest;
using References = ConfigTest;

TEST_F(Defaults, LaterFilesWinMapsMergeListsReplace) {
  std::filesystem::create_directory("base");
  write("base/one.yaml", "name: one\nseed: 1\ntags: [a, b]\nmodel: {ae: {type: autoencoder, latent: 3}}\n");
  write("base/two.yaml", "defaults: more.yaml\nname: two\nmodel: {vae: {type: vae}}\n");
  write("base/more.yaml", "threads: 3\nname: more\n");
  const Experiment e = load(
      "defaults: [base/one.yaml, base/two.yaml]\nread: {path: x}\ntags: [c]\nmodel: {ae: {latent: 4}}\n");
  EXPECT_EQ(e.name, "two");
  EXPECT_EQ(e.seed, 1);
  EXPECT_EQ(e.threads, 3);
  EXPECT_THAT(e.tags, ElementsAre("c"));
  ASSERT_EQ(e.model.size(), 2u);
  EXPECT_EQ(e.model[0].first, "ae");
  EXPECT_EQ(e.model[0].second.latent, 4);
  EXPECT_EQ(e.model[1].second.type, ModelType::vae);
}

TEST_F(Defaults, ErrorsNameTheFileTheyAreIn) {
  write("base.yaml", "seed: x\n");
  EXPECT_THAT(errors("defaults: [base.yaml]\nthreads: y\n" + minimal()),
              testing::UnorderedElementsAre("base.yaml:1:7: seed must be an integer, not 'x'",
                                            "e.yaml:2:10: threads must be an integer, not 'y'"));
}

TEST_F(Defaults, CirclesMissingFilesAndOtherValuesAreErrors) {
  write("a.yaml", "defaults: [b.yaml]\n");
  write("b.yaml", "defaults: [./a.yaml]\n");
  EXPECT_THAT(errors("defaults: a.yaml\n"),
              ElementsAre(HasSubstr("b.yaml:1:12: defaults go round in a circle")));
  EXPECT_THAT(
      errors("defaults: [gone.yaml]\n"),
      ElementsAre("e.yaml:1:12: cannot read the experiment file 'gone.yaml': No such file or directory"));
  EXPECT_THAT(errors("defaults: {a: b}\n" + minimal()),
              ElementsAre("e.yaml:1:1: defaults must be a list of files"));
}

TEST_F(Overrides, TheLineThatManyScriptsUse) {
  write("course_ae.yaml",
        "name: course_ae\n"
        "filter: {perturbations: single}\n"
        "split: {seed: 42}\n"
        "normalize: none\n"
        "model:\n"
        "  ae:\n"
        "    type: autoencoder\n"
        "    train: {schedule: {type: plateau}}\n"
        "train: {epochs: 10, batch: 128}\n");
  const Experiment e = load_experiment(
      "course_ae.yaml", {"read.path=norman19_lognorm_3375x500.h5ad", "read.perturbation.preset=pertpy",
                         "read.perturbation.column=condition", "filter.obs.dataset=norman19",
                         "train.epochs=50", "seed=3", "split.seed=3"});
  EXPECT_EQ(e.read.path, "norman19_lognorm_3375x500.h5ad");
  EXPECT_EQ(e.read.perturbation.preset, LabelPreset::pertpy);
  EXPECT_EQ(e.read.perturbation.column, "condition");
  EXPECT_THAT(e.filter.obs, ElementsAre(testing::Pair("dataset", ElementsAre("norman19"))));
  EXPECT_EQ(e.model[0].second.train.epochs, 50);
  EXPECT_EQ(e.model[0].second.train.schedule.type, ScheduleType::plateau);
  EXPECT_EQ(e.seed, 3);
  EXPECT_EQ(e.split.seed, 3);
}

TEST_F(Overrides, ActOnExactlyThePathTheyName) {
  const std::string text =
      "read: {path: x}\ntrain: {epochs: 10, optimizer: {learning_rate: 0.5}}\n"
      "model: {own: {type: vae, train: {epochs: 20}}, common: {type: vae}}\n";
  Experiment e = load(text, {"train.epochs=30"});
  EXPECT_EQ(e.model[0].second.train.epochs, 20);
  EXPECT_EQ(e.model[1].second.train.epochs, 30);
  e = load(text, {"model.own.train.optimizer.betas=[0.1, 0.2]"});
  EXPECT_THAT(e.model[0].second.train.optimizer.betas, ElementsAre(0.1, 0.2));
  EXPECT_EQ(e.model[0].second.train.optimizer.learning_rate, 0.5);
  EXPECT_THAT(e.model[1].second.train.optimizer.betas, ElementsAre(0.9, 0.999));
  EXPECT_EQ(load(text, {"~model.own.train.epochs"}).model[0].second.train.epochs, 10);
  EXPECT_EQ(load(text, {"~model.own"}).model.size(), 1u);
  EXPECT_EQ(load(text, {"seed=1", "seed=2"}).seed, 2);
}

TEST_F(Overrides, ValuesAreYaml) {
  const Experiment e = load(minimal(), {"tags=[a, 'b c']", "name='007'", "model.new={type: gan, latent: 5}",
                                        "read.genome=", R"(filter.obs.cell\.type=a=b)"});
  EXPECT_THAT(e.tags, ElementsAre("a", "b c"));
  EXPECT_EQ(e.name, "007");
  EXPECT_EQ(e.model[1].second.latent, 5);
  EXPECT_EQ(e.read.genome, "");
  EXPECT_THAT(e.filter.obs, ElementsAre(testing::Pair("cell.type", ElementsAre("a=b"))));
}

/// In a file a comment is one; in an override what a shell has quoted would be lost without a word.
TEST_F(Overrides, ACommentIsNoPartOfAValue) {
  for (const char* value : {"data #1.h5ad", "#1.h5ad", "'a' #b", "[a, b] # c", "it's #1"}) {
    EXPECT_THAT(errors(minimal(), {std::string("read.path=") + value}),
                ElementsAre(HasSubstr("YAML takes what stands behind # for a comment; quote the value")))
        << value;
  }
  for (const auto& [value, path] : {std::pair<std::string, std::string>{"data#1.h5ad", "data#1.h5ad"},
                                    {"'data #1.h5ad'", "data #1.h5ad"},
                                    {R"("a \" #b")", R"(a " #b)"},
                                    {"'it''s #1'", "it's #1"}}) {
    EXPECT_EQ(load(minimal(), {"read.path=" + value}).read.path, path);
  }
  EXPECT_THAT(load(minimal(), {"tags=[a, 'b #c']"}).tags, ElementsAre("a", "b #c"));
}

TEST_F(Overrides, AModelWithoutANameIsNamedAfterItsType) {
  const std::string text = "read: {path: x}\nmodel: {type: vae, latent: 7}\n";
  Experiment e = load(text, {"model.vae.kl.weight=0.5"});
  ASSERT_EQ(e.model.size(), 1u);
  EXPECT_EQ(e.model[0].first, "vae");
  EXPECT_EQ(e.model[0].second.latent, 7);
  EXPECT_EQ(e.model[0].second.kl.weight, 0.5);
  e = load("read: {path: x}\n", {"model={type: gan}"});
  EXPECT_EQ(e.model[0].first, "gan");
  EXPECT_THAT(errors(text, {"model.type=gan"}),
              ElementsAre(HasSubstr(
                  "override 'model.type=gan': model.type must be a model (a mapping with a type)")));
}

TEST_F(Overrides, MistakesAreShownAsTheyWereWritten) {
  EXPECT_THAT(errors(minimal("normalize: none"),
                     {"train.epochs", "=3", "~split.by", "trian.epochs=3", "train.epochs=ten", "a..b=1",
                      "tags=[a", "normalize.log1p=false", "defaults=x.yaml"}),
              testing::UnorderedElementsAre(
                  "override 'train.epochs': an override is KEY=VALUE or ~KEY, with a key like train.epochs",
                  "override '=3': an override is KEY=VALUE or ~KEY, with a key like train.epochs",
                  "override '~split.by': split.by is not set, so it cannot be removed",
                  "override 'trian.epochs=3': unknown key 'trian'; did you mean 'train'?",
                  "override 'train.epochs=ten': train.epochs must be an integer, not 'ten'",
                  "override 'a..b=1': an override is KEY=VALUE or ~KEY, with a key like train.epochs",
                  HasSubstr("override 'tags=[a': not valid YAML"),
                  "override 'normalize.log1p=false': normalize is 'none' here and has no keys",
                  HasSubstr("override 'defaults=x.yaml': defaults are composed before overrides")));
}

TEST_F(References, EnvironmentAndKeysInAnyString) {
  setenv("SPARCELL_TEST_DATA", "/data", 1);
  const Experiment e = load(
      "seed: 12\n"
      "split: {seed: \"${seed}\"}\n"
      "name: run_${seed}_$${x}\n"
      "read: {path: \"${env:SPARCELL_TEST_DATA}/${name}.h5ad\"}\n"
      "tags: [\"${read.path}\"]\n"
      "model: {type: vae}\n",
      {"seed=13"});
  EXPECT_EQ(e.name, "run_13_${x}");
  EXPECT_EQ(e.read.path, "/data/run_13_${x}.h5ad");
  EXPECT_THAT(e.tags, ElementsAre(e.read.path));
}

TEST_F(References, AValueThatIsOneReferenceHasTheTypeOfWhatItNames) {
  setenv("SPARCELL_TEST_EPOCHS", "7", 1);
  const Experiment e =
      load(minimal("seed: 12\nsplit:\n  seed: ${seed}\ntrain:\n  epochs: \"${env:SPARCELL_TEST_EPOCHS}\"\n"));
  EXPECT_EQ(e.split.seed, 12);
  EXPECT_EQ(e.train.epochs, 7);
  EXPECT_THAT(errors(minimal("name: '12'\nsplit:\n  seed: ${name}\n")),
              ElementsAre("e.yaml:5:9: split.seed must be an integer, not the string '12'"));
}

TEST_F(References, CannotMultiplyWithoutEnd) {
  std::string bomb = "name: x\nk0: 0123456789\n";
  for (int i = 1; i < 40; ++i) {
    bomb += fmt::format("k{}: ${{k{}}}${{k{}}}\n", i, i - 1, i - 1);
  }
  EXPECT_THAT(errors(bomb), testing::Contains(HasSubstr("references make a text of more than 65536 bytes")));
}

TEST_F(References, WhatCannotBeResolvedIsAnError) {
  unsetenv("SPARCELL_TEST_UNSET");
  EXPECT_THAT(errors(minimal("name: a${env:SPARCELL_TEST_UNSET}\n")),
              ElementsAre("e.yaml:3:7: the environment variable SPARCELL_TEST_UNSET is not set"));
  EXPECT_THAT(errors(minimal("name: ${nothing.here}\n")),
              ElementsAre("e.yaml:3:7: ${nothing.here} refers to a key that is not set"));
  EXPECT_THAT(errors(minimal("name: ${trian.epochs}_${train.epocs}_${sed}\nseed: 3\ntrain: {epochs: 5}\n")),
              ElementsAre("e.yaml:3:7: ${trian.epochs} refers to a key that is not set",
                          "e.yaml:3:7: ${train.epocs} refers to a key that is not set; did you mean 'train.epochs'?",
                          "e.yaml:3:7: ${sed} refers to a key that is not set; did you mean 'seed'?"));
  EXPECT_THAT(errors(minimal("name: ${model}\n")),
              ElementsAre("e.yaml:3:7: ${model} refers to what is not a single value"));
  EXPECT_THAT(errors(minimal("name: ${name}\n")),
              ElementsAre(HasSubstr("${name} refers to itself in a circle")));
  EXPECT_THAT(errors(minimal("name: ${device}\ndevice: ${name}\n")),
              testing::Contains(HasSubstr("in a circle")));
  EXPECT_THAT(errors(minimal("name: a${seed\n")),
              ElementsAre("e.yaml:3:7: 'a${seed' lacks the closing brace of a reference"));
}

}  // namespace
}  // namespace sparcell

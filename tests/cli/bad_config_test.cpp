// Experiments that are refused before data are read: every problem at once, with its place in the file.
#include <gmock/gmock.h>

#include "support/small_experiment.h"

namespace sparcell::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class BadConfig : public SmallExperiment {
 protected:
  BadConfig() { std::filesystem::remove(folder / "cells.h5ad"); }  // data are not looked at

  /// What the program says of an experiment; it must refuse it and leave nothing behind.
  std::string refused(const std::vector<std::string>& options) {
    const std::vector<std::string> before = files();
    const Finished done = program([&] {
      std::vector<std::string> arguments{"run", "small.yaml", "--out", "r"};
      arguments.insert(arguments.end(), options.begin(), options.end());
      return arguments;
    }());
    EXPECT_EQ(done.code, 2) << done.err;
    EXPECT_EQ(files(), before);
    EXPECT_FALSE(exists("r"));
    return done.err;
  }
};

TEST_F(BadConfig, EveryProblemOfAFileIsNamedWithItsPlace) {
  write_bytes(folder / "small.yaml",
              "name: small\n"
              "sed: 3\n"
              "read: {path: cells.h5ad}\n"
              "train:\n"
              "  epochs: 3\n"
              "  epochs: 4\n"
              "  batch: many\n"
              "split: {train: 1.5}\n"
              "model:\n"
              "  ae: {type: autoencoder, latnt: 4}\n");
  EXPECT_EQ(refused({}),
            "sparcell: small.yaml:2:1: unknown key 'sed'; did you mean 'seed'?\n"
            "small.yaml:6:3: duplicate key 'epochs'; it stands at small.yaml:5:3 already\n"
            "small.yaml:7:10: train.batch must be an integer, not 'many'\n"
            "small.yaml:8:16: split.train must be at least 0 and at most 1, not '1.5'\n"
            "small.yaml:10:27: unknown key 'latnt' in model.ae; did you mean 'latent'?\n");
}

TEST_F(BadConfig, ATextThatIsNoYaml) {
  write_bytes(folder / "small.yaml", "name: [small\nseed: 3\n");
  EXPECT_THAT(refused({}), HasSubstr("small.yaml:2:"));
}

TEST_F(BadConfig, CombinationsThatMakeNoSense) {
  const std::vector<std::pair<std::vector<std::string>, std::string>> cases{
      {{"model.vae.kl.warmup=1"}, "training is not longer than the warm-up of the KL weight"},
      {{"model.gan.critic.normalization=batch"},
       "model.gan.critic has batch normalization, which couples the cells"},
      {{"train.batch=1"}, "model.ae has batch normalization, which needs more than one cell in a batch"},
      {{"split.train=0.9", "split.test=0.2"}, "sum to 1.25, above 1"},
      {{"model.gan.sparsity.term=zero_share"}, "zero_share is about the gates of a hurdle"},
      {{"model.gan.train.schedule.type=plateau"}, "has no validation loss for a plateau schedule"},
      {{"model.gan.loss=wgan"}, "gradient_penalty.on is probability, but the loss wgan has none; use logit"},
      {{"normalize=none", "select.flavor=seurat_v3"}, "select.flavor seurat_v3 ranks counts"},
      {{"split.stratify=false", "split.by=column"}, "split.by column needs split.column"},
      {{"read.perturbation.preset=none"}, "split.stratify needs perturbation labels"},
      {{"evaluate.metrics=[msee]"}, "there is no metric msee; did you mean mse?"},
      {{"device=gpu"}, "device must be auto, cpu, cuda or cuda:N, not 'gpu'"},
      {{"precision=tf32"}, "precision tf32 is a GPU's, and device is cpu"},
      {{"name=a/b"}, "must be the name of a folder"},
      {{"~read.path"}, "read.path is not set"}};
  for (const auto& [options, sentence] : cases) EXPECT_THAT(refused(options), HasSubstr(sentence));
}

TEST_F(BadConfig, BatchNormalizationWithoutAPenaltyIsFine) {
  EXPECT_EQ(program({"validate", "small.yaml", "model.gan.critic.normalization=batch",
                     "model.gan.gradient_penalty.weight=0"})
                .code,
            0);
}

TEST_F(BadConfig, OverridesAreNamedAsTheyWereGiven) {
  EXPECT_THAT(refused({"nonsense"}), HasSubstr("override 'nonsense': an override is KEY=VALUE or ~KEY"));
  EXPECT_THAT(
      refused({"train.epocs=3", "model.ae.latent=0"}),
      AllOf(HasSubstr("override 'train.epocs=3': unknown key 'epocs' in train; did you mean 'epochs'?"),
            HasSubstr("override 'model.ae.latent=0': model.ae.latent must be at least 1 and at most "
                      "100000000, not '0'")));
}

}  // namespace
}  // namespace sparcell::test

// Autoencoders that begin at principal components and read mixed cells: where they begin, that they repeat,
// and how long `train.steps` lasts.
#include <gmock/gmock.h>

#include "experiment/equal_runs.h"
#include "support/small_experiment.h"

namespace sparcell::test {
namespace {

class Start : public SmallExperiment {
 protected:
  /// Only the autoencoder, with a linear path.
  static std::vector<std::string> overrides(std::vector<std::string> more = {}) {
    more.insert(more.end(), {"~model.vae", "~model.gan", "model.ae.skip=true", "model.ae.normalization=none",
                             "model.ae.activation=silu", "model.ae.dropout=0"});
    return more;
  }
  /// Steps too small to see.
  static std::vector<std::string> standing(std::vector<std::string> more) {
    more.insert(more.end(), {"train.epochs=1", "train.optimizer.learning_rate=1e-30"});
    return overrides(more);
  }
  double mse(const std::string& run, const std::string& of) {
    return json(run + "/result.json").at(nlohmann::json::json_pointer(of + "/test/mse")).get<double>();
  }
};

TEST_F(Start, AtPrincipalComponentsReconstructsAsTheyDo) {
  finished_run("pca", standing({"model.ae.start=pca", "model.ae.input.standardize=true"}));
  EXPECT_NEAR(mse("pca", "/models/ae"), mse("pca", "/baselines/pca"), 1e-5 * mse("pca", "/baselines/pca"));
  finished_run("random", standing({}));
  EXPECT_GT(mse("random", "/models/ae"), 1.1 * mse("pca", "/baselines/pca"));
}

TEST_F(Start, WithoutNegativeValuesIsNearerThanPrincipalComponents) {
  finished_run("r", standing({"model.ae.start=pca", "model.ae.output=relu"}));
  EXPECT_LT(mse("r", "/models/ae"), mse("r", "/baselines/pca"));
}

TEST_F(Start, AtShrunkComponentsIsSaid) {
  finished_run("r", standing({"model.ae.start=pca_shrunk"}));
  EXPECT_THAT(file_bytes(folder / "r/log.txt"), testing::HasSubstr("shrunk PCA: 4 components, 0."));
  EXPECT_LT(mse("r", "/models/ae"), 1.2 * mse("r", "/baselines/pca"));
}

TEST_F(Start, MixedRunsRepeatAndGoOnToTheBit) {
  const std::vector<std::string> mixed =
      overrides({"model.ae.start=pca", "model.ae.input={standardize: true, mix: 0.6}"});
  auto with_epochs = [&](const std::string& epochs) {
    std::vector<std::string> all = mixed;
    all.push_back("train.epochs=" + epochs);
    return all;
  };
  finished_run("whole", with_epochs("4"));
  finished_run("again", with_epochs("4"));
  EXPECT_THAT(differences(folder / "whole", folder / "again"), testing::IsEmpty());
  finished_run("half", with_epochs("2"));
  const Finished resumed = program({"resume", "half", "train.epochs=4"});
  ASSERT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_EQ(file_bytes(folder / "half/checkpoints/ae/last.h5"),
            file_bytes(folder / "whole/checkpoints/ae/last.h5"));
  EXPECT_NE(mse("whole", "/models/ae"), mse("whole", "/baselines/pca"));
}

TEST_F(Start, StepsAreWholeEpochs) {
  finished_run("r", overrides({"train.steps=7"}));  // 168 cells in batches of 32: 6 steps an epoch
  EXPECT_EQ(json("r/result.json")["models"]["ae"]["epochs"], 2);
  EXPECT_EQ(json("r/result.json")["models"]["ae"]["cost"]["steps"], 12);
}

TEST_F(Start, EmbedsAsTheRunDid) {
  finished_run("r", overrides({"model.ae.start=pca", "model.ae.input={standardize: true, mix: 0.6}"}));
  const Finished embedded = program({"embed", "r", "cells.h5ad", "latent.h5ad", "--model", "ae"});
  ASSERT_EQ(embedded.code, 0) << embedded.err;
  EXPECT_TRUE(exists("latent.h5ad"));
}

}  // namespace
}  // namespace sparcell::test

// The course's experiments on the Norman subset, one seed of 50 epochs, beside MODELS.md's table of what
// PyTorch reaches.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "support/data.h"
#include "support/program.h"

namespace sparcell::test {

/// Runs the line that EXPERIMENTS.md promises to work as written, in a folder that holds what it names.
inline nlohmann::json course_run(const std::string& model, const std::filesystem::path& data) {
  const TemporaryFolder folder;
  std::filesystem::create_symlink(std::filesystem::absolute("experiments"), folder / "experiments");
  std::filesystem::create_symlink(std::filesystem::absolute(data) / "norman19_lognorm_3375x500.h5ad",
                                  folder / "norman19_lognorm_3375x500.h5ad");
  const Finished done =
      sparcell({"run", "experiments/course_" + model + ".yaml", "read.path=norman19_lognorm_3375x500.h5ad",
                "read.perturbation.preset=pertpy", "read.perturbation.column=condition",
                "filter.obs.dataset=norman19", "train.epochs=50", "seed=3", "split.seed=3", "--out", "DIR"},
               {.folder = folder.path()});
  EXPECT_EQ(done.code, 0) << done.err;
  return done.code == 0 ? nlohmann::json::parse(file_bytes(folder / "DIR/result.json")) : nlohmann::json();
}

/// One seed lies within 5 of PyTorch's standard deviations, the error of its mean over `seeds` included. The
/// means over several seeds are compared more sharply by tools/bench/parity.sh.
inline void expect_as_pytorch(double value, double mean, double deviation, int seeds) {
  EXPECT_NEAR(value, mean, 5 * deviation * std::sqrt(1 + 1.0 / seeds));
}

}  // namespace sparcell::test

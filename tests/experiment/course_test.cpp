// The course's autoencoders reach what PyTorch reaches.
#include <gtest/gtest.h>

#include "experiment/course_run.h"

namespace sparcell::test {
namespace {

TEST(Course, AutoencoderReachesWhatPyTorchReaches) {
  SPARCELL_NEEDS_DATA(data);
  const nlohmann::json result = course_run("ae", data);
  ASSERT_FALSE(result.is_null());
  EXPECT_EQ(result["data"]["cells"], 1895);
  EXPECT_EQ(result["data"]["genes"], 500);
  expect_as_pytorch(result["models"]["ae"]["test"]["mse"], 0.00664, 0.00024, 20);
  expect_as_pytorch(result["models"]["ae"]["test"]["r2_varying"], 0.034, 0.010, 20);
  expect_as_pytorch(result["baselines"]["gene_mean"]["test"]["mse"], 0.01574, 0.00039, 20);
  expect_as_pytorch(result["baselines"]["pca"]["test"]["mse"], 0.000631, 0.000051, 20);
}

TEST(Course, VaeReachesWhatPyTorchReaches) {
  SPARCELL_NEEDS_DATA(data);
  const nlohmann::json result = course_run("vae", data);
  ASSERT_FALSE(result.is_null());
  expect_as_pytorch(result["models"]["vae"]["test"]["mse"], 0.01292, 0.00031, 20);
  expect_as_pytorch(result["models"]["vae"]["test"]["kl"], 0.0190, 0.0022, 20);
}

}  // namespace
}  // namespace sparcell::test

// The course's GAN reaches what PyTorch reaches.
#include <gtest/gtest.h>

#include "experiment/course_run.h"

namespace sparcell::test {
namespace {

TEST(CourseGan, ReachesWhatPyTorchReaches) {
  SPARCELL_NEEDS_DATA(data);
  const nlohmann::json result = course_run("gan", data);
  ASSERT_FALSE(result.is_null());
  const nlohmann::json gan = result["models"]["gan"];
  expect_as_pytorch(gan["loss"]["discriminator"], 0.6565, 0.0026, 8);
  expect_as_pytorch(gan["loss"]["generator"], 0.9750, 0.0067, 8);
  expect_as_pytorch(gan["loss"]["penalty"], 0.6156, 0.0044, 8);
  expect_as_pytorch(gan["test"]["energy_distance"], 0.153, 0.027, 8);
}

}  // namespace
}  // namespace sparcell::test

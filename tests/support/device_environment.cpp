// Tests on a device that is not there are skipped; with SPARCELL_REQUIRE=cuda they fail. Programs that know no
// other device than a GPU are compiled with SPARCELL_GPU_ALONE.
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>

#include "sparcell/core/context.h"

namespace sparcell::test {
namespace {

class DeviceEnvironment : public testing::Environment {
 public:
  void SetUp() override {
    const char* device = std::getenv("SPARCELL_TEST_DEVICE");
#ifdef SPARCELL_GPU_ALONE
    device = "cuda";
#endif
    if (device == nullptr) return;
    try {
      find_device(device);
    } catch (const UsageError& absent) {
      const char* const required = std::getenv("SPARCELL_REQUIRE");
      if (required != nullptr && std::strcmp(required, "cuda") == 0) FAIL() << absent.what();
      GTEST_SKIP() << "no GPU: " << absent.what();
    }
  }
};

const auto* const environment = testing::AddGlobalTestEnvironment(new DeviceEnvironment);

}  // namespace
}  // namespace sparcell::test

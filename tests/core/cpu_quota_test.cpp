#include "core/cpu_quota.h"

#include <gtest/gtest.h>

#include <fstream>

#include "support/temporary.h"

namespace sparcell {
namespace {

/// A process and its control groups, as files below a temporary folder.
class CpuQuota : public testing::Test {
 protected:
  void write(const std::string& path, const std::string& text) {
    const std::filesystem::path file = root_ / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  std::optional<int> quota() const { return core::cpu_quota(root_ / "proc", root_ / "cgroup"); }

 private:
  TemporaryFolder root_;
};

TEST_F(CpuQuota, OfTheUnifiedHierarchyIsTheLeastOfTheGroupAndThoseAbove) {
  write("proc/self/cgroup", "0::/pods/one\n");
  write("cgroup/pods/one/cpu.max", "max 100000\n");
  EXPECT_EQ(quota(), std::nullopt);
  write("cgroup/pods/cpu.max", "400000 100000\n");
  EXPECT_EQ(quota(), 4);
  write("cgroup/pods/one/cpu.max", "250000 100000\n");
  EXPECT_EQ(quota(), 3) << "2.5 rounded up";
  write("cgroup/pods/one/cpu.max", "10000 100000\n");
  EXPECT_EQ(quota(), 1) << "never none";
}

TEST_F(CpuQuota, OfAContainerIsThatOfItsOwnRoot) {
  write("proc/self/cgroup", "0::/host/only/path\n");
  write("cgroup/cpu.max", "200000 100000\n");
  EXPECT_EQ(quota(), 2);
}

TEST_F(CpuQuota, OfTheOldHierarchiesIsThatOfTheCpuController) {
  write("proc/self/cgroup", "5:cpuset:/a\n4:cpu,cpuacct:/a\n1:name=systemd:/a\n");
  write("cgroup/cpu,cpuacct/a/cpu.cfs_period_us", "50000\n");
  write("cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(quota(), std::nullopt);
  write("cgroup/cpu,cpuacct/a/cpu.cfs_quota_us", "300000\n");
  EXPECT_EQ(quota(), 6);
}

TEST_F(CpuQuota, IsNoneWhereNothingCanBeRead) {
  EXPECT_EQ(quota(), std::nullopt);
  write("proc/self/cgroup", "no colons\n0:\n");
  write("cgroup/cpu.max", "many 100000\n");
  EXPECT_EQ(quota(), std::nullopt);
}

}  // namespace
}  // namespace sparcell

// How much processor time control groups leave to this process.
#pragma once

#include <filesystem>
#include <optional>

namespace sparcell::core {

/// Processors' worth of time that the process's control groups allow in a period, rounded up and at least 1;
/// nothing where none of them has a limit. Containers (docker --cpus, Kubernetes) are limited so while their
/// affinity mask names every core of the machine, and more threads than that stop each other. Read are
/// `proc`/self/cgroup and, below `groups`, cpu.max (cgroup v2) or cpu.cfs_quota_us and cpu.cfs_period_us (v1)
/// of the group and of those above it.
std::optional<int> cpu_quota(const std::filesystem::path& proc = "/proc",
                             const std::filesystem::path& groups = "/sys/fs/cgroup");

}  // namespace sparcell::core

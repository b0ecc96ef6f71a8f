#include "core/cpu_quota.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>

namespace sparcell::core {
namespace {

using Path = std::filesystem::path;

/// The numbers that a limit is made of; nothing where the group has none ("max" in v2, -1 in v1) or no such
/// file.
std::optional<double> limit_of_v2(const Path& group) {
  std::ifstream file(group / "cpu.max");
  double quota = 0, period = 0;
  if (file >> quota >> period && quota > 0 && period > 0) return quota / period;
  return std::nullopt;
}

std::optional<double> limit_of_v1(const Path& group) {
  std::ifstream quotas(group / "cpu.cfs_quota_us"), periods(group / "cpu.cfs_period_us");
  double quota = 0, period = 0;
  if (quotas >> quota && periods >> period && quota > 0 && period > 0) return quota / period;
  return std::nullopt;
}

/// The least limit of a group and of those above it, up to the root of its hierarchy.
template <class Limit>
std::optional<double> least(const Path& root, const std::string& name, Limit limit_of) {
  std::optional<double> found;
  // Within a container the name may be the host's and not exist here: the hierarchy's root is the own group
  // then.
  for (Path relative = Path(name).relative_path();; relative = relative.parent_path()) {
    if (const auto limit = limit_of(root / relative)) found = std::min(found.value_or(*limit), *limit);
    if (relative.empty()) return found;
  }
}

/// Whether "cpu" is one of the names in "cpu,cpuacct".
bool has_cpu(const std::string& controllers) {
  return ("," + controllers + ",").find(",cpu,") != std::string::npos;
}

}  // namespace

std::optional<int> cpu_quota(const Path& proc, const Path& groups) {
  std::ifstream memberships(proc / "self" / "cgroup");
  std::optional<double> found;
  for (std::string line; std::getline(memberships, line);) {  // HIERARCHY:CONTROLLERS:GROUP
    const std::size_t first = line.find(':'), second = line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1),
                      name = line.substr(second + 1);
    std::optional<double> limit;
    if (controllers.empty()) {
      limit = least(groups, name, limit_of_v2);
    } else if (has_cpu(controllers)) {
      limit = least(groups / controllers, name, limit_of_v1);
      if (!limit) limit = least(groups / "cpu", name, limit_of_v1);
    }
    if (limit) found = std::min(found.value_or(*limit), *limit);
  }
  if (!found) return std::nullopt;
  // A limit of 2.5 keeps three threads busier than two.
  return std::max(1, static_cast<int>(std::ceil(std::min(*found, 1e6))));
}

}  // namespace sparcell::core

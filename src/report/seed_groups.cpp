#include "report/seed_groups.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>

namespace sparcell {
namespace {

/// Runs of one name by what they were told to do; one that does not say so is by itself.
std::vector<Seeds> by_settings(const std::vector<RunFolder>& runs) {
  std::vector<Seeds> groups;
  for (const RunFolder& run : runs) {
    const std::string name = run.result.value("name", "");
    const auto settings = settings_of(run);
    if (!settings) continue;
    auto group = std::find_if(groups.begin(), groups.end(), [&](const Seeds& other) {
      return other.name == name && other.settings == *settings;
    });
    if (group == groups.end()) group = groups.insert(group, {name, "", *settings, {}});
    group->runs.push_back(&run);
  }
  return groups;
}

/// A seed that is there twice is no other run: of such a group there is no mean.
void leave_out_repeated_seeds(std::vector<Seeds>& groups, Json& warnings) {
  std::erase_if(groups, [&](const Seeds& group) {
    std::map<std::string, std::size_t> seeds;
    for (const RunFolder* run : group.runs) ++seeds[run->result.value("seed", Json()).dump()];
    const auto repeated =
        std::find_if(seeds.begin(), seeds.end(), [](const auto& seed) { return seed.second > 1; });
    if (repeated == seeds.end()) return group.runs.size() < 2;
    warnings.push_back(
        fmt::format("{}: seed {} is there {} times, so no means over seeds are taken of it; give "
                    "each run once.",
                    group.name, repeated->first, repeated->second));
    return true;
  });
}

/// What the settings of groups of one name differ in.
std::vector<std::string> differing(const std::vector<const Seeds*>& groups) {
  std::set<std::string> keys;
  for (const Seeds* group : groups) {
    for (const auto& [key, value] : group->settings) keys.insert(key);
  }
  const auto value = [](const Seeds& group, const std::string& key) {
    const auto found = group.settings.find(key);
    return found == group.settings.end() ? "" : found->second;
  };
  std::erase_if(keys, [&](const std::string& key) {
    return std::all_of(groups.begin(), groups.end(),
                       [&](const Seeds* group) { return value(*group, key) == value(*groups[0], key); });
  });
  return {keys.begin(), keys.end()};
}

void say_what_differs(const std::vector<Seeds>& groups, Json& warnings) {
  std::map<std::string, std::vector<const Seeds*>> of_name;
  for (const Seeds& group : groups) of_name[group.name].push_back(&group);
  for (const auto& [name, same] : of_name) {
    if (same.size() < 2) continue;
    const std::vector<std::string> keys = differing(same);
    const std::size_t shown = std::min<std::size_t>(keys.size(), 3);
    warnings.push_back(
        fmt::format("{}: its runs differ in {}{}; means are taken over runs that differ in their seed only.",
                    name, fmt::join(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(shown), ", "),
                    keys.size() > shown ? fmt::format(" and {} other settings", keys.size() - shown) : ""));
  }
}

/// The experiment's name where no other group and no run has it, and otherwise with a number.
void label_groups(std::vector<Seeds>& groups, const std::vector<std::string>& run_labels) {
  std::set<std::string> taken(run_labels.begin(), run_labels.end());
  for (Seeds& group : groups) {
    const auto same = std::count_if(groups.begin(), groups.end(),
                                    [&](const Seeds& other) { return other.name == group.name; });
    group.label = group.name;
    for (int number = 1; taken.contains(group.label) || (same > 1 && group.label == group.name); ++number)
      group.label =
          fmt::format("{} (mean{})", group.name, same > 1 || number > 1 ? fmt::format(" {}", number) : "");
    taken.insert(group.label);
  }
}

}  // namespace

std::vector<Seeds> groups_of_seeds(const std::vector<RunFolder>& runs,
                                   const std::vector<std::string>& run_labels, Json& warnings) {
  std::vector<Seeds> groups = by_settings(runs);
  say_what_differs(groups, warnings);
  leave_out_repeated_seeds(groups, warnings);
  label_groups(groups, run_labels);
  return groups;
}

}  // namespace sparcell

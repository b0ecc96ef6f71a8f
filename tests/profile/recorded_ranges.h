// What record_ranges.cpp wrote of a program's ranges.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "support/small_experiment.h"

namespace sparcell::test {

/// A range as it was opened, or another event of the file, as the profiler's
/// (cuda_on_host/runtime_profiler.cpp).
struct RecordedEvent {
  std::string kind, name;
  std::vector<std::string> around;  ///< open on the same thread, outermost first
};

struct RecordedRanges {
  std::vector<RecordedEvent> events;  ///< without those that close a range

  std::set<std::string> names() const {
    std::set<std::string> all;
    for (const RecordedEvent& event : events) {
      if (event.kind == "push") all.insert(event.name);
    }
    return all;
  }
};

/// Reads the file; a failure of the test where a range is not closed, closes another thread's, or is none of
/// a registered string in the domain `sparcell`.
inline RecordedRanges read_ranges(const std::string& path) {
  RecordedRanges ranges;
  std::map<std::string, std::vector<std::string>> open;
  std::ifstream file(path);
  EXPECT_TRUE(file.good()) << "no ranges were recorded in " << path;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string thread, kind, domain, name;
    words >> thread >> kind >> domain >> name;
    if (kind == "profiler") {
      ranges.events.push_back({kind, domain, {}});
      continue;
    }
    EXPECT_EQ(domain, "sparcell") << line;
    std::vector<std::string>& stack = open[thread];
    if (kind == "push") {
      ranges.events.push_back({kind, name, stack});
      stack.push_back(name);
      continue;
    }
    EXPECT_EQ(kind, "pop") << line;
    EXPECT_FALSE(stack.empty()) << line << " closes what is not open";
    if (!stack.empty()) stack.pop_back();
  }
  for (const auto& [thread, names] : open) EXPECT_TRUE(names.empty()) << names.back() << " is not closed";
  return ranges;
}

/// Runs of the small experiment under a tool that records ranges.
class RecordedExperiment : public SmallExperiment {
 protected:
  void SetUp() override {
#ifdef RECORD_RANGES_LIBRARY
    around.environment = {{"NVTX_INJECTION64_PATH", RECORD_RANGES_LIBRARY},
                          { "RECORDED_RANGES",
                            folder / "ranges" }};
#else
    GTEST_SKIP() << "NVTX's headers were not found: this build has no ranges";
#endif
  }
  /// Of all that ran since the last call.
  RecordedRanges recorded() const {
    const RecordedRanges ranges = read_ranges(folder / "ranges");
    std::filesystem::remove(folder / "ranges");
    return ranges;
  }
};

}  // namespace sparcell::test

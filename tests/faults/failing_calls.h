// Programs in which one call on a file fails, by the library fail_once.
#pragma once

#include <gmock/gmock.h>

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "support/program.h"

namespace sparcell::test {

/// A call on a file, counted over the calls on files whose path has `in` in it, and how it fails.
struct FailingCall {
  std::string in;
  std::size_t number = 0;
  std::string call;  ///< with the path, for messages
  std::string how;

  bool crashes() const { return how.starts_with("crash"); }
  Surroundings in_surroundings(Surroundings around) const {
    around.environment.insert(around.environment.end(), {{"LD_PRELOAD", FAIL_ONCE_LIBRARY},
                                                         {"FAIL_ONCE_IN", in},
                                                         {"FAIL_ONCE_NUMBER", std::to_string(number)},
                                                         {"FAIL_ONCE_HOW", how}});
    return around;
  }
};

/// Every way in which each call can fail that a program makes on files of `in`.
inline std::vector<FailingCall> failing_calls(const std::string& in,
                                              const std::vector<std::string>& arguments,
                                              Surroundings around) {
  static const std::map<std::string, std::vector<std::string>> failures{
      {"open", {"full", "crash_before"}},
      {"write", {"short", "full", "broken", "crash_before", "crash_after"}},
      {"fsync", {"full", "broken", "crash_before"}},
      {"close", {"broken", "crash_after"}},
      {"link", {"full", "unanswered", "crash_before", "crash_after"}},
      {"rename", {"full", "crash_before", "crash_after"}}};
  const TemporaryFolder folder;
  around.environment.insert(
      around.environment.end(),
      {{"LD_PRELOAD", FAIL_ONCE_LIBRARY}, {"FAIL_ONCE_IN", in}, {"FAIL_ONCE_LOG", folder / "calls"}});
  const Finished watched = sparcell(arguments, around);
  EXPECT_EQ(watched.code, 0) << watched.err;
  std::vector<FailingCall> calls;
  std::ifstream log(folder / "calls");
  std::size_t number = 0;
  for (std::string line; std::getline(log, line); ++number) {
    for (const std::string& how : failures.at(line.substr(0, line.find(' '))))
      calls.push_back({in, number, line, how});
  }
  return calls;
}

/// A process that met the failure: it is dead, did not mind, or says that it can go on or begin again.
inline void expect_clear_end(const FailingCall& failing, const Finished& ended) {
  const bool clear = ended.code == 0 || ended.code == 3 || ended.code == 75;
  EXPECT_TRUE(failing.crashes() ? ended.code == -SIGKILL : clear) << ended.code << ": " << ended.err;
}

}  // namespace sparcell::test

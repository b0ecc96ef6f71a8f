// What a user names as the folder of a run: one answer of all commands to a path that is none.
#pragma once

#include <string>

namespace sparcell {

/// Throws UsageError where the path is no folder: `expected` ("a run's folder") was.
void check_folder(const std::string& path, const std::string& expected);

/// Throws UsageError where the path is no folder of a finished run, and says what it is instead.
void check_finished_run(const std::string& path);

}  // namespace sparcell

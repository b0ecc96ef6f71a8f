// Locks as other processes leave them in a folder.
#pragma once

#include <fcntl.h>
#include <sys/stat.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "experiment/run_lock.h"
#include "support/temporary.h"

namespace sparcell::test {

/// What the lock of this process says.
inline nlohmann::json own_lock() {
  const TemporaryFolder folder;
  const RunLock lock(folder.path());
  return nlohmann::json::parse(file_bytes(folder / "lock.json"));
}

/// What the lock of a process on another host says.
inline nlohmann::json lock_of_another_host() {
  nlohmann::json content = own_lock();
  content["host"] = "node17";
  content["boot"] = "another";
  return content;
}

/// Leaves a lock whose last sign of life was so long ago.
inline void leave_lock(const std::filesystem::path& folder, const nlohmann::json& content, int seconds_ago) {
  const std::string path = folder / "lock.json";
  write_bytes(path, content.dump());
  timespec then{};
  ::clock_gettime(CLOCK_REALTIME, &then);
  then.tv_sec -= seconds_ago;
  const timespec times[] = {then, then};
  ::utimensat(AT_FDCWD, path.c_str(), times, 0);
}

}  // namespace sparcell::test

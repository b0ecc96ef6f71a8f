#pragma once

#include <unistd.h>

#include <cerrno>
#include <string_view>

namespace sparcell {

/// Writes all of it, in as many calls as the system takes; false where one fails, and errno says why.
inline bool write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace sparcell

// Real files for tests: ../shared/data beside the repository, or where SPARCELL_DATA says. Tests that need
// them skip without.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <optional>

namespace sparcell {

inline std::optional<std::filesystem::path> shared_data() {
  const char* named = std::getenv("SPARCELL_DATA");
  const std::filesystem::path folder = named != nullptr ? named : "../shared/data";
  if (!std::filesystem::is_directory(folder)) return std::nullopt;
  return folder;
}

}  // namespace sparcell

/// Defines `data` as the folder of real files, or skips the test.
#define SPARCELL_NEEDS_DATA(data)                                                   \
  if (!sparcell::shared_data())                                                     \
    GTEST_SKIP() << "real data files are absent (../shared/data or SPARCELL_DATA)"; \
  const std::filesystem::path data = *sparcell::shared_data()

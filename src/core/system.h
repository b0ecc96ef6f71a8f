// What the system says of where and when this process runs.
#pragma once

#include <filesystem>
#include <string>

namespace sparcell {

std::string host_name();

/// A variable of the environment; empty where it is not set.
std::string environment(const char* name);

/// As strftime writes it.
std::string utc_now(const char* format = "%Y-%m-%dT%H:%M:%SZ");

/// Whether there is such a file or folder that can be looked at.
bool is_there(const std::filesystem::path& path);

/// Whether there is such a folder that can be looked at.
bool is_folder(const std::filesystem::path& path);

/// Of a path where is_there says no: "there is no such file" - or folder, as `kind` says -, or why it cannot be
/// looked at.
std::string why_absent(const std::filesystem::path& path, const char* kind = "file");

}  // namespace sparcell

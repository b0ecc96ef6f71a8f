#include "core/whole_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "core/write_all.h"
#include "sparcell/core/errors.h"

namespace sparcell {
namespace fs = std::filesystem;
namespace {

constexpr std::string_view unfinished = ".partial";

/// NAME.<process>.partial.
bool is_temporary_name(std::string_view name) {
  if (!name.ends_with(unfinished)) return false;
  name.remove_suffix(unfinished.size());
  const std::size_t dot = name.rfind('.');
  if (dot == 0 || dot == name.npos || dot + 1 == name.size()) return false;
  return name.find_first_not_of("0123456789", dot + 1) == name.npos;
}

/// The rename itself must reach the disk. A file system that cannot sync folders keeps renames in its own
/// way.
void sync_folder_of(const std::string& path) {
  const fs::path folder = fs::path(path).parent_path();
  const int descriptor = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

}  // namespace

WholeFile::WholeFile(const std::string& path)
    : path_(path), temporary_(fmt::format("{}.{}{}", path, ::getpid(), unfinished)) {
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) {
    temporary_.clear();
    fail("created");
  }
}

WholeFile::~WholeFile() { discard(); }

void WholeFile::discard() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  temporary_.clear();
}

void WholeFile::fail(const char* what) {
  const int reason = errno;
  discard();
  throw WriteError("{}: cannot be {} ({})", path_, what, std::strerror(reason));
}

void WholeFile::write(std::string_view bytes) {
  if (!write_all(descriptor_, bytes)) fail("written");
}

void WholeFile::commit(const std::string& previous) {
  require(descriptor_ >= 0, "{} is written twice", path_);
  if (::fsync(descriptor_) != 0) fail("written");
  if (::close(std::exchange(descriptor_, -1)) != 0) fail("written");
  if (!previous.empty() && std::rename(path_.c_str(), previous.c_str()) != 0 && errno != ENOENT)
    fail("kept beside the new one");
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) fail("written");
  temporary_.clear();
  sync_folder_of(path_);
}

void write_file(const std::string& path, const std::string& text) {
  WholeFile file(path);
  file.write(text);
  file.commit();
}

void remove_unfinished_files(const std::string& folder) {
  std::error_code ignored;
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    if (is_temporary_name(entry.path().filename().string())) found.push_back(entry.path());
  }
  for (const fs::path& path : found) fs::remove(path, ignored);
}

}  // namespace sparcell

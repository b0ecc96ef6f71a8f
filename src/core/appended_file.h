// Files that grow while a run goes on.
#pragma once

#include <string>
#include <string_view>

namespace sparcell {

/// Goes on at the end of the file, which is made where it is not there. What a failure or a crash leaves is
/// a part of the last piece: readers must pass over it. Every failure is a WriteError that names the path.
class AppendedFile {
 public:
  explicit AppendedFile(const std::string& path);
  ~AppendedFile();
  AppendedFile(const AppendedFile&) = delete;
  AppendedFile& operator=(const AppendedFile&) = delete;

  /// Returns when the system has it: other processes see it, and it survives this one.
  void append(std::string_view bytes);
  /// Returns when all of it is on the disk. From any thread.
  void sync();

 private:
  [[noreturn]] void fail() const;

  std::string path_;
  int descriptor_ = -1;
};

}  // namespace sparcell

// Files that appear under their name only when they are whole.
#pragma once

#include <string>
#include <string_view>

namespace sparcell {

/// Written under a temporary name beside `path`, synced, renamed; then the folder is synced, so that the file
/// survives a crash of the machine. Without a commit nothing stays. Every failure is a WriteError that names
/// `path`.
class WholeFile {
 public:
  explicit WholeFile(const std::string& path);
  ~WholeFile();
  WholeFile(const WholeFile&) = delete;
  WholeFile& operator=(const WholeFile&) = delete;

  const std::string& temporary() const { return temporary_; }
  void write(std::string_view bytes);
  /// What stood under the name is kept as `previous` where that is given.
  void commit(const std::string& previous = "");
  void discard();

 private:
  [[noreturn]] void fail(const char* what);

  std::string path_, temporary_;
  int descriptor_ = -1;
};

/// Writes `text` as a whole file.
void write_file(const std::string& path, const std::string& text);

/// Removes the temporary files that killed processes left in the folder, which nobody else may be writing to:
/// those of its own, by their names, and nothing in folders below it.
void remove_unfinished_files(const std::string& folder);

}  // namespace sparcell

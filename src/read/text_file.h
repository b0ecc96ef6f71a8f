// Text files, plain or gzipped, line by line.
#pragma once

#include <zlib.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sparcell {

class TextFile {
 public:
  explicit TextFile(const std::string& path);

  /// The next line without its end; false after the last. The text is valid until the next call. Throws
  /// DataError where the file is truncated or damaged.
  bool next(std::string_view& line);
  std::int64_t line_number() const { return line_number_; }
  const std::string& path() const { return path_; }

 private:
  bool refill();

  struct Close {
    void operator()(gzFile file) const { gzclose(file); }
  };

  std::string path_;
  std::unique_ptr<gzFile_s, Close> file_;
  std::vector<char> buffer_;
  std::size_t first_ = 0;  ///< of the bytes not yet given out
  std::size_t last_ = 0;
  bool ended_ = false;
  std::int64_t line_number_ = 0;
};

/// Splits at every `separator`.
std::vector<std::string> split_text(std::string_view text, std::string_view separator);

}  // namespace sparcell

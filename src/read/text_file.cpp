#include "read/text_file.h"

#include <cstring>

#include "sparcell/core/errors.h"

namespace sparcell {
namespace {

constexpr std::size_t buffer_bytes = std::size_t{1} << 18;
constexpr std::size_t longest_line = std::size_t{1} << 24;

}  // namespace

TextFile::TextFile(const std::string& path)
    : path_(path), file_(gzopen(path.c_str(), "rb")), buffer_(buffer_bytes) {
  if (!file_) throw DataError("{}: cannot be opened", path);
  gzbuffer(file_.get(), static_cast<unsigned>(buffer_bytes));
}

bool TextFile::refill() {
  if (ended_) return false;
  if (first_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + first_, last_ - first_);
    last_ -= first_;
    first_ = 0;
  }
  if (last_ == buffer_.size()) {
    if (buffer_.size() >= longest_line)
      throw DataError("{}: line {} is too long for text", path_, line_number_ + 1);
    buffer_.resize(buffer_.size() * 2);
  }
  const int count =
      gzread(file_.get(), buffer_.data() + last_, static_cast<unsigned>(buffer_.size() - last_));
  int problem = Z_OK;
  const char* words = gzerror(file_.get(), &problem);
  if (count < 0 || problem == Z_BUF_ERROR) {
    throw DataError("{}: is truncated or damaged after line {} ({})", path_, line_number_, words);
  }
  last_ += static_cast<std::size_t>(count);
  ended_ = count == 0;
  return count > 0;
}

bool TextFile::next(std::string_view& line) {
  std::size_t searched = first_;
  for (;;) {
    const void* end = std::memchr(buffer_.data() + searched, '\n', last_ - searched);
    if (end != nullptr) {
      const auto length = static_cast<std::size_t>(static_cast<const char*>(end) - buffer_.data()) - first_;
      line = {buffer_.data() + first_, length};
      first_ += length + 1;
      break;
    }
    const std::size_t pending = last_ - first_;
    if (!refill()) {
      if (pending == 0) return false;
      line = {buffer_.data() + first_, pending};
      first_ = last_;
      break;
    }
    searched = first_ + pending;
  }
  if (line.ends_with('\r')) line.remove_suffix(1);
  ++line_number_;
  return true;
}

std::vector<std::string> split_text(std::string_view text, std::string_view separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = separator.empty() ? std::string_view::npos : text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + separator.size());
  }
}

}  // namespace sparcell

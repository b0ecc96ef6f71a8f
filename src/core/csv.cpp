#include "core/csv.h"

#include <cerrno>
#include <cmath>
#include <cstring>
#include <fstream>
#include <sstream>

#include "sparcell/core/errors.h"

namespace sparcell {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file && file.peek() != std::ifstream::traits_type::eof()) text << file.rdbuf();
  if (!file.is_open() || file.bad() || !text)
    throw DataError("{} cannot be read: {}", path, std::strerror(errno));
  return text.str();
}

/// One pass over the text; `record` and `field` are what is being read.
class CsvParser {
 public:
  CsvParser(const std::string& path, char separator) : path_(path), separator_(separator) {}

  std::vector<std::vector<std::string>> parse(const std::string& text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (quoted_) {
        if (c != '"') {
          field_ += c;
        } else if (i + 1 < text.size() && text[i + 1] == '"') {
          field_ += text[++i];
        } else {
          quoted_ = false;
        }
      } else if (c == '"' && field_.empty()) {
        quoted_ = true;
        has_content_ = true;
      } else if (c == separator_) {
        end_field();
        has_content_ = true;
      } else if (c == '\n') {
        end_record();
      } else if (c != '\r' || (i + 1 < text.size() && text[i + 1] != '\n')) {
        field_ += c;
      }
    }
    if (quoted_) throw DataError("{}: a quoted field is not closed (record {})", path_, records_.size() + 1);
    end_record();
    return std::move(records_);
  }

 private:
  void end_field() {
    record_.push_back(std::move(field_));
    field_.clear();
  }
  void end_record() {
    if (has_content_ || !field_.empty()) {
      end_field();
      records_.push_back(std::move(record_));
    }
    record_.clear();
    has_content_ = false;
  }

  const std::string& path_;
  char separator_;
  std::vector<std::vector<std::string>> records_;
  std::vector<std::string> record_;
  std::string field_;
  bool quoted_ = false;
  bool has_content_ = false;  ///< the record has a field that was ended or quoted
};

}  // namespace

std::string csv_field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

void add_csv_field(std::string& line, const std::string& text) {
  line += ',';
  line += csv_field(text);
}

std::string csv_number(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }

std::vector<std::vector<std::string>> parse_csv(const std::string& text, const std::string& path,
                                                char separator) {
  return CsvParser(path, separator).parse(text);
}

std::vector<std::vector<std::string>> read_csv(const std::string& path) {
  return parse_csv(read_file(path), path);
}

}  // namespace sparcell

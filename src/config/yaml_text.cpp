#include "config/yaml_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "config/values.h"

namespace sparcell::config {
namespace {

using Json = nlohmann::ordered_json;

/// Strings of harmless characters that begin like a name or an absolute path and are no word of YAML 1.1.
bool may_be_plain(const std::string& text) {
  static constexpr std::array<std::string_view, 9> reserved{"true", "false", "yes", "no", "on",
                                                            "off",  "null",  "y",   "n"};
  if (text.empty() ||
      !(std::isalpha(static_cast<unsigned char>(text[0])) || text[0] == '_' || text[0] == '/')) {
    return false;
  }
  std::string lower;
  for (const unsigned char c : text) {
    if (c >= 128 || !(std::isalnum(c) || std::string_view("_./+-").find(c) != std::string_view::npos))
      return false;
    lower += static_cast<char>(std::tolower(c));
  }
  return std::find(reserved.begin(), reserved.end(), lower) == reserved.end();
}

enum class References { escape, keep };

std::string quote(const std::string& text, References references) {
  if (may_be_plain(text)) return text;
  std::string quoted = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const unsigned char c = text[i];
    if (c == '"' || c == '\\') {
      quoted += fmt::format("\\{}", text[i]);
    } else if (c < 32 || c == 127) {
      quoted += fmt::format("\\x{:02x}", c);
    } else {
      if (references == References::escape && text.compare(i, 2, "${") == 0) quoted += '$';
      quoted += text[i];
    }
  }
  return quoted + '"';
}

std::string inline_text(const Json& value) {
  if (value.is_string()) return quote(value.get<std::string>(), References::escape);
  if (value.is_number_float()) return number_text(value.get<double>());
  if (value.is_object()) return "{}";
  if (!value.is_array()) return value.dump();
  std::string text = "[";
  for (const Json& item : value) text += (text.size() > 1 ? ", " : "") + inline_text(item);
  return text + "]";
}

void write_map(const Json& map, int indent, std::string& text) {
  for (const auto& [key, value] : map.items()) {
    text += fmt::format("{:{}}{}:", "", indent, quote(key, References::keep));
    if (value.is_object() && !value.empty()) {
      text += '\n';
      write_map(value, indent + 2, text);
    } else {
      text += fmt::format(" {}\n", inline_text(value));
    }
  }
}

}  // namespace

std::string flow_text(const Json& value) {
  if (!value.is_object()) return inline_text(value);
  std::string text;
  for (const auto& [key, item] : value.items())
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", quote(key, References::keep), flow_text(item));
  return "{" + text + "}";
}

std::string yaml_text(const Json& value) {
  if (!value.is_object() || value.empty()) return inline_text(value) + "\n";
  std::string text;
  write_map(value, 0, text);
  return text;
}

}  // namespace sparcell::config

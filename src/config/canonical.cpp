#include "config/canonical.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <vector>

namespace sparcell::config {
namespace {

using Json = nlohmann::ordered_json;

bool needs_escapes(const std::string& text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return c < ' ' || c > '~' || c == '"' || c == '\\'; });
}

void append_string(std::string& text, const std::string& value) {
  if (needs_escapes(value)) {
    text += Json(value).dump();
    return;
  }
  text += '"';
  text += value;
  text += '"';
}

void append_number(std::string& text, double value) {
  if (!std::isfinite(value)) {
    text += "null";
    return;
  }
  std::array<char, 64> digits;
  char* const end = nlohmann::detail::to_chars(digits.data(), digits.data() + digits.size(), value);
  text.append(digits.data(), end);
}

void append(std::string& text, const Json& tree);

void append_object(std::string& text, const Json::object_t& object) {
  std::vector<const Json::object_t::value_type*> entries;
  entries.reserve(object.size());
  for (const auto& entry : object) entries.push_back(&entry);
  std::sort(entries.begin(), entries.end(), [](auto* a, auto* b) { return a->first < b->first; });
  text += '{';
  for (const auto* entry : entries) {
    if (text.back() != '{') text += ',';
    append_string(text, entry->first);
    text += ':';
    append(text, entry->second);
  }
  text += '}';
}

void append_array(std::string& text, const Json::array_t& array) {
  text += '[';
  for (const Json& item : array) {
    if (text.back() != '[') text += ',';
    append(text, item);
  }
  text += ']';
}

void append(std::string& text, const Json& tree) {
  switch (tree.type()) {
    case Json::value_t::object:
      return append_object(text, tree.get_ref<const Json::object_t&>());
    case Json::value_t::array:
      return append_array(text, tree.get_ref<const Json::array_t&>());
    case Json::value_t::string:
      return append_string(text, tree.get_ref<const std::string&>());
    case Json::value_t::number_integer:
      fmt::format_to(std::back_inserter(text), "{}", tree.get<std::int64_t>());
      return;
    case Json::value_t::number_float:
      return append_number(text, tree.get<double>());
    case Json::value_t::boolean:
      text += tree.get<bool>() ? "true" : "false";
      return;
    default:
      text += tree.dump();
  }
}

}  // namespace

std::string canonical_text(const Json& tree) {
  std::string text;
  append(text, tree);
  return text;
}

}  // namespace sparcell::config

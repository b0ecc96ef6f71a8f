// Whether two runs of one experiment say the same, but for rounding.
#pragma once

#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

namespace sparcell::test {

/// Relative to numbers above 1, absolute below.
inline bool agree(double a, double b, double tolerance) {
  return std::abs(a - b) <= tolerance * std::max({1.0, std::abs(a), std::abs(b)});
}

inline std::vector<std::string> split_at(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

inline bool is_number(const std::string& text, double& number) {
  const char* const end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && parsed == end;
}

/// Fields of two CSV texts that differ by more than the tolerance, a sentence each; fields that are no
/// numbers are equal.
inline std::vector<std::string> csv_differences(const std::string& a, const std::string& b,
                                                double tolerance) {
  std::vector<std::string> found;
  const std::vector<std::string> lines_a = split_at(a, '\n'), lines_b = split_at(b, '\n');
  if (lines_a.size() != lines_b.size()) return {"the tables have different numbers of rows"};
  for (std::size_t i = 0; i < lines_a.size(); ++i) {
    const std::vector<std::string> fields_a = split_at(lines_a[i], ','), fields_b = split_at(lines_b[i], ',');
    bool equal = fields_a.size() == fields_b.size();
    for (std::size_t f = 0; equal && f < fields_a.size(); ++f) {
      double x = 0, y = 0;
      equal = fields_a[f] == fields_b[f] ||
              (is_number(fields_a[f], x) && is_number(fields_b[f], y) && agree(x, y, tolerance));
    }
    if (!equal) found.push_back(lines_a[i] + " against " + lines_b[i]);
  }
  return found;
}

/// The same of two JSON trees. `tolerance_of` is asked with a value's key, or that of the list it stands in.
template <class ToleranceOf>
void json_differences(const nlohmann::json& a, const nlohmann::json& b, const std::string& path,
                      const std::string& key, const ToleranceOf& tolerance_of,
                      std::vector<std::string>& found) {
  if (a.is_structured()) {
    if (a.type() != b.type() || a.size() != b.size()) {
      found.push_back(path + " has other entries");
      return;
    }
    for (const auto& [name, value] : a.items()) {
      const nlohmann::json::json_pointer entry("/" + name);
      const std::string below = a.is_array() ? key : name;
      if (b.contains(entry)) {
        json_differences(value, b[entry], path + "/" + name, below, tolerance_of, found);
      } else {
        found.push_back(path + "/" + name + " is missing");
      }
    }
    return;
  }
  const bool equal =
      a.is_number() && b.is_number() ? agree(a.get<double>(), b.get<double>(), tolerance_of(key)) : a == b;
  if (!equal) found.push_back(path + ": " + a.dump() + " against " + b.dump());
}

}  // namespace sparcell::test

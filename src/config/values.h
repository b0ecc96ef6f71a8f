// One value of a file, by the type of its option. Types are what an option declares, never guessed from the
// text.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/problems.h"
#include "sparcell/core/describe.h"

namespace sparcell::config {

/// "at least 0 and below 1"; empty where every number will do.
std::string bounds_text(const Bounds& bounds);

/// The shortest text that reads as the same double.
std::string number_text(double value);

/// Reads the values of one option: fills the argument, or adds a problem that says what was expected.
class ValueReader {
 public:
  ValueReader(std::string path, Problems& problems) : path_(std::move(path)), problems_(problems) {}

  void read(const Node& node, bool& value, const Bounds&);
  void read(const Node& node, std::int64_t& value, const Bounds& bounds);
  void read(const Node& node, double& value, const Bounds& bounds);
  void read(const Node& node, std::string& value, const Bounds&);
  void read(const Node& node, WordOrNumber& value, std::span<const std::string_view> words,
            const Bounds& bounds);

  template <NamedEnum Enum>
  void read(const Node& node, Enum& value, const Bounds&) {
    if (const auto index = word_index(node, Names<Enum>::values)) value = static_cast<Enum>(*index);
  }

  /// No value (`~`, null) is none.
  template <class T>
  void read(const Node& node, std::optional<T>& value, const Bounds& bounds) {
    value.reset();
    if (!node.is_null()) read(node, value.emplace(), bounds);
  }

  /// A single value is a list of one.
  template <class T>
  void read(const Node& node, std::vector<T>& values, const Bounds& bounds) {
    values.clear();
    if (!node.is_list()) {
      read(node, values.emplace_back(), bounds);
      return;
    }
    for (const Node& item : node.items) {
      T value{};
      read(item, value, bounds);
      values.push_back(std::move(value));
    }
  }

  /// "PATH must be EXPECTED, not ...", and a hint after it.
  void expect(const Node& node, std::string_view expected, std::string_view hint = "");

 private:
  std::optional<std::size_t> word_index(const Node& node, std::span<const std::string_view> words);

  std::string path_;
  Problems& problems_;
};

}  // namespace sparcell::config

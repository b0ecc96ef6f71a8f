#include "config/values.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "core/nearest.h"

namespace sparcell::config {
namespace {

std::string found_text(const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      return "but has no value (leave the key out for its default)";
    case Node::Kind::list:
      return "not a list";
    case Node::Kind::map:
      return "not a mapping";
    case Node::Kind::scalar:
      break;
  }
  return fmt::format("not {}'{}'", node.quoted ? "the string " : "", node.text);
}

/// The number that the whole text spells in decimal digits: 010 is ten, 0x10 is none. `beyond` is set where
/// it spells one that the type cannot hold.
template <class Number>
std::optional<Number> number_of(const Node& node, bool* beyond = nullptr) {
  if (!node.is_scalar() || node.quoted) return std::nullopt;
  const char* first = node.text.data();
  const char* last = first + node.text.size();
  if (first != last && *first == '+') ++first;
  Number value{};
  const auto [end, error] = std::from_chars(first, last, value);
  if (error == std::errc::invalid_argument || end != last) return std::nullopt;
  if (first != node.text.data() && *first == '-') return std::nullopt;  // +-1
  if (error == std::errc()) return value;
  if (beyond) *beyond = true;
  return std::nullopt;
}

/// What an integer that 64 bits cannot hold lies beyond: its bound, or that of 64 bits.
std::string beyond_text(const Node& node, const Bounds& bounds) {
  const bool below = node.text.starts_with('-');
  if (std::isfinite(below ? bounds.low : bounds.high)) return bounds_text(bounds);
  using Limits = std::numeric_limits<std::int64_t>;
  return below ? fmt::format("at least {}", Limits::lowest()) : fmt::format("at most {}", Limits::max());
}

}  // namespace

std::string bounds_text(const Bounds& bounds) {
  std::string text;
  if (std::isfinite(bounds.low)) {
    text = fmt::format("{} {}", bounds.low_open ? "above" : "at least", bounds.low);
  }
  if (std::isfinite(bounds.high)) {
    if (!text.empty()) text += " and ";
    text += fmt::format("{} {}", bounds.high_open ? "below" : "at most", bounds.high);
  }
  return text;
}

std::string number_text(double value) {
  std::string text = fmt::format("{}", value);
  if (text.find('.') == std::string::npos) {
    text.insert(std::min(text.find('e'), text.size()), ".0");  // YAML 1.1 takes 1e-05 for a string
  }
  return text;
}

void ValueReader::expect(const Node& node, std::string_view expected, std::string_view hint) {
  problems_.add(node.place, path_,
                fmt::format("{} must be {}, {}{}", path_, expected, found_text(node), hint));
}

void ValueReader::read(const Node& node, bool& value, const Bounds&) {
  static constexpr std::string_view words[] = {"false", "true", "False", "True", "FALSE", "TRUE"};
  const auto* word = std::find(std::begin(words), std::end(words), node.text);
  if (!node.is_scalar() || node.quoted || word == std::end(words)) {
    expect(node, "true or false");
  } else {
    value = (word - words) % 2 == 1;
  }
}

void ValueReader::read(const Node& node, std::int64_t& value, const Bounds& bounds) {
  bool beyond = false;
  const auto number = number_of<std::int64_t>(node, &beyond);
  if (beyond) {
    expect(node, beyond_text(node, bounds));
  } else if (!number) {
    expect(node, "an integer");
  } else if (!bounds.contain(static_cast<double>(*number))) {
    expect(node, bounds_text(bounds));
  } else {
    value = *number;
  }
}

void ValueReader::read(const Node& node, double& value, const Bounds& bounds) {
  bool beyond = false;
  const auto number = number_of<double>(node, &beyond);
  if (beyond) {
    expect(node, "a number in the range of 64-bit floats");
  } else if (!number || !std::isfinite(*number)) {
    expect(node, "a number");
  } else if (!bounds.contain(*number)) {
    expect(node, bounds_text(bounds));
  } else {
    value = *number;
  }
}

void ValueReader::read(const Node& node, std::string& value, const Bounds&) {
  if (node.is_scalar()) {
    value = node.text;
  } else {
    expect(node, "text");
  }
}

void ValueReader::read(const Node& node, WordOrNumber& value, std::span<const std::string_view> words,
                       const Bounds& bounds) {
  if (node.is_scalar() && std::find(words.begin(), words.end(), node.text) != words.end()) {
    value = {.word = node.text, .number = 0};
    return;
  }
  if (!number_of<double>(node)) {
    expect(node, fmt::format("{} or a number", fmt::join(words, ", ")));
    return;
  }
  value.word.clear();
  read(node, value.number, bounds);
}

std::optional<std::size_t> ValueReader::word_index(const Node& node,
                                                   std::span<const std::string_view> words) {
  const auto found = node.is_scalar() ? std::find(words.begin(), words.end(), node.text) : words.end();
  if (found != words.end()) return found - words.begin();
  expect(node, fmt::format("one of {}", fmt::join(words, ", ")),
         did_you_mean(node.text, {words.begin(), words.end()}));
  return std::nullopt;
}

}  // namespace sparcell::config

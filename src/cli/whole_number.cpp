#include "cli/whole_number.h"

#include <fmt/format.h>

#include <charconv>

namespace sparcell {

CLI::Validator whole_number(std::int64_t low, std::int64_t high) {
  const auto problem = [low, high](const std::string& text) -> std::string {
    std::int64_t number = 0;
    const char* const end = text.data() + text.size();
    const auto [stopped, error] = std::from_chars(text.data(), end, number);
    if (stopped != end || error == std::errc::invalid_argument)
      return fmt::format("{} is no whole number", text);
    if (error == std::errc() && low <= number && number <= high) return "";
    return fmt::format("{} is out of bounds, expected {} to {}", text, low, high);
  };
  return CLI::Validator(problem, "");
}

}  // namespace sparcell

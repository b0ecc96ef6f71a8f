// What a user sees while a run goes on: a line per stage, warnings, progress.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include <fmt/format.h>

namespace sparcell {

/// Receives lines for people. The default prints to standard error; a run also writes them into its log.txt.
class Log {
 public:
  enum class Level { info, warning };
  using Sink = std::function<void(Level, const std::string&)>;

  Log();
  explicit Log(Sink sink) : sink_(std::move(sink)) {}

  template <class... Arguments>
  void info(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    sink_(Level::info, fmt::format(text, std::forward<Arguments>(arguments)...));
  }
  template <class... Arguments>
  void warn(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
    sink_(Level::warning, fmt::format(text, std::forward<Arguments>(arguments)...));
  }

 private:
  Sink sink_;
};

}  // namespace sparcell

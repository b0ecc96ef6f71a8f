// Errors that a user reads. Each kind has the exit code that the program ends with.
#pragma once

#include <fmt/format.h>

#include <stdexcept>
#include <string>
#include <utility>

namespace sparcell {

/// Exit codes of the program; scripts rely on them.
enum class ExitCode : int {
  done = 0,
  internal = 1,
  usage = 2,        ///< command line, configuration, or a device that is not there
  data = 3,         ///< an input file or what it holds
  numerical = 4,    ///< a value that is not finite
  memory = 5,       ///< out of device or host memory
  interrupted = 75  ///< stopped by a signal; can be resumed
};

/// An error with a sentence for the user: what is wrong, where, what was expected.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& sentence) : std::runtime_error(sentence), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

template <ExitCode Code>
class ErrorOf : public Error {
 public:
  template <class... Arguments>
  explicit ErrorOf(fmt::format_string<Arguments...> sentence, Arguments&&... arguments)
      : Error(Code, fmt::format(sentence, std::forward<Arguments>(arguments)...)) {}
};

using UsageError = ErrorOf<ExitCode::usage>;
using DataError = ErrorOf<ExitCode::data>;
using NumericalError = ErrorOf<ExitCode::numerical>;
using MemoryError = ErrorOf<ExitCode::memory>;
using Interrupted = ErrorOf<ExitCode::interrupted>;

/// An output that cannot be written, as on a full disk. A run that has a checkpoint can go on later.
class WriteError : public DataError {
 public:
  using DataError::DataError;
};

/// A broken precondition of a function: a mistake in the program, not of its user.
using InternalError = ErrorOf<ExitCode::internal>;

/// Throws InternalError with the formatted sentence unless `condition` holds.
template <class... Arguments>
void require(bool condition, fmt::format_string<Arguments...> sentence, Arguments&&... arguments) {
  if (!condition) throw InternalError(sentence, std::forward<Arguments>(arguments)...);
}

}  // namespace sparcell

#include "cuda_on_host/played.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <string_view>

#include "cuda_on_host/runtime.h"
#include "cuda_on_host/shared_memory.h"
#include "cuda_on_host/streams.h"

namespace cuda_on_host {
namespace {

constexpr std::size_t usual_memory = std::size_t{16} << 30;

[[noreturn]] void refuse(const char* variable, std::string_view value, const char* expected) {
  fmt::print(stderr, "{} is {}, expected {}\n", variable, value, expected);
  std::abort();
}

/// The number that the text is, all of it.
template <class T>
bool reads(std::string_view text, T& number) {
  const char* const end = text.data() + text.size();
  const auto [parsed, error] = std::from_chars(text.data(), end, number);
  return error == std::errc{} && parsed == end;
}

template <class T>
T number_of(const char* variable, T usual) {
  const char* const value = std::getenv(variable);
  if (value == nullptr) return usual;
  T number{};
  if (!reads(value, number)) refuse(variable, value, "a number");
  return number;
}

int driver_from_environment() {
  constexpr const char* variable = "SPARCELL_EMULATED_DRIVER";
  const char* const value = std::getenv(variable);
  if (value == nullptr) return CUDART_VERSION;
  const std::string_view text = value;
  if (text == "none") return 0;
  const std::size_t dot = text.find('.');
  int major = 0, minor = 0;
  if (dot == text.npos || !reads(text.substr(0, dot), major) || !reads(text.substr(dot + 1), minor))
    refuse(variable, text, "none or a version as 11.4");
  return 1000 * major + 10 * minor;
}

/// The call that fails.
struct Failure {
  std::string_view function;
  int calls_before = 0;  ///< that succeed
  bool memory = false;   ///< is what fails, and only once
  bool broken = false;   ///< it happened, and nothing works any more
};

Failure failure_from_environment() {
  constexpr const char* variable = "SPARCELL_EMULATED_FAILURE";
  const char* const value = std::getenv(variable);
  if (value == nullptr) return {};
  std::string_view text = value;
  Failure failure;
  failure.memory = text.ends_with(":memory");
  if (failure.memory) text.remove_suffix(std::string_view(":memory").size());
  const std::size_t colon = text.find(':');
  int call = 1;
  if (!text.starts_with("cuda") || (colon != text.npos && !reads(text.substr(colon + 1), call)) || call < 1)
    refuse(variable, value, "a function, as cudaGraphLaunch, cudaGraphLaunch:3 or cudaGraphLaunch:3:memory");
  failure.function = text.substr(0, colon);
  failure.calls_before = call - 1;
  return failure;
}

}  // namespace

int played_driver() {
  static const int version = driver_from_environment();
  return version;
}

int played_devices() {
  static const int count = number_of("SPARCELL_EMULATED_DEVICES", 1);
  return count;
}

std::size_t played_memory() {
  static const std::size_t bytes = number_of("SPARCELL_EMULATED_MEMORY", usual_memory);
  return bytes;
}

std::size_t played_shared() {
  static const std::size_t bytes = number_of("SPARCELL_EMULATED_SHARED", most_shared_bytes);
  return bytes;
}

int played_capability(int device) {
  constexpr const char* variable = "SPARCELL_EMULATED_CAPABILITIES";
  const char* const value = std::getenv(variable);
  std::string_view left = value == nullptr ? "" : value;
  for (; device > 0 && !left.empty(); --device) {
    const std::size_t comma = left.find(',');
    left = comma == left.npos ? std::string_view() : left.substr(comma + 1);
  }
  if (left.empty()) return 90;
  const std::string_view text = left.substr(0, left.find(','));
  int major = 0, minor = 0;
  const std::size_t dot = text.find('.');
  if (dot == text.npos || !reads(text.substr(0, dot), major) || !reads(text.substr(dot + 1), minor))
    refuse(variable, text, "compute capabilities as 8.0,9.0");
  return 10 * major + minor;
}

cudaError_t played_failure(const char* function) {
  static Failure failure = failure_from_environment();
  if (!failure.broken) {
    if (failure.function != function || failure.calls_before-- != 0) return cudaSuccess;
    if (failure.memory) return report(cudaErrorMemoryAllocation, "out of memory");
    failure.broken = true;
    drop_all();
  }
  return report(cudaErrorUnknown, "an error that was played");
}

}  // namespace cuda_on_host

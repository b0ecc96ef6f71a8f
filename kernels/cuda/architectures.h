#pragma once

#include <charconv>
#include <string_view>

namespace sparcell::cuda {

/// Whether machine code or PTX of one architecture runs on GPUs of a compute capability: machine code of NN on
/// the same major version from its minor one on, PTX on every GPU from NN on; "-real" leaves the PTX out,
/// "-virtual" the machine code.
inline bool has_code_in(std::string_view architecture, int major, int minor) {
  int number = 0;
  const char* const end = architecture.data() + architecture.size();
  const auto [parsed, error] = std::from_chars(architecture.data(), end, number);
  if (error != std::errc{}) return false;
  const std::string_view form(parsed, static_cast<std::size_t>(end - parsed));
  const bool machine_code = form != "-virtual" && number / 10 == major && number % 10 <= minor;
  const bool ptx = form != "-real" && number <= 10 * major + minor;
  return machine_code || ptx;
}

/// Whether a build for these architectures (as CMAKE_CUDA_ARCHITECTURES, with commas: "75-real,90") has code
/// for such GPUs.
inline bool has_code_for(std::string_view architectures, int major, int minor) {
  while (!architectures.empty()) {
    const std::size_t end = architectures.find(',');
    if (has_code_in(architectures.substr(0, end), major, minor)) return true;
    architectures = end == architectures.npos ? std::string_view() : architectures.substr(end + 1);
  }
  return false;
}

}  // namespace sparcell::cuda

#include "cuda_on_host/check/source.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <array>
#include <cstdio>

namespace cuda_on_host::check {

std::string source_of(const void* code) {
  Dl_info info{};
  if (dladdr(code, &info) == 0) return "an unknown place";
  // The address is that of the next instruction.
  const auto offset = static_cast<const char*>(code) - static_cast<const char*>(info.dli_fbase) - 1;
  const std::string command = fmt::format("addr2line -s -e '{}' {:#x} 2>/dev/null", info.dli_fname, offset);
  std::string line;
  if (FILE* pipe = popen(command.c_str(), "r"); pipe != nullptr) {
    std::array<char, 256> text{};
    if (std::fgets(text.data(), text.size(), pipe) != nullptr) line = text.data();
    pclose(pipe);
  }
  while (!line.empty() && (line.back() == '\n' || line.back() == ')')) line.pop_back();
  line = line.substr(0, line.find(" (discriminator"));
  if (line.empty() || line.front() == '?') return fmt::format("{}+{:#x}", info.dli_fname, offset);
  return line;
}

}  // namespace cuda_on_host::check

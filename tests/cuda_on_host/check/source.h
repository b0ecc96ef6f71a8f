// From an address of code to a line of source.
#pragma once

#include <string>

namespace cuda_on_host::check {

/// "file.cu:12", by addr2line; library and offset where that is missing.
std::string source_of(const void* code);

}  // namespace cuda_on_host::check

// Text that JSON, HDF5 and the report can hold.
#pragma once

#include <string_view>

namespace sparcell::config {

/// Whether the bytes are UTF-8 (RFC 3629: shortest forms, no surrogates, up to U+10FFFF).
bool is_utf8(std::string_view bytes);

}  // namespace sparcell::config

#include "config/utf8.h"

#include <algorithm>
#include <bit>
#include <cstdint>

namespace sparcell::config {

bool is_utf8(std::string_view bytes) {
  static constexpr std::uint32_t smallest[] = {0, 0, 0x80, 0x800,
                                               0x10000};  // by length: what shorter forms cannot hold
  while (!bytes.empty()) {
    const auto first = static_cast<std::uint8_t>(bytes[0]);
    const int ones = std::countl_one(first);
    const std::size_t length = std::max(ones, 1);
    if (ones == 1 || ones > 4 || bytes.size() < length) return false;
    std::uint32_t point = first & (0xffu >> (ones + 1));
    for (std::size_t i = 1; i < length; ++i) {
      const auto next = static_cast<std::uint8_t>(bytes[i]);
      if (std::countl_one(next) != 1) return false;
      point = point << 6 | (next & 0x3f);
    }
    const bool surrogate = point >= 0xd800 && point < 0xe000;
    if (point < smallest[length] || point > 0x10ffff || surrogate) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

}  // namespace sparcell::config

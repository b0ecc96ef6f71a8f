// Few elements of many: flagged side by side, in a loop that vectorizes, and then found by their bits.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace sparcell::cpu {

/// Calls found(i) for every bit i of 64 that is set, i ascending.
template <class Found>
void for_each_bit(std::uint64_t bits, Found&& found) {
  for (; bits != 0; bits &= bits - 1) found(static_cast<std::int64_t>(std::countr_zero(bits)));
}

/// Bit i of flags[i], of which there are 64, each 0 or 1.
inline std::uint64_t bits_of(const std::uint8_t* flags) {
  constexpr std::uint64_t flag_to_bit = 0x0102040810204080;  // moves the flag of byte k to bit 56 + k
  std::uint64_t bits = 0;
  for (std::int64_t k = 0; k < 8; ++k) {
    std::uint64_t eight;
    std::memcpy(&eight, flags + 8 * k, sizeof eight);
    bits |= eight * flag_to_bit >> 56 << (8 * k);
  }
  return bits;
}

/// Calls found(i) for every flags[i] that is 1, i ascending; the others are 0. `count` is a multiple of 64.
template <std::int64_t count, class Found>
void for_each_flag(const std::uint8_t* flags, Found&& found) {
  static_assert(count % 64 == 0);
  for (std::int64_t begin = 0; begin < count; begin += 64)
    for_each_bit(bits_of(flags + begin), [&](std::int64_t i) { found(begin + i); });
}

}  // namespace sparcell::cpu

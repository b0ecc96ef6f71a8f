// Few elements of many: flagged side by side, in a loop that vectorizes, and then found by their bits.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

namespace sparcell::cpu {

/// Calls found(i) for every flags[i] that is 1, i ascending; the others are 0. `count` is a multiple of 64.
template <std::int64_t count, class Found>
void for_each_flag(const std::uint8_t* flags, Found&& found) {
  static_assert(count % 64 == 0);
  constexpr std::uint64_t flag_to_bit = 0x0102040810204080;  // moves the flag of byte k to bit 56 + k
  for (std::int64_t begin = 0; begin < count; begin += 64) {
    std::uint64_t bits = 0;
    for (std::int64_t k = 0; k < 8; ++k) {
      std::uint64_t eight;
      std::memcpy(&eight, flags + begin + 8 * k, sizeof eight);
      bits |= eight * flag_to_bit >> 56 << (8 * k);
    }
    for (; bits != 0; bits &= bits - 1) found(begin + std::countr_zero(bits));
  }
}

}  // namespace sparcell::cpu

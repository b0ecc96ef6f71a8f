// Floating-point numbers as unsigned integers of the same order, for sorting by digits.
#pragma once

#include <bit>
#include <cstdint>
#include <type_traits>

#include "math/host_device.h"

namespace sparcell::math {

template <class T>
using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;

template <class T>
inline constexpr int sign_bit = static_cast<int>(sizeof(T)) * 8 - 1;

/// An unsigned number that is ordered as the value is, -0 before 0: of negative ones all bits turn, of others
/// the sign. Without a branch, for signs are as good as random. Requires: `value` is not NaN.
template <class T>
SPARCELL_HD Bits<T> ordered_bits(T value) {
  const auto bits = std::bit_cast<Bits<T>>(value);
  const Bits<T> negative = bits >> sign_bit<T>;
  return bits ^ ((Bits<T>{0} - negative) | Bits<T>{1} << sign_bit<T>);
}

template <class T>
SPARCELL_HD T from_ordered_bits(Bits<T> ordered) {
  const Bits<T> positive = ordered >> sign_bit<T>;
  return std::bit_cast<T>(ordered ^ ((positive - 1) | Bits<T>{1} << sign_bit<T>));
}

}  // namespace sparcell::math

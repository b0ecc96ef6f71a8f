// The one description of every option. An options struct stands beside a function
//
//     template <class Visitor> void describe(Visitor& v, SplitOptions& o) {
//       v.field("train", o.train, share, "Share of the cells that train the models.");
//       ...
//     }
//
// and the YAML reader, `--help`, the JSON schema, the resolved config and the config hash are visitors over it. Fields may be
// bool, std::int64_t, double, std::string, an enum with Names<>, WordOrNumber, a std::vector or std::optional of
// these, or a struct that has a describe() of its own.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace sparcell {

/// The values that a number may have (of each element, for a list).
struct Bounds {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false;   ///< `low` itself is refused
  bool high_open = false;  ///< `high` itself is refused

  bool contain(double x) const {
    return (low_open ? x > low : x >= low) && (high_open ? x < high : x <= high);
  }
};

constexpr Bounds at_least(double low) { return {.low = low}; }
constexpr Bounds above(double low) { return {.low = low, .low_open = true}; }
constexpr Bounds between(double low, double high) { return {.low = low, .high = high}; }
inline constexpr Bounds any_number{};
inline constexpr Bounds share{.low = 0, .high = 1};                             ///< [0, 1]
inline constexpr Bounds probability_below_one{.low = 0, .high = 1, .high_open = true};  ///< [0, 1)

/// Of what there can be: a number that no machine could serve is refused where it was written, and products of two and
/// bytes of a matrix between two widths fit 64 bits.
inline constexpr Bounds possible_count{.low = 1, .high = 1e9};
inline constexpr Bounds possible_count_or_none{.low = 0, .high = 1e9};
inline constexpr Bounds possible_width{.low = 1, .high = 1e8};

/// The YAML words of an enum whose values count from 0. Specialize with `static constexpr std::string_view values[]`.
template <class Enum>
struct Names;

template <class Enum>
concept NamedEnum = requires { Names<Enum>::values[0]; };

template <NamedEnum Enum>
std::string name_of(Enum value) {
  return std::string(Names<Enum>::values[static_cast<int>(value)]);
}

/// A number, or one of the words that the field's description lists (`target_sum: median`).
struct WordOrNumber {
  std::string word;  ///< empty: the number counts
  double number = 0;

  bool is_number() const { return word.empty(); }
  bool operator==(const WordOrNumber&) const = default;
};

}  // namespace sparcell

#include "hdf5/conversion.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

#include "hdf5/types.h"

namespace sparcell::hdf5 {
namespace {

static_assert(std::endian::native == std::endian::little);

template <class From, class T>
T converted(From value) {
  if constexpr (std::integral<From> && std::integral<T>) {
    constexpr T least = std::numeric_limits<T>::min(), most = std::numeric_limits<T>::max();
    return std::cmp_less(value, least) ? least : std::cmp_greater(value, most) ? most : static_cast<T>(value);
  } else {
    return static_cast<T>(value);
  }
}

template <class From, class T>
void convert_from(const std::byte* stored, std::span<T> values) {
  if constexpr (std::same_as<From, T>) {
    std::memcpy(values.data(), stored, values.size_bytes());
  } else {
    for (std::size_t i = 0; i < values.size(); ++i) {
      From value;
      std::memcpy(&value, stored + i * sizeof(From), sizeof(From));
      values[i] = converted<From, T>(value);
    }
  }
}

bool is_one_of(hid_t type, std::initializer_list<hid_t> types) {
  return std::any_of(types.begin(), types.end(), [&](hid_t other) { return H5Tequal(type, other) > 0; });
}

}  // namespace

bool can_convert(hid_t file_type) {
  return is_one_of(file_type, {H5T_IEEE_F32LE, H5T_IEEE_F64LE, H5T_STD_I8LE, H5T_STD_I16LE, H5T_STD_I32LE,
                               H5T_STD_I64LE, H5T_STD_U8LE, H5T_STD_U16LE, H5T_STD_U32LE, H5T_STD_U64LE});
}

template <Number T>
void convert(const ElementType& type, const std::byte* stored, std::span<T> values) {
  if (type.kind == ElementType::Kind::floating) {
    if constexpr (std::floating_point<T>)
      return type.bytes == 4 ? convert_from<float>(stored, values) : convert_from<double>(stored, values);
  }
  switch (type.bytes) {
    case 1:
      return type.is_signed ? convert_from<std::int8_t>(stored, values)
                            : convert_from<std::uint8_t>(stored, values);
    case 2:
      return type.is_signed ? convert_from<std::int16_t>(stored, values)
                            : convert_from<std::uint16_t>(stored, values);
    case 4:
      return type.is_signed ? convert_from<std::int32_t>(stored, values)
                            : convert_from<std::uint32_t>(stored, values);
    default:
      return type.is_signed ? convert_from<std::int64_t>(stored, values)
                            : convert_from<std::uint64_t>(stored, values);
  }
}
template void convert(const ElementType&, const std::byte*, std::span<float>);
template void convert(const ElementType&, const std::byte*, std::span<double>);
template void convert(const ElementType&, const std::byte*, std::span<std::int32_t>);
template void convert(const ElementType&, const std::byte*, std::span<std::int64_t>);

}  // namespace sparcell::hdf5

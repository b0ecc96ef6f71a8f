// Numbers of a file become numbers of this program, without HDF5: in any thread.
#pragma once

#include <cstddef>
#include <span>

#include "hdf5/file.h"

namespace sparcell::hdf5 {

/// Whether `convert` knows elements of the file's type: integers of 1 to 8 bytes, f32 and f64, little-endian.
bool can_convert(hid_t file_type);

/// Whether elements of the type, which `can_convert`, are numbers of this program as they are.
template <Number T>
bool is_stored_as(const ElementType& type) {
  if (type.bytes != sizeof(T)) return false;
  if (std::floating_point<T>) return type.kind == ElementType::Kind::floating;
  return type.kind == ElementType::Kind::integer && type.is_signed == std::is_signed_v<T>;
}

/// `values.size()` elements at `stored`, of a type that `can_convert` and that is `type`. As HDF5 converts:
/// to the nearest number, integers cut to what T holds. T is float, double, std::int32_t or std::int64_t.
template <Number T>
void convert(const ElementType& type, const std::byte* stored, std::span<T> values);

}  // namespace sparcell::hdf5

// How our types and HDF5's meet.
#pragma once

#include "hdf5/file.h"
#include "hdf5/filters.h"

namespace sparcell::hdf5 {

template <Number T>
hid_t native_type() {
  if constexpr (std::same_as<T, float>) return H5T_NATIVE_FLOAT;
  if constexpr (std::same_as<T, double>) return H5T_NATIVE_DOUBLE;
  if constexpr (std::same_as<T, std::int32_t>) return H5T_NATIVE_INT32;
  if constexpr (std::same_as<T, std::int64_t>) return H5T_NATIVE_INT64;
  if constexpr (std::same_as<T, std::uint8_t>) return H5T_NATIVE_UINT8;
}

/// What is stored: little-endian on every machine.
template <Number T>
hid_t stored_type() {
  if constexpr (std::same_as<T, float>) return H5T_IEEE_F32LE;
  if constexpr (std::same_as<T, double>) return H5T_IEEE_F64LE;
  if constexpr (std::same_as<T, std::int32_t>) return H5T_STD_I32LE;
  if constexpr (std::same_as<T, std::int64_t>) return H5T_STD_I64LE;
  if constexpr (std::same_as<T, std::uint8_t>) return H5T_STD_U8LE;
}

ElementType element_type(hid_t type);

/// A UTF-8 string of any length, as h5py writes it.
Handle string_type();
/// numpy's bool: an enumeration FALSE, TRUE over int8.
Handle boolean_type();

/// The strings in a buffer of `count` elements of the fixed-length string type, without padding.
std::vector<std::string> fixed_strings(hid_t type, const std::vector<char>& buffer, std::size_t count);

/// Refuses a number of elements that no file of this size can hold, before memory is asked for: what a
/// damaged header claims. `expansion`: how many times more bytes than are stored there can be.
void check_plausible(const Object& object, std::int64_t elements, std::int64_t element_bytes,
                     std::int64_t stored_bytes, std::int64_t expansion = largest_expansion({}));

}  // namespace sparcell::hdf5

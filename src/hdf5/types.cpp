#include "hdf5/types.h"

#include <algorithm>

namespace sparcell::hdf5 {
namespace {

// Small data may be all fill value.
constexpr std::int64_t always_plausible = 1 << 20;

bool is_boolean(hid_t type) {
  if (H5Tget_nmembers(type) != 2) return false;
  char* name = H5Tget_member_name(type, 0);
  const bool matches = name != nullptr && std::string_view(name) == "FALSE";
  H5free_memory(name);
  return matches;
}

}  // namespace

std::string ElementType::name() const {
  switch (kind) {
    case Kind::integer:
      return fmt::format("{}int{}", is_signed ? "" : "u", bytes * 8);
    case Kind::floating:
      return fmt::format("float{}", bytes * 8);
    case Kind::boolean:
      return "bool";
    case Kind::string:
      return "string";
    case Kind::compound:
      return "compound";
    case Kind::reference:
      return "reference";
    case Kind::other:
      break;
  }
  return "an unusual type";
}

ElementType element_type(hid_t type) {
  using Kind = ElementType::Kind;
  ElementType element;
  element.bytes = static_cast<int>(std::min<std::size_t>(H5Tget_size(type), 1 << 30));
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
      element.kind = Kind::integer;
      element.is_signed = H5Tget_sign(type) == H5T_SGN_2;
      break;
    case H5T_FLOAT:
      element.kind = Kind::floating;
      break;
    case H5T_ENUM: {
      // Other enumerations are read as the integers under them.
      element.kind = is_boolean(type) ? Kind::boolean : Kind::integer;
      element.is_signed = true;
      break;
    }
    case H5T_STRING:
      element.kind = Kind::string;
      break;
    case H5T_COMPOUND:
      element.kind = Kind::compound;
      break;
    case H5T_REFERENCE:
      element.kind = Kind::reference;
      break;
    case H5T_ARRAY: {
      const Handle base(H5Tget_super(type), H5Tclose);
      element = element_type(base.get());
      element.length =
          static_cast<std::int64_t>(H5Tget_size(type) / std::max<std::size_t>(H5Tget_size(base.get()), 1));
      break;
    }
    default:
      break;
  }
  return element;
}

Handle string_type() {
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type.get(), H5T_VARIABLE);
  H5Tset_cset(type.get(), H5T_CSET_UTF8);
  return type;
}

Handle boolean_type() {
  Handle type(H5Tenum_create(H5T_STD_I8LE), H5Tclose);
  const std::int8_t no = 0;
  const std::int8_t yes = 1;
  H5Tenum_insert(type.get(), "FALSE", &no);
  H5Tenum_insert(type.get(), "TRUE", &yes);
  return type;
}

std::vector<std::string> fixed_strings(hid_t type, const std::vector<char>& buffer, std::size_t count) {
  const std::size_t width = H5Tget_size(type);
  const bool spaces = H5Tget_strpad(type) == H5T_STR_SPACEPAD;
  std::vector<std::string> strings;
  strings.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::string_view padded(buffer.data() + i * width, width);
    std::string_view text = padded.substr(0, padded.find('\0'));
    if (spaces) text = text.substr(0, text.find_last_not_of(' ') + 1);
    strings.emplace_back(text);
  }
  return strings;
}

void check_plausible(const Object& object, std::int64_t elements, std::int64_t element_bytes,
                     std::int64_t stored_bytes, std::int64_t expansion) {
  const Handle file(H5Iget_file_id(object.id()), H5Fclose);
  hsize_t file_bytes = 0;
  H5Fget_filesize(file.get(), &file_bytes);
  const std::int64_t stored = std::min(stored_bytes, static_cast<std::int64_t>(file_bytes));
  const std::int64_t most = always_plausible + expansion * stored;
  if (elements < 0 || element_bytes <= 0 || elements > most / element_bytes) {
    throw DataError(
        "{}: claims {} elements, more than the {} bytes stored for it can hold; the file is damaged",
        object.where(), elements, stored);
  }
}

}  // namespace sparcell::hdf5

#include "hdf5/types.h"

namespace sparcell::hdf5 {
namespace {

// Attributes are small; more than this is damage.
constexpr hssize_t most_elements = 1 << 24;

hssize_t elements_of(hid_t attribute, const Object& object, const std::string& name) {
  const Handle space(H5Aget_space(attribute), H5Sclose);
  const hssize_t count = H5Sget_simple_extent_npoints(space.get());
  if (count < 0 || count > most_elements) {
    throw DataError("{}: attribute {} cannot be read; the file is damaged", object.where(), name);
  }
  return H5Sget_simple_extent_type(space.get()) == H5S_NULL ? 0 : count;
}

std::vector<std::string> read_texts(hid_t attribute, const Object& object, const std::string& name) {
  const Handle type(H5Aget_type(attribute), H5Tclose);
  const auto count = static_cast<std::size_t>(elements_of(attribute, object, name));
  if (count == 0) return {};
  const auto fail = [&] {
    return DataError("{}: attribute {} cannot be read; the file is damaged", object.where(), name);
  };
  if (H5Tis_variable_str(type.get()) > 0) {
    std::vector<char*> pointers(count, nullptr);
    if (H5Aread(attribute, type.get(), pointers.data()) < 0) throw fail();
    std::vector<std::string> texts;
    for (char* pointer : pointers) {
      texts.emplace_back(pointer == nullptr ? "" : pointer);
      H5free_memory(pointer);
    }
    return texts;
  }
  if (H5Aget_storage_size(attribute) < count * H5Tget_size(type.get())) throw fail();
  std::vector<char> buffer(count * H5Tget_size(type.get()));
  if (H5Aread(attribute, type.get(), buffer.data()) < 0) throw fail();
  return fixed_strings(type.get(), buffer, count);
}

template <Number T>
std::vector<T> read_numbers(hid_t attribute, const Object& object, const std::string& name) {
  const Handle type(H5Aget_type(attribute), H5Tclose);
  if (!type || !element_type(type.get()).is_number()) {
    throw DataError("{}: attribute {} holds no number", object.where(), name);
  }
  std::vector<T> values(static_cast<std::size_t>(elements_of(attribute, object, name)));
  if (!values.empty() && H5Aread(attribute, native_type<T>(), values.data()) < 0) {
    throw DataError("{}: attribute {} cannot be read; the file is damaged", object.where(), name);
  }
  return values;
}

template <class T>
T only(std::vector<T> values, const Object& object, const std::string& name) {
  if (values.size() != 1) {
    throw DataError("{}: attribute {} has {} values, expected one", object.where(), name, values.size());
  }
  return std::move(values[0]);
}

Handle scalar() { return {H5Screate(H5S_SCALAR), H5Sclose}; }

Handle line(std::size_t length) {
  const hsize_t extent = length;
  return {H5Screate_simple(1, &extent, nullptr), H5Sclose};
}

}  // namespace

std::string Object::where() const { return path_ == "/" ? file() : fmt::format("{}: {}", file(), path_); }

Texts::Place Object::place(Texts::Kind kind, const std::string& name) const {
  H5O_info_t info{};
  if (H5Oget_info2(id_.get(), &info, H5O_INFO_BASIC) < 0) {
    throw DataError("{}: cannot be read; the file is damaged", where());
  }
  return {info.addr, kind, name};
}

bool Object::has_attribute(const std::string& name) const { return H5Aexists(id_.get(), name.c_str()) > 0; }

Handle Object::open_attribute(const std::string& name) const {
  Handle attribute(H5Aopen(id_.get(), name.c_str(), H5P_DEFAULT), H5Aclose);
  if (!attribute) throw DataError("{}: attribute {} is missing", where(), name);
  return attribute;
}

std::string Object::text(const std::string& attribute) const {
  return only(texts(attribute), *this, attribute);
}

std::vector<std::string> Object::texts(const std::string& attribute) const {
  const Handle opened = open_attribute(attribute);
  // An empty list has no type of its own: anndata writes it as numbers.
  if (elements_of(opened.get(), *this, attribute) == 0) return {};
  const Handle type(H5Aget_type(opened.get()), H5Tclose);
  if (!type || H5Tget_class(type.get()) != H5T_STRING) {
    throw DataError("{}: attribute {} holds no text", where(), attribute);
  }
  if (!facts_->texts) return read_texts(opened.get(), *this, attribute);
  const std::vector<std::string>* found = facts_->texts->find(place(Texts::Kind::attribute, attribute));
  if (found == nullptr)
    throw DataError("{}: attribute {} cannot be read; the file is damaged", where(), attribute);
  return *found;
}

std::int64_t Object::integer(const std::string& attribute) const {
  return only(integers(attribute), *this, attribute);
}

std::vector<std::int64_t> Object::integers(const std::string& attribute) const {
  return read_numbers<std::int64_t>(open_attribute(attribute).get(), *this, attribute);
}

double Object::number(const std::string& attribute) const {
  return only(numbers(attribute), *this, attribute);
}

std::vector<double> Object::numbers(const std::string& attribute) const {
  return read_numbers<double>(open_attribute(attribute).get(), *this, attribute);
}

void Object::write_attribute(const std::string& name, hid_t type, hid_t space, const void* value) const {
  H5Eclear2(H5E_DEFAULT);
  Handle attribute(H5Acreate2(id_.get(), name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  if (!attribute || (value != nullptr && H5Awrite(attribute.get(), type, value) < 0) || !attribute.reset()) {
    throw DataError("{}: attribute {} cannot be written{}", where(), name, last_reason());
  }
}

void Object::set(const std::string& attribute, std::string_view value) const {
  const std::string terminated(value);
  const char* pointer = terminated.c_str();
  write_attribute(attribute, string_type().get(), scalar().get(), &pointer);
}

void Object::set(const std::string& attribute, std::span<const std::string> values) const {
  std::vector<const char*> pointers;
  for (const std::string& value : values) pointers.push_back(value.c_str());
  write_attribute(attribute, string_type().get(), line(values.size()).get(),
                  values.empty() ? nullptr : static_cast<const void*>(pointers.data()));
}

void Object::set(const std::string& attribute, std::int64_t value) const {
  write_attribute(attribute, H5T_STD_I64LE, scalar().get(), &value);
}

void Object::set(const std::string& attribute, std::span<const std::int64_t> values) const {
  write_attribute(attribute, H5T_STD_I64LE, line(values.size()).get(),
                  values.empty() ? nullptr : values.data());
}

void Object::set(const std::string& attribute, double value) const {
  write_attribute(attribute, H5T_IEEE_F64LE, scalar().get(), &value);
}

void Object::set(const std::string& attribute, bool value) const {
  const std::int8_t byte = value ? 1 : 0;
  write_attribute(attribute, boolean_type().get(), scalar().get(), &byte);
}

}  // namespace sparcell::hdf5

#include <algorithm>
#include <limits>

#include "hdf5/chunks.h"
#include "hdf5/conversion.h"
#include "hdf5/types.h"

namespace sparcell::hdf5 {
namespace {

std::vector<std::int64_t> shape_of(hid_t dataset, const Object& object) {
  const Handle space(H5Dget_space(dataset), H5Sclose);
  const int dimensions = H5Sget_simple_extent_ndims(space.get());
  if (dimensions < 0) throw DataError("{}: its shape cannot be read; the file is damaged", object.where());
  if (H5Sget_simple_extent_type(space.get()) == H5S_NULL) return {0};
  std::vector<hsize_t> lengths(static_cast<std::size_t>(dimensions));
  H5Sget_simple_extent_dims(space.get(), lengths.data(), nullptr);
  // Sizes that overflow 63 bits are cut here and refused by `check_plausible`.
  constexpr hsize_t largest = std::numeric_limits<std::int32_t>::max() * hsize_t{1024};
  std::vector<std::int64_t> shape;
  for (hsize_t length : lengths) shape.push_back(static_cast<std::int64_t>(std::min(length, largest)));
  return shape;
}

// Whether any of the values, read from numbers of the type, may have been one that T does not hold: those are
// cut to the ends of its range.
template <std::integral T>
bool may_be_cut(const ElementType& type, std::span<const T> values) {
  if (type.bytes < static_cast<int>(sizeof(T)) || is_stored_as<T>(type)) return false;
  int at_an_end = 0;
#pragma omp simd reduction(| : at_an_end)
  for (std::size_t i = 0; i < values.size(); ++i)
    at_an_end |= values[i] == std::numeric_limits<T>::min() || values[i] == std::numeric_limits<T>::max();
  return at_an_end != 0;
}

template <class T>
void fits(const Dataset& dataset, const std::vector<std::int64_t>& wide, T* values) {
  for (std::size_t i = 0; i < wide.size(); ++i) {
    if (wide[i] < std::numeric_limits<T>::min() || wide[i] > std::numeric_limits<T>::max()) {
      throw DataError("{}: element {} is {}, outside of {} to {}", dataset.where(), i, wide[i],
                      static_cast<std::int64_t>(std::numeric_limits<T>::min()),
                      static_cast<std::int64_t>(std::numeric_limits<T>::max()));
    }
    values[i] = static_cast<T>(wide[i]);
  }
}

}  // namespace

Dataset::Dataset(Handle id, SharedFacts facts, std::string path)
    : Object(std::move(id), std::move(facts), std::move(path)) {
  const Handle type(H5Dget_type(id_.get()), H5Tclose);
  if (!type) throw DataError("{}: its type cannot be read; the file is damaged", where());
  type_ = element_type(type.get());
  shape_ = shape_of(id_.get(), *this);
}

std::int64_t Dataset::size() const {
  std::int64_t product = 1;
  for (std::int64_t length : shape_) {
    if (length != 0 && product > std::numeric_limits<std::int64_t>::max() / length) {
      throw DataError("{}: its shape is impossible; the file is damaged", where());
    }
    product *= length;
  }
  return product;
}

std::size_t Dataset::plausible_size() const {
  const std::int64_t elements = size();
  if (elements == 0) return 0;
  const auto stored =
      std::min<hsize_t>(H5Dget_storage_size(id_.get()), std::numeric_limits<std::int64_t>::max());
  check_plausible(*this, elements, std::max(type_.bytes, 1), static_cast<std::int64_t>(stored),
                  largest_expansion(filters_of(id_.get())));
  return static_cast<std::size_t>(elements);
}

void Dataset::check_is_number(bool as_integer) const {
  if (!type_.is_number()) throw DataError("{}: holds {}, expected numbers", where(), type_.name());
  if (as_integer && type_.kind == ElementType::Kind::floating) {
    throw DataError("{}: holds {}, expected integers", where(), type_.name());
  }
}

void Dataset::check_filters() const {
  for (const Filter& filter : filters_of(id_.get())) {
    if (can_undo(filter.id)) continue;
    throw DataError(
        "{}: is compressed with {} (HDF5 filter {}), which sparcell does not decode; write the file again "
        "with gzip, LZF, Blosc, Zstandard or without compression",
        where(), name_of_filter(filter.id), filter.id);
  }
}

void Dataset::read_raw(hid_t memory_type, std::int64_t first, std::int64_t count, void* values) const {
  check_filters();
  Handle file_space(H5Dget_space(id_.get()), H5Sclose);
  Handle memory_space;
  if (!shape_.empty()) {
    std::vector<hsize_t> start(shape_.size(), 0);
    std::vector<hsize_t> extent(shape_.begin(), shape_.end());
    start[0] = static_cast<hsize_t>(first);
    extent[0] = static_cast<hsize_t>(count);
    H5Sselect_hyperslab(file_space.get(), H5S_SELECT_SET, start.data(), nullptr, extent.data(), nullptr);
    memory_space =
        Handle(H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr), H5Sclose);
  } else {
    memory_space = Handle(H5Screate(H5S_SCALAR), H5Sclose);
  }
  H5Eclear2(H5E_DEFAULT);
  if (H5Dread(id_.get(), memory_type, memory_space.get(), file_space.get(), H5P_DEFAULT, values) < 0) {
    throw DataError("{}: cannot be read; the file is truncated or damaged{}", where(), last_reason());
  }
}

template <Number T>
void Dataset::read_numbers(std::int64_t first, std::int64_t count, T* values, int threads) const {
  if (chunk_rows() == 0) return read_raw(native_type<T>(), first, count, values);
  if (!chunks_) chunks_ = std::make_shared<ChunkReader>(*this);
  chunks_->read_rows(first, count, values, threads);
}

template <Number T>
void Dataset::read_rows(std::int64_t first, std::int64_t count, T* values, int threads) const {
  check_is_number(std::integral<T>);
  if (size() == 0 || count == 0) return;
  require(first >= 0 && (shape_.empty() || first + count <= shape_[0]), "{}: rows {} to {} of {} asked for",
          where(), first, first + count, shape_.empty() ? 1 : shape_[0]);
  if constexpr (!std::same_as<T, std::uint8_t>) read_numbers(first, count, values, threads);
  if constexpr (std::same_as<T, std::int32_t> || std::same_as<T, std::uint8_t>) {
    const auto elements = static_cast<std::size_t>(shape_.empty() ? 1 : size() / shape_[0] * count);
    if (std::same_as<T, std::int32_t> && !may_be_cut(type_, std::span<const T>(values, elements))) return;
    std::vector<std::int64_t> wide(elements);
    read_numbers(first, count, wide.data(), threads);
    fits(*this, wide, values);
  }
}
template void Dataset::read_rows(std::int64_t, std::int64_t, float*, int) const;
template void Dataset::read_rows(std::int64_t, std::int64_t, double*, int) const;
template void Dataset::read_rows(std::int64_t, std::int64_t, std::int32_t*, int) const;
template void Dataset::read_rows(std::int64_t, std::int64_t, std::int64_t*, int) const;
template void Dataset::read_rows(std::int64_t, std::int64_t, std::uint8_t*, int) const;

std::vector<std::string> Dataset::read_strings() const {
  if (type_.kind != ElementType::Kind::string)
    throw DataError("{}: holds {}, expected text", where(), type_.name());
  const Handle type(H5Dget_type(id_.get()), H5Tclose);
  return texts_of({}, type.get());
}

std::vector<std::string> Dataset::texts_of(const std::string& member, hid_t file_type) const {
  if (!facts_->texts || size() == 0) return read_strings_as(file_type, member);
  check_filters();
  const std::vector<std::string>* found = facts_->texts->find(place(Texts::Kind::values, member));
  if (found == nullptr || std::ssize(*found) != size()) {
    throw DataError("{}: its texts cannot be read; the file is truncated or damaged", where());
  }
  return *found;
}

std::vector<std::string> Dataset::read_strings_as(hid_t file_type, const std::string& member) const {
  const std::size_t count = plausible_size();
  if (count == 0) return {};
  const bool variable = H5Tis_variable_str(file_type) > 0;
  Handle text(H5Tcopy(file_type), H5Tclose);
  const std::size_t width = H5Tget_size(text.get());
  Handle memory_type;
  if (member.empty()) {
    memory_type = std::move(text);
  } else {
    memory_type = Handle(H5Tcreate(H5T_COMPOUND, width), H5Tclose);
    H5Tinsert(memory_type.get(), member.c_str(), 0, file_type);
  }
  const std::int64_t rows = shape_.empty() ? 1 : shape_[0];
  if (!variable) {
    check_plausible(*this, static_cast<std::int64_t>(count), static_cast<std::int64_t>(width),
                    static_cast<std::int64_t>(H5Dget_storage_size(id_.get())),
                    largest_expansion(filters_of(id_.get())));
    std::vector<char> buffer(count * width);
    read_raw(memory_type.get(), 0, rows, buffer.data());
    return fixed_strings(file_type, buffer, count);
  }
  std::vector<char*> pointers(count, nullptr);
  read_raw(memory_type.get(), 0, rows, pointers.data());
  std::vector<std::string> strings;
  strings.reserve(count);
  for (char* pointer : pointers) {
    strings.emplace_back(pointer == nullptr ? "" : pointer);
    H5free_memory(pointer);
  }
  return strings;
}

std::vector<Member> Dataset::members() const {
  if (type_.kind != ElementType::Kind::compound)
    throw DataError("{}: holds {}, expected a table", where(), type_.name());
  const Handle type(H5Dget_type(id_.get()), H5Tclose);
  const int count = H5Tget_nmembers(type.get());
  std::vector<Member> members;
  for (int i = 0; i < count; ++i) {
    const auto index = static_cast<unsigned>(i);
    char* name = H5Tget_member_name(type.get(), index);
    const Handle member(H5Tget_member_type(type.get(), index), H5Tclose);
    members.push_back({name == nullptr ? "" : name, element_type(member.get())});
    H5free_memory(name);
  }
  return members;
}

template <Number T>
std::vector<T> Dataset::read_member(const Member& member) const {
  if (!member.type.is_number())
    throw DataError("{}: column {} holds {}, expected numbers", where(), member.name, member.type.name());
  check_plausible(*this, member.type.length, static_cast<std::int64_t>(sizeof(T)), 0);
  Handle element(H5Tcopy(native_type<T>()), H5Tclose);
  if (member.type.length > 1) {
    const auto length = static_cast<hsize_t>(member.type.length);
    element = Handle(H5Tarray_create2(native_type<T>(), 1, &length), H5Tclose);
  }
  const Handle row(H5Tcreate(H5T_COMPOUND, H5Tget_size(element.get())), H5Tclose);
  H5Tinsert(row.get(), member.name.c_str(), 0, element.get());
  std::vector<T> values(plausible_size() * static_cast<std::size_t>(member.type.length));
  if (!values.empty()) read_raw(row.get(), 0, shape_.empty() ? 1 : shape_[0], values.data());
  return values;
}
template std::vector<float> Dataset::read_member(const Member&) const;
template std::vector<double> Dataset::read_member(const Member&) const;
template std::vector<std::int64_t> Dataset::read_member(const Member&) const;

std::vector<std::string> Dataset::read_member_strings(const Member& member) const {
  const Handle type(H5Dget_type(id_.get()), H5Tclose);
  const int index = H5Tget_member_index(type.get(), member.name.c_str());
  if (index < 0 || member.type.kind != ElementType::Kind::string) {
    throw DataError("{}: column {} holds {}, expected text", where(), member.name, member.type.name());
  }
  const Handle text(H5Tget_member_type(type.get(), static_cast<unsigned>(index)), H5Tclose);
  return texts_of(member.name, text.get());
}

Dataset Dataset::referenced_by(const std::string& attribute) const {
  const Handle opened(H5Aopen(id_.get(), attribute.c_str(), H5P_DEFAULT), H5Aclose);
  const Handle type(opened ? H5Aget_type(opened.get()) : -1, H5Tclose);
  if (!type || H5Tequal(type.get(), H5T_STD_REF_OBJ) <= 0) {
    throw DataError("{}: attribute {} is no reference to a data set", where(), attribute);
  }
  hobj_ref_t reference{};
  Handle target;
  if (H5Aread(opened.get(), H5T_STD_REF_OBJ, &reference) >= 0) {
    target = Handle(H5Rdereference2(id_.get(), H5P_DEFAULT, H5R_OBJECT, &reference), H5Oclose);
  }
  if (!target || H5Iget_type(target.get()) != H5I_DATASET) {
    throw DataError("{}: attribute {} refers to nothing; the file is damaged", where(), attribute);
  }
  return {std::move(target), facts_, path_ + "@" + attribute};
}

std::int64_t Dataset::chunk_rows() const {
  const Handle properties(H5Dget_create_plist(id_.get()), H5Pclose);
  if (!properties || shape_.empty() || H5Pget_layout(properties.get()) != H5D_CHUNKED) return 0;
  std::vector<hsize_t> lengths(shape_.size());
  if (H5Pget_chunk(properties.get(), static_cast<int>(lengths.size()), lengths.data()) < 1) return 0;
  return static_cast<std::int64_t>(std::min<hsize_t>(lengths[0], static_cast<hsize_t>(shape_[0])));
}

}  // namespace sparcell::hdf5

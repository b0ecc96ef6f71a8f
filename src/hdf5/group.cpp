#include <algorithm>

#include "hdf5/types.h"

namespace sparcell::hdf5 {
namespace {

// Stored chunks of compressed data sets: large enough to compress well, small enough for everybody's chunk
// cache.
constexpr std::int64_t chunk_bytes = 512 * 1024;

herr_t collect(hid_t, const char* name, const H5L_info_t*, void* names) {
  try {
    static_cast<std::vector<std::string>*>(names)->emplace_back(name);
    return 0;
  } catch (...) {
    return -1;
  }
}

Handle dataset_properties(std::span<const std::int64_t> shape, std::int64_t element_bytes, int gzip) {
  Handle properties(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_obj_track_times(properties.get(), false);
  const bool empty = std::find(shape.begin(), shape.end(), 0) != shape.end();
  if (gzip == 0 || shape.empty() || empty) return properties;
  std::int64_t row = element_bytes;
  for (std::size_t d = 1; d < shape.size(); ++d) row *= shape[d];
  std::vector<hsize_t> chunk(shape.begin(), shape.end());
  chunk[0] = static_cast<hsize_t>(std::clamp<std::int64_t>(chunk_bytes / row, 1, shape[0]));
  H5Pset_chunk(properties.get(), static_cast<int>(chunk.size()), chunk.data());
  H5Pset_shuffle(properties.get());
  H5Pset_deflate(properties.get(), static_cast<unsigned>(gzip));
  return properties;
}

Handle space_of(std::span<const std::int64_t> shape) {
  if (shape.empty()) return {H5Screate(H5S_SCALAR), H5Sclose};
  const std::vector<hsize_t> extent(shape.begin(), shape.end());
  return {H5Screate_simple(static_cast<int>(extent.size()), extent.data(), nullptr), H5Sclose};
}

void write_all(const Object& object, hid_t type, const void* values) {
  H5Eclear2(H5E_DEFAULT);
  if (H5Dwrite(object.id(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) {
    throw DataError("{}: cannot be written{}", object.where(), last_reason());
  }
}

}  // namespace

std::string Group::path_of(const std::string& name) const {
  return path_ == "/" ? "/" + name : path_ + "/" + name;
}

bool Group::exists(const std::string& path) const {
  // H5Lexists asks for every step before the last to exist.
  for (std::size_t end = path.find('/');; end = path.find('/', end + 1)) {
    if (H5Lexists(id_.get(), path.substr(0, end).c_str(), H5P_DEFAULT) <= 0) return false;
    if (end == std::string::npos) return H5Oexists_by_name(id_.get(), path.c_str(), H5P_DEFAULT) > 0;
  }
}

bool Group::is_group(const std::string& path) const {
  if (!exists(path)) return false;
  const Handle object(H5Oopen(id_.get(), path.c_str(), H5P_DEFAULT), H5Oclose);
  return object && H5Iget_type(object.get()) == H5I_GROUP;
}

bool Group::is_dataset(const std::string& path) const {
  if (!exists(path)) return false;
  const Handle object(H5Oopen(id_.get(), path.c_str(), H5P_DEFAULT), H5Oclose);
  return object && H5Iget_type(object.get()) == H5I_DATASET;
}

std::vector<std::string> Group::children() const {
  std::vector<std::string> names;
  if (H5Literate(id_.get(), H5_INDEX_NAME, H5_ITER_INC, nullptr, collect, &names) < 0) {
    throw DataError("{}: its members cannot be listed; the file is damaged", where());
  }
  return names;
}

Group Group::group(const std::string& path) const {
  if (!exists(path))
    throw DataError("{}: is missing, expected a group", Group({}, facts_, path_of(path)).where());
  Handle opened(H5Gopen2(id_.get(), path.c_str(), H5P_DEFAULT), H5Gclose);
  if (!opened) throw DataError("{}: is no group, or is damaged", Group({}, facts_, path_of(path)).where());
  return {std::move(opened), facts_, path_of(path)};
}

Dataset Group::dataset(const std::string& path) const {
  if (!exists(path))
    throw DataError("{}: is missing, expected a data set", Group({}, facts_, path_of(path)).where());
  Handle opened(H5Dopen2(id_.get(), path.c_str(), H5P_DEFAULT), H5Dclose);
  if (!opened) throw DataError("{}: is no data set, or is damaged", Group({}, facts_, path_of(path)).where());
  return {std::move(opened), facts_, path_of(path)};
}

Group Group::create_group(const std::string& name) const {
  const Handle properties(H5Pcreate(H5P_GROUP_CREATE), H5Pclose);
  H5Pset_obj_track_times(properties.get(), false);
  H5Eclear2(H5E_DEFAULT);
  Handle created(H5Gcreate2(id_.get(), name.c_str(), H5P_DEFAULT, properties.get(), H5P_DEFAULT), H5Gclose);
  if (!created)
    throw DataError("{}: cannot be created{}", Group({}, facts_, path_of(name)).where(), last_reason());
  return {std::move(created), facts_, path_of(name)};
}

Dataset Group::create_dataset(const std::string& name, hid_t type, hid_t space, hid_t properties) const {
  H5Eclear2(H5E_DEFAULT);
  Handle created(H5Dcreate2(id_.get(), name.c_str(), type, space, H5P_DEFAULT, properties, H5P_DEFAULT),
                 H5Dclose);
  if (!created)
    throw DataError("{}: cannot be created{}", Group({}, facts_, path_of(name)).where(), last_reason());
  return {std::move(created), facts_, path_of(name)};
}

template <Number T>
Dataset Group::write(const std::string& name, std::span<const T> values, std::span<const std::int64_t> shape,
                     Storage storage) const {
  std::int64_t elements = 1;
  for (std::int64_t length : shape) elements *= length;
  require(elements == static_cast<std::int64_t>(values.size()), "{}: a shape of {} elements got {}",
          path_of(name), elements, values.size());
  const Handle properties = dataset_properties(shape, sizeof(T), storage.gzip);
  Dataset dataset = create_dataset(name, stored_type<T>(), space_of(shape).get(), properties.get());
  if (!values.empty()) write_all(dataset, native_type<T>(), values.data());
  return dataset;
}
using Shape = std::span<const std::int64_t>;
template Dataset Group::write(const std::string&, std::span<const float>, Shape, Storage) const;
template Dataset Group::write(const std::string&, std::span<const double>, Shape, Storage) const;
template Dataset Group::write(const std::string&, std::span<const std::int32_t>, Shape, Storage) const;
template Dataset Group::write(const std::string&, std::span<const std::int64_t>, Shape, Storage) const;
template Dataset Group::write(const std::string&, std::span<const std::uint8_t>, Shape, Storage) const;

Dataset Group::write_booleans(const std::string& name, std::span<const std::uint8_t> values) const {
  const std::int64_t length = static_cast<std::int64_t>(values.size());
  const Handle type = boolean_type();
  Dataset dataset =
      create_dataset(name, type.get(), space_of({&length, 1}).get(), dataset_properties({}, 1, 0).get());
  if (!values.empty()) write_all(dataset, type.get(), values.data());
  return dataset;
}

Dataset Group::write_strings(const std::string& name, std::span<const std::string> values) const {
  const std::int64_t length = static_cast<std::int64_t>(values.size());
  std::vector<const char*> pointers;
  for (const std::string& value : values) pointers.push_back(value.c_str());
  const Handle type = string_type();
  Dataset dataset =
      create_dataset(name, type.get(), space_of({&length, 1}).get(), dataset_properties({}, 1, 0).get());
  if (!values.empty()) write_all(dataset, type.get(), pointers.data());
  return dataset;
}

Dataset Group::write_string(const std::string& name, const std::string& value) const {
  const char* pointer = value.c_str();
  const Handle type = string_type();
  Dataset dataset = create_dataset(name, type.get(), space_of({}).get(), dataset_properties({}, 1, 0).get());
  write_all(dataset, type.get(), &pointer);
  return dataset;
}

}  // namespace sparcell::hdf5

#include "hdf5/file.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/system.h"
#include "hdf5/filters.h"
#include "hdf5/rehearsal.h"

namespace sparcell::hdf5 {
namespace {

constexpr std::size_t image_growth = std::size_t{16} << 20;

Handle access_properties() {
  Handle properties(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  // Reading needs no lock, and network file systems often have none.
  H5Pset_file_locking(properties.get(), false, true);
  return properties;
}

}  // namespace

File File::open(const std::string& path) {
  silence();
  FileFacts facts{path, {}};
  if (H5Fis_hdf5(path.c_str()) > 0) facts.texts = rehearse(path);
  return open(std::make_shared<const FileFacts>(std::move(facts)));
}

File File::open_unrehearsed(const std::string& path) {
  return open(std::make_shared<const FileFacts>(FileFacts{path, {}}));
}

File File::open(SharedFacts facts) {
  register_filters();
  const std::string& path = facts->name;
  if (!is_there(path)) throw DataError("{}: {}", path, why_absent(path));
  if (is_folder(path)) throw DataError("{}: is a folder, expected an HDF5 file", path);
  if (::access(path.c_str(), R_OK) != 0)
    throw DataError("{}: cannot be opened ({})", path, std::strerror(errno));
  if (H5Fis_hdf5(path.c_str()) <= 0) throw DataError("{}: is no HDF5 file", path);
  H5Eclear2(H5E_DEFAULT);
  Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access_properties().get()), H5Fclose);
  if (!file) throw DataError("{}: HDF5 cannot open it{}; it is truncated or damaged", path, last_reason());
  return {std::move(file), std::move(facts), "/"};
}

NewFile::NewFile(const std::string& path)
    : Group({}, std::make_shared<const FileFacts>(FileFacts{path, {}}), "/"), whole_(path) {
  silence();
  const Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  H5Pset_obj_track_times(creation.get(), false);
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_fapl_core(access.get(), image_growth, false);
  id_ = Handle(H5Fcreate(whole_.temporary().c_str(), H5F_ACC_TRUNC, creation.get(), access.get()), H5Fclose);
  if (!id_)  // the file on disk is there already: it is the image in memory that is not
    throw MemoryError("{}: no memory to write it in ({} MiB to begin with)", path, image_growth >> 20);
}

void NewFile::commit(const std::string& previous) {
  require(static_cast<bool>(id_), "{}: is written twice", file());
  void** image = nullptr;
  const bool flushed = H5Fflush(id_.get(), H5F_SCOPE_LOCAL) >= 0 &&
                       H5Fget_vfd_handle(id_.get(), H5P_DEFAULT, reinterpret_cast<void**>(&image)) >= 0;
  const ssize_t bytes = flushed ? H5Fget_file_image(id_.get(), nullptr, 0) : 0;
  if (bytes <= 0) throw WriteError("{}: cannot be written{}", file(), last_reason());
  whole_.write({static_cast<const char*>(*image), static_cast<std::size_t>(bytes)});
  whole_.commit(previous);
  id_.reset();
}

}  // namespace sparcell::hdf5

#include "hdf5/file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

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

// Writes everything or leaves errno.
bool write_all(int descriptor, const char* bytes, ssize_t count) {
  while (count > 0) {
    const ssize_t written = ::write(descriptor, bytes, static_cast<std::size_t>(count));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes += written;
    count -= written;
  }
  return true;
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
  const std::string& path = facts->name;
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) throw DataError("{}: there is no such file", path);
  if (std::filesystem::is_directory(path, ignored))
    throw DataError("{}: is a folder, expected an HDF5 file", path);
  if (::access(path.c_str(), R_OK) != 0)
    throw DataError("{}: cannot be opened ({})", path, std::strerror(errno));
  if (H5Fis_hdf5(path.c_str()) <= 0) throw DataError("{}: is no HDF5 file", path);
  H5Eclear2(H5E_DEFAULT);
  Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access_properties().get()), H5Fclose);
  if (!file) throw DataError("{}: HDF5 cannot open it{}; it is truncated or damaged", path, last_reason());
  return {std::move(file), std::move(facts), "/"};
}

NewFile::NewFile(const std::string& path)
    : Group({}, std::make_shared<const FileFacts>(FileFacts{path, {}}), "/"),
      temporary_(fmt::format("{}.{}.partial", path, ::getpid())) {
  silence();
  descriptor_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) {
    temporary_.clear();
    throw WriteError("{}: cannot be created ({})", path, std::strerror(errno));
  }
  const Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  H5Pset_obj_track_times(creation.get(), false);
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_fapl_core(access.get(), image_growth, false);
  id_ = Handle(H5Fcreate(temporary_.c_str(), H5F_ACC_TRUNC, creation.get(), access.get()), H5Fclose);
  if (!id_) {  // the file on disk is there already: it is the image in memory that is not
    discard();
    throw MemoryError("{}: no memory to write it in ({} MiB to begin with)", path, image_growth >> 20);
  }
}

NewFile::~NewFile() { discard(); }

void NewFile::discard() {
  id_.reset();
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
  if (!temporary_.empty()) std::remove(temporary_.c_str());
  temporary_.clear();
}

void NewFile::discard_and_throw(const std::string& problem) {
  discard();
  throw WriteError("{}: {}", file(), problem);
}

void NewFile::commit() {
  require(descriptor_ >= 0, "{}: is written twice", file());
  void** image = nullptr;
  if (H5Fflush(id_.get(), H5F_SCOPE_LOCAL) < 0 ||
      H5Fget_vfd_handle(id_.get(), H5P_DEFAULT, reinterpret_cast<void**>(&image)) < 0) {
    discard_and_throw("cannot be written");
  }
  const ssize_t bytes = H5Fget_file_image(id_.get(), nullptr, 0);
  bool written = bytes > 0 && write_all(descriptor_, static_cast<const char*>(*image), bytes) &&
                 ::fsync(descriptor_) == 0;
  written = ::close(std::exchange(descriptor_, -1)) == 0 && written;
  if (!written || std::rename(temporary_.c_str(), file().c_str()) != 0) {
    discard_and_throw(fmt::format("cannot be written ({})", std::strerror(errno)));
  }
  temporary_.clear();
  discard();
}

}  // namespace sparcell::hdf5

// Which format a file or folder has, by what is in it.
#include <zlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "core/system.h"
#include "hdf5/file.h"
#include "read/source.h"

namespace sparcell {
namespace {

namespace fs = std::filesystem;

constexpr const char* accepted = "AnnData (.h5ad), loom, 10x HDF5 or a Matrix Market triple";

std::string first_bytes(const std::string& path) {
  std::string bytes(16, '\0');
  std::ifstream file(path, std::ios::binary);
  if (!file) throw DataError("{}: cannot be opened", path);
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(file.gcount()));
  return bytes;
}

constexpr std::string_view hdf5_signature = "\x89HDF\r\n\x1a\n";

/// What archives hand out: an .h5ad.gz. It would have to be unpacked whole before HDF5 could look into it.
void refuse_hdf5_in_gzip(const std::string& path) {
  const gzFile file = gzopen(path.c_str(), "rb");
  if (file == nullptr) throw DataError("{}: cannot be opened", path);
  std::string bytes(hdf5_signature.size(), '\0');
  gzread(file, bytes.data(), static_cast<unsigned>(bytes.size()));
  gzclose(file);
  if (bytes == hdf5_signature)
    throw DataError("{0}: is an HDF5 file inside gzip; unpack it first (gunzip --keep {0})", path);
}

bool is_zarr(const fs::path& folder) {
  return fs::exists(folder / ".zgroup") || fs::exists(folder / ".zattrs") || fs::exists(folder / "zarr.json");
}

std::unique_ptr<Source> open_hdf5(const ReadOptions& options) {
  const std::string& path = options.path;
  hdf5::File file = hdf5::File::open(path);
  if (file.is_group("row_attrs") && file.is_group("col_attrs")) return open_loom(std::move(file));
  if (file.exists("obs") && file.exists("var")) return open_h5ad(std::move(file));
  const std::vector<std::string> children = file.children();
  const bool tenx = std::any_of(children.begin(), children.end(),
                                [&](const std::string& name) { return file.exists(name + "/barcodes"); });
  if (tenx) return open_10x_h5(std::move(file), options);
  throw DataError(
      "{}: is an HDF5 file, but neither AnnData (obs and var), loom (row_attrs and "
      "col_attrs) nor 10x (barcodes); it holds {}",
      path, children.empty() ? "nothing" : list_of(children));
}

}  // namespace

std::string list_of(const std::vector<std::string>& names) {
  constexpr std::size_t most = 20;
  std::string list;
  for (std::size_t i = 0; i < std::min(names.size(), most); ++i) list += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > most) list += fmt::format(" and {} more", names.size() - most);
  return names.empty() ? "none" : list;
}

std::unique_ptr<Source> open_source(const ReadOptions& options) {
  const std::string& path = options.path;
  if (path.empty()) throw UsageError("read.path is empty; expected a file or folder: {}", accepted);
  if (!is_there(path)) throw DataError("{}: {}", path, why_absent(path));
  if (is_folder(path)) {
    if (is_zarr(path)) {
      throw DataError(
          "{}: is a zarr store, which sparcell does not read yet; convert it to h5ad with anndata", path);
    }
    return open_10x_mtx(path, options);
  }
  const std::string bytes = first_bytes(path);
  if (bytes.empty()) throw DataError("{}: is empty; expected {}", path, accepted);
  if (bytes.starts_with("\x1f\x8b")) refuse_hdf5_in_gzip(path);
  if (bytes.starts_with("\x1f\x8b") || bytes.starts_with("%%")) return open_10x_mtx(path, options);
  if (bytes.starts_with("PK")) {
    throw DataError("{}: is a zip archive (a zarr store?), which sparcell does not read; expected {}", path,
                    accepted);
  }
  if (!bytes.starts_with(hdf5_signature))
    throw DataError("{}: is of no known format; expected {}", path, accepted);
  return open_hdf5(options);
}

}  // namespace sparcell

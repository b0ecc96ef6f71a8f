#include "anndata/name.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <string_view>

#include "sparcell/core/errors.h"

namespace sparcell {
namespace {

/// Of tables and arrays, of archives, and of files that other programs keep cells in. Any other is left to
/// the user: `.v2` or a temporary name says no format.
constexpr std::array<std::string_view, 22> other_formats{
    ".csv", ".tsv", ".txt", ".xlsx", ".json", ".yaml", ".parquet", ".feather", ".npy", ".npz",    ".mtx",
    ".gz",  ".zip", ".tar", ".loom", ".zarr", ".h5mu", ".rds",     ".rda",     ".mat", ".pickle", ".pkl"};

}  // namespace

void check_anndata_name(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension().string();
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  if (std::find(other_formats.begin(), other_formats.end(), extension) == other_formats.end()) return;
  throw UsageError("{}: an AnnData file is written, which is HDF5; name it so that it ends in .h5ad", path);
}

}  // namespace sparcell

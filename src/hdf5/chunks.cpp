#include "hdf5/chunks.h"

#include <algorithm>
#include <cstring>
#include <mutex>

#include "hdf5/conversion.h"
#include "hdf5/types.h"
#include "sparcell/core/parallel.h"

namespace sparcell::hdf5 {
namespace {

constexpr std::int64_t checksum_bytes = 4;
// Of the chunks that are decoded at one time.
constexpr std::int64_t most_decoded_bytes = std::int64_t{256} << 20;

Object share(const Object& object) {
  H5Iinc_ref(object.id());
  return {Handle(object.id(), H5Dclose), object.facts(), object.path()};
}

}  // namespace

ChunkReader::ChunkReader(const Dataset& dataset)
    : dataset_(share(dataset)),
      type_(H5Dget_type(dataset.id()), H5Tclose),
      element_(dataset.type()),
      converts_(can_convert(type_.get())),
      filters_(filters_of(dataset.id())) {
  dataset.check_filters();
  const std::vector<std::int64_t>& shape = dataset.shape();
  if (shape.empty() || shape.size() > 2) {
    throw DataError("{}: has {} dimensions, expected one or two", dataset.where(), shape.size());
  }
  rows_ = shape[0];
  cols_ = shape.size() == 2 ? shape[1] : 1;
  const Handle properties(H5Dget_create_plist(dataset.id()), H5Pclose);
  hsize_t lengths[2] = {0, 1};
  if (H5Pget_chunk(properties.get(), static_cast<int>(shape.size()), lengths) !=
      static_cast<int>(shape.size()))
    refuse();
  chunk_rows_ = static_cast<std::int64_t>(lengths[0]);
  chunk_cols_ = static_cast<std::int64_t>(lengths[1]);
  // HDF5 keeps the elements of a chunk below 2^32, so the product with the size of a number fits.
  if (chunk_rows_ <= 0 || chunk_cols_ <= 0 || chunk_rows_ * chunk_cols_ >= std::int64_t{1} << 32) refuse();
  chunk_bytes_ = static_cast<std::size_t>(chunk_rows_ * chunk_cols_) * H5Tget_size(type_.get());
}

void ChunkReader::refuse() const {
  throw DataError("{}: a chunk cannot be decoded; the file is damaged", dataset_.where());
}

std::size_t ChunkReader::stored_size(const Corner& corner) const {
  const hsize_t offset[2] = {static_cast<hsize_t>(corner.first), static_cast<hsize_t>(corner.second)};
  hsize_t stored = 0;
  if (H5Dget_chunk_storage_size(dataset_.id(), offset, &stored) < 0) {
    // So it answers for a chunk that was never written, too. This one knows, but walks through all of them.
    haddr_t address = 0;
    unsigned skipped_filters = 0;
    if (H5Dget_chunk_info_by_coord(dataset_.id(), offset, &skipped_filters, &address, &stored) < 0 ||
        address != HADDR_UNDEF)
      refuse();
    return 0;
  }
  if (stored == 0) return 0;
  const auto stored_bytes = static_cast<std::int64_t>(std::min<hsize_t>(stored, hsize_t{1} << 62));
  check_plausible(dataset_, stored_bytes, 1, stored_bytes);
  check_plausible(dataset_, static_cast<std::int64_t>(chunk_bytes_), 1, stored_bytes,
                  largest_expansion(filters_));
  return stored;
}

void ChunkReader::fill(Chunk& chunk) const {
  chunk.bytes.resize(chunk_bytes_);
  const std::size_t width = H5Tget_size(type_.get());
  std::vector<std::byte> value(width);
  const Handle properties(H5Dget_create_plist(dataset_.id()), H5Pclose);
  if (H5Pget_fill_value(properties.get(), type_.get(), value.data()) < 0) refuse();
  for (std::size_t i = 0; i < chunk_bytes_; i += width)
    std::copy(value.begin(), value.end(), chunk.bytes.begin() + static_cast<std::ptrdiff_t>(i));
  chunk.skipped_filters = ~0U;
}

void ChunkReader::read_stored(const Corner& corner, std::size_t size, Chunk& chunk) const {
  chunk.row = corner.first;
  chunk.column = corner.second;
  if (size == 0) return fill(chunk);
  chunk.bytes.resize(size);
  const hsize_t offset[2] = {static_cast<hsize_t>(corner.first), static_cast<hsize_t>(corner.second)};
  if (H5Dread_chunk(dataset_.id(), H5P_DEFAULT, offset, &chunk.skipped_filters, chunk.bytes.data()) < 0)
    refuse();
}

void ChunkReader::decode(Chunk& chunk) const {
  // Filters may leave a checksum beside the data until the last is undone.
  const std::size_t most_bytes = chunk_bytes_ + checksum_bytes * filters_.size();
  Undone undone = Undone::yes;
  for (std::size_t i = filters_.size(); i-- > 0 && undone == Undone::yes;) {
    if ((chunk.skipped_filters >> i & 1U) == 0)
      undone = undo(filters_[i], chunk.bytes, chunk.scratch, most_bytes);
  }
  if (undone == Undone::differs_from_checksum)
    throw DataError("{}: a chunk differs from its checksum; the file is damaged", dataset_.where());
  if (undone == Undone::damaged || chunk.bytes.size() != chunk_bytes_) refuse();
}

template <Number T>
void ChunkReader::convert_elements(const std::byte* stored, std::span<T> values) const {
  if (converts_) return convert(element_, stored, values);
  const std::size_t width = H5Tget_size(type_.get());
  std::vector<std::byte> both(values.size() * std::max(width, sizeof(T)));
  std::memcpy(both.data(), stored, values.size() * width);
  if (H5Tconvert(type_.get(), native_type<T>(), values.size(), both.data(), nullptr, H5P_DEFAULT) < 0)
    refuse();
  std::memcpy(values.data(), both.data(), values.size_bytes());
}

template <Number T>
void ChunkReader::deliver(const Chunk& chunk, const Wanted<T>& wanted) const {
  const std::int64_t last = std::min(chunk.row + chunk_rows_, wanted.last);
  const std::int64_t begin = std::max(chunk.row, wanted.first);
  const std::size_t width = chunk_bytes_ / static_cast<std::size_t>(chunk_rows_ * chunk_cols_);
  const std::int64_t columns = std::min(chunk_cols_, cols_ - chunk.column);
  // A chunk as wide as the data set is in one piece in both.
  const bool in_one = columns == chunk_cols_ && columns == cols_;
  const std::int64_t pieces = in_one ? 1 : last - begin;
  const std::int64_t piece = in_one ? (last - begin) * columns : columns;
  for (std::int64_t r = begin; r < begin + pieces; ++r) {
    convert_elements(chunk.bytes.data() + static_cast<std::size_t>((r - chunk.row) * chunk_cols_) * width,
                     std::span<T>(wanted.out + (r - wanted.first) * cols_ + chunk.column,
                                  static_cast<std::size_t>(piece)));
  }
}

template <Number T>
bool ChunkReader::read_in_place(const Corner& corner, std::size_t size, const Wanted<T>& wanted) const {
  const auto& [row, column] = corner;
  const bool all_of_it = row >= wanted.first && row + chunk_rows_ <= wanted.last && chunk_cols_ == cols_;
  if (!all_of_it || !filters_.empty() || !converts_ || !is_stored_as<T>(element_) || size != chunk_bytes_)
    return false;
  const hsize_t offset[2] = {static_cast<hsize_t>(row), static_cast<hsize_t>(column)};
  unsigned skipped_filters = 0;
  if (H5Dread_chunk(dataset_.id(), H5P_DEFAULT, offset, &skipped_filters,
                    wanted.out + (row - wanted.first) * cols_) < 0)
    refuse();
  return true;
}

template <Number T>
void ChunkReader::read_rows(std::int64_t first, std::int64_t count, T* out, int threads) {
  const Wanted<T> wanted{first, first + count, out};
  std::vector<Corner> corners;
  for (std::int64_t row = first / chunk_rows_ * chunk_rows_; row < first + count; row += chunk_rows_) {
    for (std::int64_t column = 0; column < cols_; column += chunk_cols_) {
      if (row == held_.row && column == held_.column) {
        deliver(held_, wanted);
      } else {
        corners.emplace_back(row, column);
      }
    }
  }
  // Whoever is ready takes the next. What HDF5 converts it converts in this thread.
  const std::int64_t most =
      std::min(std::ssize(corners), most_decoded_bytes / static_cast<std::int64_t>(chunk_bytes_));
  const auto workers = converts_ ? std::clamp<std::int64_t>(most, 1, threads) : 1;
  std::mutex hdf5;
  std::size_t next = 0;
  Chunk last;
  parallel_parts(static_cast<int>(workers), workers, 1, [&](std::int64_t, std::int64_t, int) {
    silence();
    for (Chunk chunk;;) {
      std::unique_lock lock(hdf5);
      if (next == corners.size()) return;
      const std::size_t i = next++;
      const std::size_t size = stored_size(corners[i]);
      if (read_in_place(corners[i], size, wanted)) continue;
      read_stored(corners[i], size, chunk);
      lock.unlock();
      decode(chunk);
      deliver(chunk, wanted);
      if (i + 1 == corners.size()) last = std::move(chunk);
    }
  });
  if (last.row >= 0 && std::min(last.row + chunk_rows_, rows_) > wanted.last) held_ = std::move(last);
}
template void ChunkReader::read_rows(std::int64_t, std::int64_t, float*, int);
template void ChunkReader::read_rows(std::int64_t, std::int64_t, double*, int);
template void ChunkReader::read_rows(std::int64_t, std::int64_t, std::int32_t*, int);
template void ChunkReader::read_rows(std::int64_t, std::int64_t, std::int64_t*, int);

}  // namespace sparcell::hdf5

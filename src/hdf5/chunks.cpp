#include "hdf5/chunks.h"

#include <algorithm>
#include <cstring>

#include "hdf5/conversion.h"
#include "hdf5/types.h"
#include "sparcell/core/parallel.h"

namespace sparcell::hdf5 {
namespace {

constexpr std::int64_t checksum_bytes = 4;
// Chunks that wait for the threads at one time: enough that a slow one holds up few, not more bytes than that
// when decoded.
constexpr std::size_t chunks_a_thread = 8;
constexpr std::size_t most_waiting_bytes = std::size_t{64} << 20;

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

void ChunkReader::read_stored(Chunk& chunk) const {
  const hsize_t offset[2] = {static_cast<hsize_t>(chunk.row), static_cast<hsize_t>(chunk.column)};
  hsize_t stored = 0;
  if (H5Dget_chunk_storage_size(dataset_.id(), offset, &stored) < 0) refuse();
  if (stored == 0) {  // never written: every element is the fill value
    chunk.bytes.resize(chunk_bytes_);
    const std::size_t width = H5Tget_size(type_.get());
    std::vector<std::byte> fill(width);
    const Handle properties(H5Dget_create_plist(dataset_.id()), H5Pclose);
    if (H5Pget_fill_value(properties.get(), type_.get(), fill.data()) < 0) refuse();
    for (std::size_t i = 0; i < chunk_bytes_; i += width)
      std::copy(fill.begin(), fill.end(), chunk.bytes.begin() + static_cast<std::ptrdiff_t>(i));
    chunk.skipped_filters = ~0U;
    return;
  }
  const auto stored_bytes = static_cast<std::int64_t>(std::min<hsize_t>(stored, hsize_t{1} << 62));
  check_plausible(dataset_, stored_bytes, 1, stored_bytes);
  check_plausible(dataset_, static_cast<std::int64_t>(chunk_bytes_), 1, stored_bytes,
                  largest_expansion(filters_));
  chunk.bytes.resize(stored);
  if (H5Dread_chunk(dataset_.id(), H5P_DEFAULT, offset, &chunk.skipped_filters, chunk.bytes.data()) < 0)
    refuse();
}

void ChunkReader::decode(Chunk& chunk) const {
  // Filters may leave a checksum beside the data until the last is undone.
  const std::size_t most_bytes = chunk_bytes_ + checksum_bytes * filters_.size();
  chunk.undone = Undone::yes;
  for (std::size_t i = filters_.size(); i-- > 0 && chunk.undone == Undone::yes;) {
    if ((chunk.skipped_filters >> i & 1U) == 0)
      chunk.undone = undo(filters_[i], chunk.bytes, chunk.scratch, most_bytes);
  }
  if (chunk.undone == Undone::yes && chunk.bytes.size() != chunk_bytes_) chunk.undone = Undone::damaged;
}

void ChunkReader::check(const Chunk& chunk) const {
  if (chunk.undone == Undone::differs_from_checksum)
    throw DataError("{}: a chunk differs from its checksum; the file is damaged", dataset_.where());
  if (chunk.undone == Undone::damaged) refuse();
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
void ChunkReader::deliver(const Chunk& chunk, std::int64_t first, std::int64_t count, T* out) const {
  const std::int64_t last = std::min(chunk.row + chunk_rows_, first + count);
  const std::int64_t begin = std::max(chunk.row, first);
  const std::size_t width = chunk_bytes_ / static_cast<std::size_t>(chunk_rows_ * chunk_cols_);
  const std::int64_t columns = std::min(chunk_cols_, cols_ - chunk.column);
  // A chunk as wide as the data set is in one piece in both.
  const bool in_one = columns == chunk_cols_ && columns == cols_;
  const std::int64_t pieces = in_one ? 1 : last - begin;
  const std::int64_t piece = in_one ? (last - begin) * columns : columns;
  for (std::int64_t r = begin; r < begin + pieces; ++r) {
    convert_elements(chunk.bytes.data() + static_cast<std::size_t>((r - chunk.row) * chunk_cols_) * width,
                     std::span<T>(out + (r - first) * cols_ + chunk.column, static_cast<std::size_t>(piece)));
  }
}

template <Number T>
void ChunkReader::read_rows(std::int64_t first, std::int64_t count, T* out, int threads) {
  const std::size_t wait_for = std::clamp<std::size_t>(most_waiting_bytes / chunk_bytes_, 1,
                                                       chunks_a_thread * static_cast<std::size_t>(threads));
  batch_.resize(wait_for);
  std::size_t waiting = 0;
  const auto finish = [&] {
    parallel_for(threads, static_cast<std::int64_t>(waiting), 1, [&](std::int64_t i) {
      Chunk& chunk = batch_[static_cast<std::size_t>(i)];
      decode(chunk);
      if (converts_ && chunk.undone == Undone::yes) deliver(chunk, first, count, out);
    });
    for (std::size_t i = 0; i < waiting; ++i) {
      check(batch_[i]);
      if (!converts_) deliver(batch_[i], first, count, out);
    }
    if (waiting > 0) std::swap(held_, batch_[waiting - 1]);
    waiting = 0;
  };
  for (std::int64_t row = first / chunk_rows_ * chunk_rows_; row < first + count; row += chunk_rows_) {
    for (std::int64_t column = 0; column < cols_; column += chunk_cols_) {
      if (row == held_.row && column == held_.column) {
        deliver(held_, first, count, out);
        continue;
      }
      Chunk& chunk = batch_[waiting];
      chunk.row = row;
      chunk.column = column;
      chunk.skipped_filters = 0;
      read_stored(chunk);
      if (++waiting == wait_for) finish();
    }
  }
  finish();
}
template void ChunkReader::read_rows(std::int64_t, std::int64_t, float*, int);
template void ChunkReader::read_rows(std::int64_t, std::int64_t, double*, int);
template void ChunkReader::read_rows(std::int64_t, std::int64_t, std::int64_t*, int);

}  // namespace sparcell::hdf5

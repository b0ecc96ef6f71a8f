#include "hdf5/chunks.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "hdf5/types.h"

namespace sparcell::hdf5 {
namespace {

constexpr std::size_t checksum_bytes = 4;

// HDF5's Fletcher-32 over big-endian 16-bit words.
std::uint32_t fletcher32(std::span<const std::byte> bytes) {
  constexpr std::size_t words_before_overflow = 360;
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  const auto fold = [](std::uint32_t sum) { return (sum & 0xffff) + (sum >> 16); };
  const auto byte = [&](std::size_t i) {
    return i < bytes.size() ? static_cast<std::uint32_t>(bytes[i]) : 0;
  };
  std::size_t words = 0;
  for (std::size_t i = 0; i < bytes.size(); i += 2) {
    low += byte(i) << 8 | byte(i + 1);
    high += low;
    if (++words % words_before_overflow == 0) {
      low = fold(low);
      high = fold(high);
    }
  }
  low = fold(fold(low));
  high = fold(fold(high));
  return high << 16 | low;
}

void unshuffle(std::span<const std::byte> planes, std::size_t width, std::byte* out) {
  const std::size_t elements = planes.size() / width;
  for (std::size_t b = 0; b < width; ++b) {
    const std::byte* plane = planes.data() + b * elements;
    for (std::size_t e = 0; e < elements; ++e) out[e * width + b] = plane[e];
  }
  const std::size_t whole = elements * width;  // what is left over stands at the end as it is
  std::copy(planes.begin() + static_cast<std::ptrdiff_t>(whole), planes.end(), out + whole);
}

Object share(const Object& object) {
  H5Iinc_ref(object.id());
  return {Handle(object.id(), H5Dclose), object.facts(), object.path()};
}

}  // namespace

ChunkReader::ChunkReader(const Dataset& dataset)
    : dataset_(share(dataset)),
      type_(H5Dget_type(dataset.id()), H5Tclose),
      properties_(H5Dget_create_plist(dataset.id()), H5Pclose) {
  dataset.check_filters();
  const std::vector<std::int64_t>& shape = dataset.shape();
  if (shape.empty() || shape.size() > 2) {
    throw DataError("{}: has {} dimensions, expected one or two", dataset.where(), shape.size());
  }
  rows_ = shape[0];
  cols_ = shape.size() == 2 ? shape[1] : 1;
  hsize_t lengths[2] = {0, 1};
  if (H5Pget_chunk(properties_.get(), static_cast<int>(shape.size()), lengths) !=
      static_cast<int>(shape.size()))
    refuse();
  chunk_rows_ = static_cast<std::int64_t>(lengths[0]);
  chunk_cols_ = static_cast<std::int64_t>(lengths[1]);
  // HDF5 keeps the elements of a chunk below 2^32, so the product with the size of a number fits.
  if (chunk_rows_ <= 0 || chunk_cols_ <= 0 || chunk_rows_ * chunk_cols_ >= std::int64_t{1} << 32) refuse();
  chunk_bytes_ = static_cast<std::size_t>(chunk_rows_ * chunk_cols_) * H5Tget_size(type_.get());
  for (int i = 0; i < H5Pget_nfilters(properties_.get()); ++i) {
    unsigned flags = 0;
    unsigned values[1] = {0};
    std::size_t count = 1;
    const H5Z_filter_t id = H5Pget_filter2(properties_.get(), static_cast<unsigned>(i), &flags, &count,
                                           values, 0, nullptr, nullptr);
    filters_.push_back({id, count > 0 ? values[0] : 0});
  }
}

void ChunkReader::refuse() const {
  throw DataError("{}: a chunk cannot be decoded; the file is damaged", dataset_.where());
}

void ChunkReader::read_stored(const hsize_t* offset, unsigned& skipped_filters) {
  hsize_t stored = 0;
  if (H5Dget_chunk_storage_size(dataset_.id(), offset, &stored) < 0) refuse();
  if (stored == 0) {  // never written: every element is the fill value
    chunk_.resize(chunk_bytes_);
    const std::size_t width = H5Tget_size(type_.get());
    std::vector<std::byte> fill(width);
    if (H5Pget_fill_value(properties_.get(), type_.get(), fill.data()) < 0) refuse();
    for (std::size_t i = 0; i < chunk_bytes_; i += width)
      std::copy(fill.begin(), fill.end(), chunk_.begin() + static_cast<std::ptrdiff_t>(i));
    skipped_filters = ~0U;
    return;
  }
  const auto stored_bytes = static_cast<std::int64_t>(std::min<hsize_t>(stored, hsize_t{1} << 62));
  check_plausible(dataset_, stored_bytes, 1, stored_bytes);
  check_plausible(dataset_, static_cast<std::int64_t>(chunk_bytes_), 1, stored_bytes);
  chunk_.resize(stored);
  if (H5Dread_chunk(dataset_.id(), H5P_DEFAULT, offset, &skipped_filters, chunk_.data()) < 0) refuse();
}

// Filters may leave a checksum beside the data until the last is undone.
void ChunkReader::undo(const Filter& filter) {
  if (filter.id == H5Z_FILTER_FLETCHER32) {
    if (chunk_.size() < checksum_bytes) refuse();
    const std::size_t length = chunk_.size() - checksum_bytes;
    std::uint32_t stored = 0;
    std::memcpy(&stored, chunk_.data() + length, checksum_bytes);
    chunk_.resize(length);
    if (fletcher32(chunk_) != stored) {
      throw DataError("{}: a chunk differs from its checksum; the file is damaged", dataset_.where());
    }
  } else if (filter.id == H5Z_FILTER_DEFLATE) {
    scratch_.resize(chunk_bytes_ + checksum_bytes * filters_.size());
    uLongf length = scratch_.size();
    if (uncompress(reinterpret_cast<Bytef*>(scratch_.data()), &length,
                   reinterpret_cast<const Bytef*>(chunk_.data()), chunk_.size()) != Z_OK) {
      refuse();
    }
    scratch_.resize(length);
    chunk_.swap(scratch_);
  } else if (filter.element_bytes > 1) {
    scratch_.resize(chunk_.size());
    unshuffle(chunk_, filter.element_bytes, scratch_.data());
    chunk_.swap(scratch_);
  }
}

void ChunkReader::decode(std::int64_t row, std::int64_t column, hid_t memory_type,
                         std::size_t element_bytes) {
  if (row == held_row_ && column == held_column_ && memory_type == held_type_) return;
  held_row_ = -1;
  const hsize_t offset[2] = {static_cast<hsize_t>(row), static_cast<hsize_t>(column)};
  unsigned skipped = 0;
  read_stored(offset, skipped);
  for (std::size_t i = filters_.size(); i-- > 0;) {
    if ((skipped >> i & 1U) == 0) undo(filters_[i]);
  }
  if (chunk_.size() != chunk_bytes_) refuse();
  const auto elements = static_cast<std::size_t>(chunk_rows_ * chunk_cols_);
  chunk_.resize(std::max(chunk_bytes_, elements * element_bytes));
  if (H5Tconvert(type_.get(), memory_type, elements, chunk_.data(), nullptr, H5P_DEFAULT) < 0) refuse();
  held_row_ = row;
  held_column_ = column;
  held_type_ = memory_type;
}

void ChunkReader::read_rows(std::int64_t first, std::int64_t count, hid_t memory_type,
                            std::size_t element_bytes, std::byte* out) {
  const std::int64_t last = first + count;
  for (std::int64_t row = first / chunk_rows_ * chunk_rows_; row < last; row += chunk_rows_) {
    for (std::int64_t column = 0; column < cols_; column += chunk_cols_) {
      decode(row, column, memory_type, element_bytes);
      const auto width = static_cast<std::size_t>(std::min(chunk_cols_, cols_ - column)) * element_bytes;
      for (std::int64_t r = std::max(row, first); r < std::min(row + chunk_rows_, last); ++r) {
        std::memcpy(out + static_cast<std::size_t>((r - first) * cols_ + column) * element_bytes,
                    chunk_.data() + static_cast<std::size_t>((r - row) * chunk_cols_) * element_bytes, width);
      }
    }
  }
}

}  // namespace sparcell::hdf5

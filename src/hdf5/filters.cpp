#include "hdf5/filters.h"

#include <blosc.h>
#include <libdeflate.h>
#include <lzf.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>

namespace sparcell::hdf5 {
namespace {

// Of the registry of HDF5's filters.
constexpr H5Z_filter_t lzf_filter = 32000, blosc_filter = 32001, zstd_filter = 32015;

using Bytes = std::span<const std::byte>;

std::optional<std::size_t> inflate(Bytes in, std::span<std::byte> out) {
  const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> inflater(
      libdeflate_alloc_decompressor(), libdeflate_free_decompressor);
  std::size_t length = 0;
  if (!inflater || libdeflate_zlib_decompress(inflater.get(), in.data(), in.size(), out.data(), out.size(),
                                              &length) != LIBDEFLATE_SUCCESS)
    return {};
  return length;
}

std::optional<std::size_t> decode_lzf(Bytes in, std::span<std::byte> out) {
  constexpr std::size_t most = UINT32_MAX;  // its lengths are unsigned int
  const unsigned length = in.size() > most
                              ? 0
                              : lzf_decompress(in.data(), static_cast<unsigned>(in.size()), out.data(),
                                               static_cast<unsigned>(std::min(out.size(), most)));
  if (length == 0) return {};
  return length;
}

std::optional<std::size_t> decode_blosc(Bytes in, std::span<std::byte> out) {
  std::size_t claimed = 0;
  if (blosc_cbuffer_validate(in.data(), in.size(), &claimed) < 0 || claimed > out.size()) return {};
  const int length = blosc_decompress_ctx(in.data(), out.data(), out.size(), 1);
  if (length < 0 || static_cast<std::size_t>(length) != claimed) return {};
  return claimed;
}

std::optional<std::size_t> decode_zstd(Bytes in, std::span<std::byte> out) {
  const std::size_t length = ZSTD_decompress(out.data(), out.size(), in.data(), in.size());
  if (ZSTD_isError(length) != 0) return {};
  return length;
}

/// A filter that makes chunks smaller.
struct Compression {
  H5Z_filter_t id;
  const char* name;
  std::int64_t largest_expansion;
  std::optional<std::size_t> (*decode)(Bytes in, std::span<std::byte> out);
};

// Deflate expands 1,032 times at most, LZF a match of 264 bytes from 3. Blosc may hold Zstandard, which makes
// a block of 128 KiB from 4 bytes.
constexpr Compression compressions[] = {{H5Z_FILTER_DEFLATE, "gzip", 1100, inflate},
                                        {lzf_filter, "LZF", 100, decode_lzf},
                                        {blosc_filter, "Blosc", 33000, decode_blosc},
                                        {zstd_filter, "Zstandard", 33000, decode_zstd}};

const Compression* compression_of(H5Z_filter_t id) {
  const auto* found = std::find_if(std::begin(compressions), std::end(compressions),
                                   [&](const Compression& compression) { return compression.id == id; });
  return found == std::end(compressions) ? nullptr : found;
}

constexpr std::size_t checksum_bytes = 4;

// HDF5's Fletcher-32 over big-endian 16-bit words.
std::uint32_t fletcher32(Bytes bytes) {
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

Undone check(std::vector<std::byte>& bytes) {
  if (bytes.size() < checksum_bytes) return Undone::damaged;
  const std::size_t length = bytes.size() - checksum_bytes;
  std::uint32_t stored = 0;
  std::memcpy(&stored, bytes.data() + length, checksum_bytes);
  bytes.resize(length);
  return fletcher32(bytes) == stored ? Undone::yes : Undone::differs_from_checksum;
}

template <std::size_t width>
void unshuffle(const std::byte* planes, std::size_t elements, std::byte* out) {
  for (std::size_t e = 0; e < elements; ++e) {
    for (std::size_t b = 0; b < width; ++b) out[e * width + b] = planes[b * elements + e];
  }
}

void unshuffle(Bytes planes, std::size_t width, std::byte* out) {
  const std::size_t elements = planes.size() / width;
  if (width == 4) {
    unshuffle<4>(planes.data(), elements, out);
  } else if (width == 8) {
    unshuffle<8>(planes.data(), elements, out);
  } else {
    for (std::size_t b = 0; b < width; ++b) {
      const std::byte* plane = planes.data() + b * elements;
      for (std::size_t e = 0; e < elements; ++e) out[e * width + b] = plane[e];
    }
  }
  const std::size_t whole = elements * width;  // what is left over stands at the end as it is
  std::copy(planes.begin() + static_cast<std::ptrdiff_t>(whole), planes.end(), out + whole);
}

/// HDF5 calls it for a chunk, whose memory is of HDF5's and may be replaced; 0 is a failure.
template <H5Z_filter_t id>
std::size_t undo_for_hdf5(unsigned flags, std::size_t, const unsigned*, std::size_t stored_bytes,
                          std::size_t* buffer_bytes, void** buffer) {
  if ((flags & H5Z_FLAG_REVERSE) == 0) return 0;  // sparcell writes none of these
  const Compression& compression = *compression_of(id);
  const Bytes stored(static_cast<const std::byte*>(*buffer), stored_bytes);
  const std::size_t most = std::min<std::size_t>(
      std::size_t{1} << 32, (std::size_t{1} << 20) + stored_bytes * compression.largest_expansion);
  // The pipeline does not say how much comes out.
  for (std::size_t room = std::max({*buffer_bytes, 4 * stored_bytes, std::size_t{4096}});; room *= 2) {
    void* decoded = H5allocate_memory(std::min(room, most), false);
    if (decoded == nullptr) return 0;
    const std::optional<std::size_t> length =
        compression.decode(stored, {static_cast<std::byte*>(decoded), std::min(room, most)});
    if (!length) {
      H5free_memory(decoded);
      if (room >= most) return 0;
      continue;
    }
    H5free_memory(*buffer);
    *buffer = decoded;
    *buffer_bytes = std::min(room, most);
    return *length;
  }
}

template <H5Z_filter_t id>
void register_filter() {
  constexpr unsigned encodes = 1;  // without it HDF5 creates no data set of the filter, as tests do
  const H5Z_class2_t description{.version = H5Z_CLASS_T_VERS,
                                 .id = id,
                                 .encoder_present = encodes,
                                 .decoder_present = 1,
                                 .name = compression_of(id)->name,
                                 .can_apply = nullptr,
                                 .set_local = nullptr,
                                 .filter = undo_for_hdf5<id>};
  H5Zregister(&description);
}

}  // namespace

std::vector<Filter> filters_of(hid_t dataset) {
  const Handle properties(H5Dget_create_plist(dataset), H5Pclose);
  const int count = properties ? H5Pget_nfilters(properties.get()) : 0;
  std::vector<Filter> filters;
  for (int i = 0; i < count; ++i) {
    unsigned flags = 0;
    unsigned parameters[8] = {};
    std::size_t given = std::size(parameters);
    const H5Z_filter_t id = H5Pget_filter2(properties.get(), static_cast<unsigned>(i), &flags, &given,
                                           parameters, 0, nullptr, nullptr);
    filters.push_back({id, {parameters, parameters + std::min(given, std::size(parameters))}});
  }
  return filters;
}

bool can_undo(H5Z_filter_t id) {
  return id == H5Z_FILTER_SHUFFLE || id == H5Z_FILTER_FLETCHER32 || compression_of(id) != nullptr;
}

std::string name_of_filter(H5Z_filter_t id) {
  if (const Compression* compression = compression_of(id)) return compression->name;
  switch (id) {
    case H5Z_FILTER_SZIP:
      return "szip";
    case 32004:
      return "LZ4";
    case 32008:
      return "bitshuffle";
    case 32026:
      return "Blosc2";
    default:
      return "an unknown method";
  }
}

std::int64_t largest_expansion(std::span<const Filter> filters) {
  std::int64_t largest = compression_of(H5Z_FILTER_DEFLATE)->largest_expansion;
  for (const Filter& filter : filters) {
    if (const Compression* compression = compression_of(filter.id))
      largest = std::max(largest, compression->largest_expansion);
  }
  return largest;
}

Undone undo(const Filter& filter, std::vector<std::byte>& bytes, std::vector<std::byte>& scratch,
            std::size_t most_bytes) {
  if (filter.id == H5Z_FILTER_FLETCHER32) return check(bytes);
  if (filter.id == H5Z_FILTER_SHUFFLE) {
    const std::size_t width = filter.parameters.empty() ? 1 : filter.parameters[0];
    if (width <= 1) return Undone::yes;
    scratch.resize(bytes.size());
    unshuffle(bytes, width, scratch.data());
  } else {
    const Compression* compression = compression_of(filter.id);
    if (compression == nullptr) return Undone::damaged;
    scratch.resize(most_bytes);
    const std::optional<std::size_t> length = compression->decode(bytes, scratch);
    if (!length) return Undone::damaged;
    scratch.resize(*length);
  }
  bytes.swap(scratch);
  return Undone::yes;
}

void register_filters() {
  static std::once_flag once;
  std::call_once(once, [] {
    register_filter<lzf_filter>();
    register_filter<blosc_filter>();
    register_filter<zstd_filter>();
  });
}

}  // namespace sparcell::hdf5

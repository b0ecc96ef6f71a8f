#include "report/arrays.h"

#include <zlib.h>

#include <algorithm>
#include <bit>
#include <cmath>

#include "sparcell/core/errors.h"

namespace sparcell {
namespace {

constexpr int gzip_window = 15 + 16;

std::uint32_t missing(int width) { return width == 1 ? 0xFF : width == 2 ? 0xFFFF : 0xFFFFFFFF; }

// An f32 whose last ten of 23 bits are 0: four digits, and bytes that compress.
std::uint32_t short_bits(double value) {
  if (!std::isfinite(value)) return std::bit_cast<std::uint32_t>(std::nanf(""));
  const auto bits = std::bit_cast<std::uint32_t>(static_cast<float>(value));
  const std::uint32_t rounded = (bits + 0x200) & ~std::uint32_t{0x3FF};
  return std::isfinite(std::bit_cast<float>(rounded)) ? rounded : bits;
}

}  // namespace

Json Arrays::append(std::span<const std::uint32_t> values, int width) {
  const std::size_t at = bytes_.size();
  for (int byte = 0; byte < width; ++byte) {
    for (const std::uint32_t value : values) bytes_ += static_cast<char>(value >> (8 * byte) & 0xFF);
  }
  return {{"at", at}, {"count", values.size()}, {"bytes", width}};
}

Json Arrays::stepped(std::span<const float> values, int width, std::uint32_t steps) {
  float low = 0, high = 0;
  bool any = false;
  for (const float value : values) {
    if (!std::isfinite(value)) continue;
    low = any ? std::min(low, value) : value;
    high = any ? std::max(high, value) : value;
    any = true;
  }
  const double step = high > low ? (double{high} - double{low}) / steps : 1;
  std::vector<std::uint32_t> codes;
  codes.reserve(values.size());
  for (const float value : values) {
    codes.push_back(std::isfinite(value)
                        ? static_cast<std::uint32_t>(std::lround((double{value} - double{low}) / step))
                        : missing(width));
  }
  Json place = append(codes, width);
  place["low"] = low;
  place["step"] = step;
  return place;
}

Json Arrays::numbers(std::span<const double> values) {
  std::vector<std::uint32_t> bits;
  bits.reserve(values.size());
  for (const double value : values) bits.push_back(short_bits(value));
  return append(bits, 4);
}

Json Arrays::codes(std::span<const std::int64_t> values) {
  // One more is written than they are, and the largest that fits says that there is no number.
  const std::int64_t largest = 1 + (values.empty() ? 0 : *std::max_element(values.begin(), values.end()));
  require(largest < 0xFFFFFF, "codes up to {}", largest - 1);
  const int width = largest < 0xFF ? 1 : largest < 0xFFFF ? 2 : 3;
  std::vector<std::uint32_t> bits;
  bits.reserve(values.size());
  for (const std::int64_t value : values) bits.push_back(static_cast<std::uint32_t>(value + 1));
  Json place = append(bits, width);
  place["low"] = -1;
  place["step"] = 1;
  return place;
}

std::string Arrays::packed() const {
  z_stream stream{};
  require(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, gzip_window, 9, Z_DEFAULT_STRATEGY) == Z_OK,
          "zlib does not start");
  std::string packed(deflateBound(&stream, bytes_.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes_.data()));
  stream.avail_in = static_cast<uInt>(bytes_.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int status = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  require(status == Z_STREAM_END, "zlib did not end: {}", status);
  return packed;
}

}  // namespace sparcell

#include "experiment/event_file.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

#include "core/crc32c.h"
#include "core/system.h"

namespace sparcell {
namespace {

static_assert(std::endian::native == std::endian::little);

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

template <class T>
std::string bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string varint(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  return bytes + static_cast<char>(value);
}

// Fields of a protobuf message, by their number.
enum WireType { varint_type = 0, fixed64_type = 1, length_type = 2, fixed32_type = 5 };
std::string key(int field, WireType type) { return varint(static_cast<std::uint64_t>(field << 3 | type)); }
std::string number(int field, double value) { return key(field, fixed64_type) + bytes_of(value); }
std::string number(int field, float value) { return key(field, fixed32_type) + bytes_of(value); }
std::string number(int field, std::int64_t value) {
  return key(field, varint_type) + varint(static_cast<std::uint64_t>(value));
}
std::string message(int field, const std::string& content) {
  return key(field, length_type) + varint(content.size()) + content;
}
std::string packed(int field, const std::vector<double>& values) {
  return message(field, {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(double)});
}

// event.proto and summary.proto of TensorBoard.
std::string event_with_summary(std::int64_t step, const std::string& tag, const std::string& value) {
  const std::string summary = message(1, message(1, tag) + value);
  return number(2, step) + message(5, summary);
}

std::string histogram(std::span<const float> values) {
  constexpr std::size_t buckets = 64;
  double low = std::numeric_limits<double>::infinity(), high = -low, sum = 0, squares = 0;
  std::int64_t count = 0;
  for (const float v : values) {
    if (!std::isfinite(v)) continue;
    const auto value = static_cast<double>(v);
    low = std::min(low, value);
    high = std::max(high, value);
    sum += value;
    squares += value * value;
    ++count;
  }
  if (count == 0) low = high = 0;
  const double width = high > low ? (high - low) / buckets : 1;
  std::vector<double> limits(buckets), counts(buckets, 0.0);
  for (std::size_t b = 0; b < buckets; ++b) limits[b] = low + static_cast<double>(b + 1) * width;
  for (const float v : values) {
    if (!std::isfinite(v)) continue;
    const auto bucket = static_cast<std::size_t>((static_cast<double>(v) - low) / width);
    ++counts[std::min(bucket, buckets - 1)];
  }
  return number(1, low) + number(2, high) + number(3, static_cast<double>(count)) + number(4, sum) +
         number(5, squares) + packed(6, limits) + packed(7, counts);
}

std::string masked_checksum(const std::string& bytes) {
  Crc32c crc;
  crc.update(bytes);
  const std::uint32_t value = crc.value();
  return bytes_of<std::uint32_t>((value >> 15 | value << 17) + 0xa282ead8u);
}

std::string name_of_file() {
  return fmt::format("events.out.tfevents.{:.0f}.{}.{}", now(), host_name(), ::getpid());
}

}  // namespace

EventFile::EventFile(const std::string& folder) : file_(folder + "/" + name_of_file()) {
  write_event(message(3, "brain.Event:2"));
  flush();
}

void EventFile::write_event(const std::string& content) {
  const std::string event = number(1, now()) + content;
  const std::string length = bytes_of(static_cast<std::uint64_t>(event.size()));
  pending_ += length + masked_checksum(length) + event + masked_checksum(event);
}

void EventFile::flush() { file_.append(std::exchange(pending_, {})); }

void EventFile::add(const std::string& model, const EpochRecord& record) {
  const std::pair<const char*, const LossParts*> parts[] = {
      {"train", &record.train}, {"validation", &record.validation}, {"train", &record.diagnostics}};
  for (const auto& [split, losses] : parts) {
    for (const auto& [name, value] : *losses)
      add_scalar(fmt::format("{}/{}/{}", model, split, name), record.step, value);
  }
  const std::lock_guard guard(mutex_);
  flush();
}

void EventFile::add_scalar(const std::string& tag, std::int64_t step, double value) {
  const std::lock_guard guard(mutex_);
  write_event(event_with_summary(step, tag, number(2, static_cast<float>(value))));
}

void EventFile::add_histogram(const std::string& tag, std::int64_t step, std::span<const float> values) {
  const std::string event = event_with_summary(step, tag, message(5, histogram(values)));
  const std::lock_guard guard(mutex_);
  write_event(event);
  flush();
}

}  // namespace sparcell

// Long columns of numbers of the page: as text they would be most of it. They lie beside its JSON as
// compressed bytes, and the JSON says where.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "report/json.h"

namespace sparcell {

class Arrays {
 public:
  /// Numbers in equal steps from the smallest to the largest, 254 of them for what is shown as a colour or
  /// 4,094 for places on a screen: {at, count, bytes, low, step}. What is not finite has no step.
  Json colours(std::span<const float> values) { return stepped(values, 1, 254); }
  Json places(std::span<const float> values) { return stepped(values, 2, 4094); }
  /// Numbers to four significant digits: {at, count, bytes: 4}.
  Json numbers(std::span<const double> values);
  /// Whole numbers from -1 (none): {at, count, bytes, low, step} too.
  Json codes(std::span<const std::int64_t> values);

  /// Everything as the page holds it: gzipped. Of every array the lowest bytes of all numbers come first,
  /// then the next, which compresses better.
  std::string packed() const;
  const std::string& bytes() const { return bytes_; }

 private:
  Json stepped(std::span<const float> values, int width, std::uint32_t steps);
  Json append(std::span<const std::uint32_t> values, int width);

  std::string bytes_;
};

}  // namespace sparcell

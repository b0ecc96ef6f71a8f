// An output that is poisoned before an op writes it and guarded around, so that a test sees what was not
// written and what was written beside it.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

namespace sparcell::test {

template <class T>
class Guarded {
 public:
  explicit Guarded(std::int64_t size) : memory_(static_cast<std::size_t>(size + 2 * margin), poison()) {}
  ~Guarded() {
    for (std::size_t i = 0; i < margin; ++i) {
      EXPECT_TRUE(poisoned(memory_[i])) << "written " << margin - i << " before the output";
      EXPECT_TRUE(poisoned(memory_[memory_.size() - margin + i]))
          << "written " << i + 1 << " behind the output";
    }
  }
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  std::span<T> span() { return std::span<T>(memory_).subspan(margin, memory_.size() - 2 * margin); }
  T* data() { return memory_.data() + margin; }
  const T& operator[](std::int64_t i) const { return memory_[margin + i]; }

 private:
  static constexpr std::size_t margin = 16;
  static constexpr T poison() {
    if constexpr (std::is_floating_point_v<T>) return std::numeric_limits<T>::quiet_NaN();
    return static_cast<T>(0x5a5a5a5a);
  }
  static bool poisoned(T value) {
    if constexpr (std::is_floating_point_v<T>) return value != value;
    return value == poison();
  }

  std::vector<T> memory_;
};

}  // namespace sparcell::test

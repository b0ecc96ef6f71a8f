// CRC-32C (Castagnoli): checks checkpoints and the records of event files.
#pragma once

#include <nmmintrin.h>

#include <cstdint>
#include <cstring>
#include <string_view>

namespace sparcell {

/// With the processor's instruction, which x86-64-v3 has.
class Crc32c {
 public:
  void update(std::string_view bytes) {
    std::uint64_t crc = state_;
    for (; bytes.size() >= sizeof(std::uint64_t); bytes.remove_prefix(sizeof(std::uint64_t))) {
      std::uint64_t word;
      std::memcpy(&word, bytes.data(), sizeof word);
      crc = _mm_crc32_u64(crc, word);
    }
    state_ = static_cast<std::uint32_t>(crc);
    for (const char byte : bytes) state_ = _mm_crc32_u8(state_, static_cast<std::uint8_t>(byte));
  }
  std::uint32_t value() const { return ~state_; }

 private:
  std::uint32_t state_ = 0xffffffff;
};

}  // namespace sparcell

// SHA-256 (FIPS 180-4): checksums of data files and the hash that names a configuration.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sparcell {

/// A running digest: feed bytes in any portions, then ask once.
class Sha256 {
 public:
  void update(std::span<const std::byte> bytes);
  void update(std::string_view text) { update(std::as_bytes(std::span(text))); }

  /// The digest of everything fed so far as 64 lower-case hex digits. More bytes may follow.
  std::string hex() const;

 private:
  static constexpr std::size_t block_bytes = 64;

  void compress(const std::byte* block);

  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<std::byte, block_bytes> pending_{};
  std::uint64_t length_ = 0;  ///< bytes fed
};

}  // namespace sparcell

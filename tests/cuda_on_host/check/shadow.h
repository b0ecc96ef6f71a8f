// What the check build knows of every 4 bytes of device and shared memory: who accessed them last, whether
// they hold a value.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace cuda_on_host::check {

inline constexpr std::size_t granule = 4;
inline constexpr unsigned warp = 32;

/// One access. Stamps of an earlier launch are of no interest, so memory needs no reset between launches.
struct Stamp {
  std::uint32_t launch = 0;  ///< 0: none
  std::uint32_t block = 0;
  std::uint32_t interval = 0;  ///< barriers of the block before it
  std::uint16_t epoch = 0;     ///< warp operations of the thread before it
  std::uint16_t thread : 10 = 0;
  std::uint16_t bytes : 4 = 0;  ///< which of the 4
  std::uint16_t atomic : 1 = 0;
};
static_assert(sizeof(Stamp) == 16);

/// The last write, and reads by up to three threads: the last one, another one of its warp, one of another
/// warp. A write that is not ordered after some read is not ordered after one of these.
struct Cell {
  Stamp write, read, read_in_warp, read_elsewhere;
};

/// Of the 4 bytes: which were written, and whether they are memory at all.
inline constexpr std::uint8_t written_bits = 0x0f, exists_bit = 0x10;

/// Cells and states of one range of addresses.
class Shadow {
 public:
  /// Of `bytes` from `base` on, without a price for what is never touched.
  void map(const char* base, std::size_t bytes);
  Shadow() = default;
  ~Shadow() { unmap(); }
  Shadow(const Shadow&) = delete;
  Shadow& operator=(const Shadow&) = delete;

  bool contains(const char* address) const {
    return static_cast<std::size_t>(address - base_) < bytes_;  // addresses below wrap to large numbers
  }
  Cell& cell(const char* address) const { return cells_[index(address)]; }
  std::uint8_t& state(const char* address) const { return states_[index(address)]; }
  void set_exists(const char* first, std::size_t bytes, bool exists);
  void set_written(const char* first, std::size_t bytes);

 private:
  void unmap();
  std::size_t index(const char* address) const { return static_cast<std::size_t>(address - base_) / granule; }

  const char* base_ = nullptr;
  std::size_t bytes_ = 0;
  Cell* cells_ = nullptr;
  std::uint8_t* states_ = nullptr;
};

}  // namespace cuda_on_host::check

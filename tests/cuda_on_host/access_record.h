// What kernels load and store, as a warp's requests: every access through device/access.h is noted with its
// place in the kernel, and the n-th access at a place of the 32 lanes of a warp is one request. That is what
// a GPU does with lanes that run together; where lanes skip an access in the middle of a loop, later ones may
// be counted as other requests than a GPU would make.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "cuda_on_host/device_runtime.h"  // access_record, note_access

namespace cuda_on_host {

/// Figures of one kernel, over its launches.
struct AccessFigures {
  dim3 grid, block;                ///< of the last launch
  std::size_t dynamic_shared = 0;  ///< likewise, in bytes
  std::int64_t launches = 0;
  std::int64_t read = 0, written = 0;  ///< bytes of global memory; what lanes of a request share counts once
  std::int64_t sectors = 0;            ///< pieces of 32 bytes that requests touch
  std::int64_t ideal_sectors = 0;      ///< the fewest that hold as many bytes
  int bank_conflict = 0;               ///< the worst of a request to shared memory: 1 is none
};

class AccessRecord {
 public:
  void begin_launch(const std::string& kernel, dim3 grid, dim3 block, std::size_t dynamic_shared);
  void access(const void* place, const void* address, std::size_t bytes, bool write);
  void end_launch() { close_block(); }

  const std::map<std::string, AccessFigures>& kernels() const { return kernels_; }

 private:
  struct Access {
    std::uintptr_t address;
    std::uint32_t bytes;
    std::int16_t lane;
    bool write;
  };
  /// The accesses at one place of the block that runs.
  struct Place {
    std::vector<std::int32_t> times;                         ///< by thread
    std::vector<std::vector<std::vector<Access>>> requests;  ///< by warp, in the order of times
  };

  void close_block();
  void count_global(const std::vector<Access>& request);
  void count_shared(const std::vector<Access>& request);

  std::map<std::string, AccessFigures> kernels_;
  AccessFigures* kernel_ = nullptr;
  unsigned threads_ = 0;
  dim3 running_;  ///< the block
  std::unordered_map<const void*, Place> places_;
};

}  // namespace cuda_on_host

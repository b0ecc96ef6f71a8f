// Owners of HDF5 identifiers, and the sentences that HDF5's failures become.
#pragma once

#include <hdf5.h>

#include <string>
#include <utility>

#include "sparcell/core/errors.h"

namespace sparcell::hdf5 {

/// An HDF5 identifier that is closed with its owner. Knows how: H5Gclose, H5Dclose...
class Handle {
 public:
  using Close = herr_t (*)(hid_t);

  Handle() = default;
  Handle(hid_t id, Close close) : id_(id), close_(close) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  ~Handle() { reset(); }

  /// Closes now; false where HDF5 reports a failure, such as a full disk while it writes what it still held.
  bool reset() {
    const hid_t id = std::exchange(id_, -1);
    return id < 0 || close_(id) >= 0;
  }
  hid_t get() const { return id_; }
  explicit operator bool() const { return id_ >= 0; }

 private:
  hid_t id_ = -1;
  Close close_ = nullptr;
};

/// Keeps HDF5 from printing its error stack in this thread. Every function that opens or creates a file calls
/// it.
void silence();

/// The innermost reason of the last failure that a user can act upon (" (No space left on device)"), or
/// nothing.
std::string last_reason();

}  // namespace sparcell::hdf5

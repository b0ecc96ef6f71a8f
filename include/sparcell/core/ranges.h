// Named stretches of a program's work, as profilers show them: NVTX ranges of the domain `sparcell`.
//
// Stations, phases of training and ops open a range under their name. Ranges nest on the thread that opens
// them: an op in a phase in a station. Where no tool listens a range costs a nanosecond; a build without
// NVTX's headers has none. What is recorded and repeated on a GPU opens its ranges while it is recorded, not
// when it is repeated (train.graph).
#pragma once

#include <atomic>
#include <string>

namespace sparcell {

/// Whether this build has ranges.
bool has_ranges();

/// A name that a tool is told once and then knows by its handle (a registered string). Kept where it is used,
/// as in `static const RangeName name("row_sums")`.
class RangeName {
 public:
  explicit RangeName(const std::string& name);
  void* handle() const { return handle_; }

 private:
  void* handle_ = nullptr;  ///< null where no tool listens
};

namespace ranges {
extern std::atomic<bool> heard;  ///< whether a tool listens: known when the first name is made
void open(const RangeName& name);
void close();
}  // namespace ranges

inline void open_range(const RangeName& name) {
  if (ranges::heard.load(std::memory_order_relaxed)) ranges::open(name);
}
/// Ends what the calling thread opened last.
inline void close_range() {
  if (ranges::heard.load(std::memory_order_relaxed)) ranges::close();
}

/// A range from here to the end of the scope.
class Range {
 public:
  explicit Range(const RangeName& name) { open_range(name); }
  ~Range() { close_range(); }
  Range(const Range&) = delete;
  Range& operator=(const Range&) = delete;
};

}  // namespace sparcell

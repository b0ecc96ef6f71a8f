#include "cuda_on_host/block.h"

#include <fmt/format.h>

#include <algorithm>
#include <csetjmp>
#include <string_view>

#include "cuda_on_host/checker.h"
#include "cuda_on_host/device_runtime.h"
#include "cuda_on_host/faults.h"

namespace cuda_on_host {

ThreadPosition position;

namespace {

BlockRunner* running = nullptr;
constexpr int warp = 32;

bool same_place(const Where& a, const Where& b) {
  return a.line() == b.line() &&
         (a.file_name() == b.file_name() || std::string_view(a.file_name()) == b.file_name());
}

}  // namespace

BlockRunner* running_block() { return running; }
bool in_kernel() { return running != nullptr; }
void fail(const std::string& what) { running->fail(what); }

void BlockRunner::begin(const Launch& launch) {
  launch_ = &launch;
  const auto count = launch.block.x * launch.block.y * launch.block.z;
  fibers_.reserve(static_cast<int>(count));
  shared_.begin(launch);
  threads_.resize(count);
  meetings_.resize((count + warp - 1) / warp);
  live_lanes_.resize(meetings_.size());
  position.block_size = launch.block;
  position.grid_size = launch.grid;
  running = this;
}

void BlockRunner::end() {
  running = nullptr;
  if (!failure_.empty()) fibers_.forget();
}

std::string BlockRunner::run(int block) {
  const dim3 &grid = launch_->grid, &size = launch_->block;
  const auto b = static_cast<unsigned>(block);
  position.block = {b % grid.x, b / grid.x % grid.y, b / grid.x / grid.y};
  shared_.fill();
  if (checker != nullptr) {
    checker->begin_block(block, shared_.static_memory(), shared_.static_bytes(), shared_.dynamic_memory());
  }
  for (unsigned t = 0; t < threads_.size(); ++t) {
    threads_[t] = Thread{};
    threads_[t].index = {t % size.x, t / size.x % size.y, t / size.x / size.y};
    fibers_.prepare(static_cast<int>(t), thread_entry);
  }
  for (auto& meetings : meetings_) meetings.clear();
  live_ = static_cast<int>(threads_.size());
  for (std::size_t w = 0; w < live_lanes_.size(); ++w) {
    const std::size_t lanes = std::min<std::size_t>(warp, threads_.size() - w * warp);
    live_lanes_[w] = lanes == warp ? ~0u : (1u << lanes) - 1;
  }
  at_barrier_ = votes_ = 0;
  failure_.clear();
  order_of(live_, order_);

  if (sigsetjmp(fault_return(), 0) != 0) {  // a fault in a thread has described itself
    fibers_.left_by_jump();
    return failure_;
  }
  while (live_ > 0) {
    progressed_ = false;
    for (int t : order_) {
      if (threads_[t].state != State::ready) continue;
      running_ = t;
      position.thread = threads_[t].index;
      progressed_ = true;
      fibers_.resume(t);
      if (!failure_.empty()) return failure_;
    }
    if (!progressed_) return failure_ = deadlock();
  }
  return "";
}

void BlockRunner::thread_entry() {
  BlockRunner& self = *running;
  self.fibers_.started();
  self.launch_->body();
  Thread& me = self.threads_[self.running_];
  me.state = State::done;
  --self.live_;
  self.live_lanes_[self.running_ / warp] &= ~(1u << self.lane());
  if (self.live_ > 0 && self.at_barrier_ == self.live_) self.release_barrier();
  for (Meeting& meeting : self.meetings_[self.running_ / warp]) self.release_if_complete(meeting);
  self.fibers_.suspend();
  __builtin_unreachable();
}

void BlockRunner::note_fault(const std::string& what) {
  if (failure_.empty()) failure_ = fmt::format("{}, {}", what, running_thread());
}

void BlockRunner::fail(const std::string& what) {
  note_fault(what);
  fibers_.suspend();
  __builtin_unreachable();
}

std::string BlockRunner::running_thread() const {
  const uint3 &b = position.block, &t = position.thread;
  return fmt::format("block ({}, {}, {}), thread ({}, {}, {})", b.x, b.y, b.z, t.x, t.y, t.z);
}

int BlockRunner::block_barrier(bool vote, Where where) {
  if (at_barrier_ > 0 && !same_place(where, barrier_where_)) {
    fail(fmt::format("divergent barrier: this thread is at {}, others of the block wait at {}",
                     text_of(where), text_of(barrier_where_)));
  }
  barrier_where_ = where;
  Thread& me = threads_[running_];
  me.state = State::at_barrier;
  me.operation = "__syncthreads";
  me.where = where;
  ++at_barrier_;
  votes_ += vote ? 1 : 0;
  if (at_barrier_ == live_) release_barrier();
  fibers_.suspend();
  return last_votes_;
}

void BlockRunner::release_barrier() {
  for (Thread& thread : threads_) {
    if (thread.state == State::at_barrier) thread.state = State::ready;
  }
  if (checker != nullptr) checker->barrier();
  last_votes_ = votes_;
  votes_ = at_barrier_ = 0;
}

bool BlockRunner::takes_part(unsigned mask, int lane) const { return (mask & live_lanes()) >> lane & 1; }

Meeting& BlockRunner::meeting_of(const char* operation, unsigned mask) {
  auto& meetings = meetings_[static_cast<std::size_t>(running_ / warp)];
  for (Meeting& meeting : meetings) {
    // Names are literals of one library: mostly the same pointer.
    if (meeting.mask == mask &&
        (meeting.operation == operation || std::string_view(meeting.operation) == operation))
      return meeting;
  }
  if (meetings.capacity() == 0) meetings.reserve(warp);  // so that references stay
  if (meetings.size() == meetings.capacity())
    fail("more kinds of warp operations in one warp than are kept here");
  meetings.emplace_back();
  meetings.back().operation = operation;
  meetings.back().mask = mask;
  return meetings.back();
}

void BlockRunner::warp_meet(const char* operation, unsigned mask, unsigned long long value, bool vote,
                            Where where, Meeting*& meeting) {
  const unsigned mine = 1u << lane();
  if ((mask & mine) == 0) {
    fail(fmt::format("{} at {} with the mask {:#010x}, which lacks the calling lane {}", operation,
                     text_of(where), mask, lane()));
  }
  Meeting& m = meeting_of(operation, mask);
  meeting = &m;
  m.brought[lane()] = value;
  m.arrived |= mine;
  if (vote) m.votes |= mine;
  Thread& me = threads_[running_];
  me.operation = operation;
  me.mask = mask;
  me.where = where;
  me.state = State::at_meeting;
  release_if_complete(m);
  fibers_.suspend();
}

void BlockRunner::release_if_complete(Meeting& m) {
  if (m.arrived == 0 || m.arrived != (m.mask & live_lanes())) return;
  const int first = running_ / warp * warp;
  for (int i = 0; i < warp; ++i) {
    if ((m.arrived >> i & 1) == 0) continue;
    m.taken[i] = m.brought[i];
    threads_[first + i].state = State::ready;
  }
  if (checker != nullptr) checker->warp_meeting(running_ / warp, m.arrived);
  m.result = m.votes;
  m.arrived = m.votes = 0;
}

std::string BlockRunner::deadlock() const {
  std::string text = "deadlock: no thread can go on";
  int described = 0;
  for (const Thread& thread : threads_) {
    if (thread.state == State::done) continue;
    if (++described > 4) break;
    text += fmt::format("; thread ({}, {}, {}) waits in {} at {}", thread.index.x, thread.index.y,
                        thread.index.z, thread.operation, text_of(thread.where));
    if (thread.state == State::at_meeting) text += fmt::format(" with the mask {:#010x}", thread.mask);
  }
  return text + fmt::format(" ({} of {} threads live), block ({}, {}, {})", live_, threads_.size(),
                            position.block.x, position.block.y, position.block.z);
}

// What device_functions.h calls.

void block_barrier(int& count, bool vote, Where where) { count = running->block_barrier(vote, where); }

void warp_barrier(unsigned mask, Where where) {
  Meeting* meeting = nullptr;
  running->warp_meet("__syncwarp", mask, 0, false, where, meeting);
}

void warp_exchange(const char* operation, unsigned mask, const void* mine, std::size_t bytes, int source,
                   void* out, Where where) {
  unsigned long long value = 0;
  __builtin_memcpy(&value, mine, bytes);
  if (!running->takes_part(mask, source)) {
    fail(fmt::format("{} at {} reads lane {}, which does not take part", operation, text_of(where), source));
  }
  Meeting* meeting = nullptr;
  running->warp_meet(operation, mask, value, false, where, meeting);
  __builtin_memcpy(out, &meeting->taken[source], bytes);
}

unsigned warp_vote(const char* operation, unsigned mask, bool vote, Where where) {
  Meeting* meeting = nullptr;
  running->warp_meet(operation, mask, 0, vote, where, meeting);
  return meeting->result;
}

unsigned active_lanes() { return running->live_lanes(); }
int lane() { return running->lane(); }

void fence() {
  if (checker != nullptr) checker->fence();
}
void begin_atomic(void* address, std::size_t bytes, Where where) {
  if (checker != nullptr) checker->atomic(address, bytes, where);
}

}  // namespace cuda_on_host

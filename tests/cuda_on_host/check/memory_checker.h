// The checker of the check build: races, values that were never written, accesses outside of allocations.
#pragma once

#include "cuda_on_host/check/order.h"
#include "cuda_on_host/check/shadow.h"
#include "cuda_on_host/checker.h"

namespace cuda_on_host::check {

enum class Access { read, write, atomic };

/// Where an access stands in the source: known, or to be found from the address of its code.
struct Site {
  const void* code = nullptr;
  const Where* where = nullptr;

  std::string text() const;
};

class MemoryChecker final : public Checker {
 public:
  MemoryChecker();

  void begin_graph() override { order_.begin_graph(); }
  void begin_node(int node, const std::vector<bool>& before) override { order_.begin_node(node, before); }
  void end_graph() override { order_.end_graph(); }
  void begin_launch(const Launch& launch) override;
  void begin_block(int block, char* shared, std::size_t shared_bytes, char* dynamic) override;
  void end_launch() override { active_ = false; }
  void barrier() override { order_.barrier(); }
  void warp_meeting(int warp, unsigned lanes) override {
    order_.warp_meeting(static_cast<unsigned>(warp), lanes);
  }
  void fence() override;
  void atomic(void* address, std::size_t bytes, Where where) override;
  void allocated(const void* memory, std::size_t bytes) override;
  void released(const void* memory, std::size_t bytes) override;
  void written_by_host(const void* memory, std::size_t bytes) override;

  /// An access of the running thread.
  void access(const char* address, std::size_t bytes, Access kind, Site from) {
    if (!active_) return;
    if (device_.contains(address)) {
      check(device_, address, bytes, kind, from);
    } else if (static_.contains(address)) {
      check(static_, address, bytes, kind, from);
    } else if (dynamic_.contains(address)) {
      check(dynamic_, address, bytes, kind, from);
    }  // else the thread's own stack
  }

 private:
  void check(const Shadow& shadow, const char* address, std::size_t bytes, Access kind, Site from);
  void check_order(const Shadow& shadow, const char* address, unsigned mask, Access kind, Site from);
  [[noreturn]] void race(const Shadow& shadow, const char* address, const Stamp& earlier, const char* was,
                         Access kind, Site from);
  std::string place(const Shadow& shadow, const char* address) const;

  bool active_ = false;
  std::size_t dynamic_bytes_ = 0;
  Shadow device_, static_, dynamic_;
  HappensBefore order_;
};

MemoryChecker& memory_checker();

}  // namespace cuda_on_host::check

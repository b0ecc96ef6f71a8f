// What the check build (check/) is told while kernels run. The plain build has no checker.
#pragma once

#include <cstddef>
#include <vector>

#include "cuda_on_host/execution.h"

namespace cuda_on_host {

class Checker {
 public:
  virtual ~Checker() = default;
  /// A graph is run; of what its nodes do, only that of nodes that came before a node is done when it begins.
  virtual void begin_graph() = 0;
  virtual void begin_node(int node, const std::vector<bool>& before) = 0;
  virtual void end_graph() = 0;
  virtual void begin_launch(const Launch& launch) = 0;
  /// `shared` is the kernels' static shared memory, `dynamic` the launch's dynamic one.
  virtual void begin_block(int block, char* shared, std::size_t shared_bytes, char* dynamic) = 0;
  virtual void end_launch() = 0;
  /// All live threads of the block met.
  virtual void barrier() = 0;
  /// The lanes of `lanes` of a warp met.
  virtual void warp_meeting(int warp, unsigned lanes) = 0;
  virtual void fence() = 0;
  virtual void atomic(void* address, std::size_t bytes, Where where) = 0;
  /// Device memory.
  virtual void allocated(const void* memory, std::size_t bytes) = 0;
  virtual void released(const void* memory, std::size_t bytes) = 0;
  virtual void written_by_host(const void* memory, std::size_t bytes) = 0;
};

extern Checker* checker;  ///< null in the plain build

}  // namespace cuda_on_host

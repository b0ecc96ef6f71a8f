// Stacks that functions run on in turns, in one operating-system thread.
#pragma once

#include <cstddef>
#include <vector>

namespace cuda_on_host {

/// A pool of stacks. At any time either the owner runs or one fiber does.
class Fibers {
 public:
  using Entry = void (*)();

  Fibers() = default;
  ~Fibers();
  Fibers(const Fibers&) = delete;
  Fibers& operator=(const Fibers&) = delete;

  /// Room for fibers 0 ... count - 1; what they were doing is forgotten.
  void reserve(int count);
  /// The next resume(fiber) calls entry(), which begins with started() and never returns: it ends with a
  /// suspend() that nobody resumes.
  void prepare(int fiber, Entry entry);
  /// Runs the fiber until it suspends itself.
  void resume(int fiber);
  void started();
  /// Back to the owner.
  void suspend();
  /// A jump led from the running fiber to the owner.
  void left_by_jump();
  /// What fibers were doing is forgotten: nobody resumes those that did not come to their end.
  void forget();
  /// The fiber on whose stack (or in whose guard page, below it) an address lies; -1 for none.
  int fiber_at(const void* address) const;

 private:
  char* stack(int fiber) const;

  char* memory_ = nullptr;
  std::size_t bytes_ = 0;
  std::vector<void*> saved_;  ///< stack pointers (or contexts) of suspended fibers
  void* owner_ = nullptr;
  int running_ = -1;
  const void* owner_stack_ = nullptr;  ///< known where AddressSanitizer is linked
  std::size_t owner_stack_bytes_ = 0;
};

}  // namespace cuda_on_host

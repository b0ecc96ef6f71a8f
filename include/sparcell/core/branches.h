// Work that runs beside other work, on a device that has several queues.
#pragma once

#include <functional>

#include "sparcell/core/context.h"

namespace sparcell {

/// What such a device's memory is too (kernels/cuda/memory). Others do everything where it stands.
class Branches {
 public:
  virtual ~Branches() = default;
  virtual void allow(bool on) = 0;
  virtual void begin() = 0;  ///< what is queued from here on goes to the branch
  virtual void end() = 0;
  virtual void join() = 0;
};

/// Whether `beside` may make branches of what follows; results are the same.
void allow_branches(Context& context, bool on);

/// Queues `work` after all that was queued before and beside what is queued next, until join(). In between
/// nothing else may write what it reads or touch what it writes; scratch memory it has of its own. Several
/// works beside keep their order among each other.
void beside(Context& context, const std::function<void()>& work);

/// What is queued from here on comes after all work beside. Needed before a wait for the device and at the
/// end of what is recorded.
void join(Context& context);

}  // namespace sparcell

#include "sparcell/core/branches.h"

namespace sparcell {
namespace {

/// Null for a device with one queue.
Branches* branches_of(Context& context) { return dynamic_cast<Branches*>(&context.memory()); }

}  // namespace

void allow_branches(Context& context, bool on) {
  if (Branches* const branches = branches_of(context)) branches->allow(on);
}

void beside(Context& context, const std::function<void()>& work) {
  Branches* const branches = branches_of(context);
  if (branches == nullptr) return work();
  branches->begin();
  try {
    work();
  } catch (...) {
    branches->end();
    throw;
  }
  branches->end();
}

void join(Context& context) {
  if (Branches* const branches = branches_of(context)) branches->join();
}

}  // namespace sparcell

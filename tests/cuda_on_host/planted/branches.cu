// Recorded work with a branch that reads what it must not, or is read too early.
#include "device/access.h"
#include "device/launch.h"
#include "planted/planted.h"
#include "sparcell/core/branches.h"

namespace planted {
namespace {

__global__ void copy(const float* from, float* to) {
  const std::int64_t i = sparcell::device::grid_thread();
  to[i] = from[i % threads];
}

void launch_copy(sparcell::Context& context, const float* from, float* to) {
  sparcell::device::launch(
      copy, {.grid = blocks, .block = threads, .stream = sparcell::device::stream_of(context)}, from, to);
}

void run_recorded(sparcell::Context& context, const std::function<void()>& step) {
  sparcell::allow_branches(context, true);
  sparcell::beside(context, [] {});  // the branch is made before anything is recorded
  sparcell::join(context);
  const auto recording = context.memory().record(step);
  recording->run();
  context.synchronize();
}

/// The branch writes what comes next reads.
void read_before_the_join(sparcell::Context& context, const Arrays& a, bool bug) {
  run_recorded(context, [&] {
    sparcell::beside(context, [&] { launch_copy(context, a.in, a.scratch); });
    if (!bug) sparcell::join(context);
    launch_copy(context, a.scratch, a.out);
    sparcell::join(context);
  });
}

/// The branch reads what comes next writes.
void write_before_the_join(sparcell::Context& context, const Arrays& a, bool bug) {
  run_recorded(context, [&] {
    launch_copy(context, a.in, a.scratch);
    sparcell::beside(context, [&] { launch_copy(context, a.scratch, a.out); });
    if (!bug) sparcell::join(context);
    launch_copy(context, a.in, a.scratch);
    sparcell::join(context);
  });
}

void no_join(sparcell::Context& context, const Arrays& a, bool bug) {
  run_recorded(context, [&] {
    launch_copy(context, a.in, a.scratch);
    sparcell::beside(context, [&] { launch_copy(context, a.scratch, a.out); });
    if (!bug) sparcell::join(context);
  });
}

}  // namespace

std::vector<Case> branch_cases() {
  return {{"read_before_the_join", read_before_the_join, early_read, checked},
          {"write_before_the_join", write_before_the_join, "race: ", checked},
          {"no_join", no_join, "was not joined|nothing joined", every_build}};
}

}  // namespace planted

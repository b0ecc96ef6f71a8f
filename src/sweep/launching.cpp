#include "sweep/launching.h"

#include "experiment/run_lock.h"
#include "sweep/slurm.h"

namespace sparcell {

Launching launching_of(const SweepFolder& sweep) {
  if (RunLock::held(sweep.path())) return Launching::going_on;
  if (sweep.settings().launcher != "slurm") return Launching::ended;
  const SlurmQueue queue = slurm_queue(sweep);
  if (queue.has_jobs || !queue.no_answer.empty()) return Launching::going_on;
  return queue.is_here ? Launching::ended : Launching::not_known;
}

void end_waiting(std::vector<RunOutcome>& outcomes) {
  for (RunOutcome& outcome : outcomes) {
    if (outcome.state.phase == RunPhase::waiting) outcome.state.phase = RunPhase::interrupted;
  }
}

}  // namespace sparcell

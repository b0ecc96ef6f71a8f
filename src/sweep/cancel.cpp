#include <signal.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "sweep/slurm.h"
#include "sweep/sweep.h"

namespace sparcell {
namespace {

/// By the sweep's lock.
std::string host_of_launcher(const SweepFolder& sweep) {
  std::ifstream file(sweep.file("lock.json"));
  const nlohmann::json launcher = nlohmann::json::parse(file, nullptr, false);
  return launcher.is_object() ? launcher.value("host", "?") : "?";
}

}  // namespace

void cancel_sweep(const std::string& folder, Log& log) {
  const SweepFolder sweep = SweepFolder::open(folder);
  if (sweep.settings().launcher == "slurm") {
    cancel_slurm_jobs(sweep, log);
    return;
  }
  if (!RunLock::held(sweep.path())) {
    log.info("{}: no process launches this sweep", folder);
    return;
  }
  const std::int64_t process = RunLock::process_here(sweep.path());
  if (process <= 1) {
    throw UsageError("{} is launched by a process on {} that is not seen from here; cancel it there", folder,
                     host_of_launcher(sweep));
  }
  if (::kill(static_cast<pid_t>(process), SIGTERM) != 0) {
    throw UsageError("{}: process {}, its launcher, cannot be signalled: {}", folder, process,
                     std::strerror(errno));
  }
  log.info(
      "{}: process {} was asked to stop; its runs save themselves, and sparcell resume {} goes on with them",
      folder, process, folder);
}

}  // namespace sparcell

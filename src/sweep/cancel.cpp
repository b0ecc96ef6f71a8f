#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include "sweep/slurm.h"
#include "sweep/sweep.h"

namespace sparcell {
namespace {

/// Who launches the sweep, by its lock.
nlohmann::json launcher_of(const SweepFolder& sweep) {
  std::ifstream file(sweep.file("lock.json"));
  return nlohmann::json::parse(file, nullptr, false);
}

}  // namespace

void cancel_sweep(const std::string& path, Log& log) {
  const SweepFolder sweep = SweepFolder::open(path);
  if (sweep.settings().launcher == "slurm") {
    cancel_slurm_jobs(sweep, log);
    return;
  }
  if (!RunLock::held(sweep.path())) {
    log.info("{}: no process launches this sweep", path);
    return;
  }
  const nlohmann::json launcher = launcher_of(sweep);
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  const std::string other = launcher.is_object() ? launcher.value("host", "") : "";
  if (other != host) throw UsageError("{} is launched by a process on {}; cancel it there", path, other);
  const auto process = launcher.value("process", std::int64_t{0});
  if (process <= 1 || ::kill(static_cast<pid_t>(process), SIGTERM) != 0)
    throw UsageError("{}: process {}, its launcher, cannot be signalled: {}", path, process,
                     std::strerror(errno));
  log.info(
      "{}: process {} was asked to stop; its runs save themselves, and sparcell resume {} goes on with them",
      path, process, path);
}

}  // namespace sparcell

#include "sweep/pool.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <thread>

#include "core/durations.h"
#include "core/whole_file.h"
#include "experiment/run_lock.h"
#include "experiment/signals.h"
#include "sparcell/core/gpus.h"
#include "sweep/run_state.h"

namespace sparcell {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int most_starts = 4;  // of one job: a process may be killed by others, but not for ever
constexpr std::chrono::milliseconds poll_interval{5};
constexpr std::chrono::milliseconds pause_before_restart{500};
constexpr std::chrono::milliseconds pause_before_next_look{500};  // at a run that another process makes

struct Waiting {
  const Job* job;
  int starts = 0;
  Clock::time_point not_before{};
};

constexpr const char* visible_gpus = "CUDA_VISIBLE_DEVICES";

/// Whether the job changes the experiment's device to a GPU with a number, which it would not find among one.
bool names_a_gpu(const Job& job) {
  return std::any_of(job.overrides.begin(), job.overrides.end(), [](const std::string& text) {
    return text.starts_with("device=") && text.find("cuda:") != text.npos;
  });
}

/// This process's environment, with other visible GPUs where `sees` is not null. Made before a process is
/// forked: behind that nothing may allocate.
std::vector<char*> environment_with(char* sees) {
  std::vector<char*> environment;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const bool replaced = sees != nullptr && text.substr(0, text.find('=')) == visible_gpus;
    if (!replaced) environment.push_back(*variable);
  }
  if (sees != nullptr) environment.push_back(sees);
  environment.push_back(nullptr);
  return environment;
}

/// Whether the run's files found no room: its status says so, or not even a status can be written.
bool found_no_room(const SweepFolder& sweep, const std::string& reason) {
  constexpr int of_full_disks[] = {ENOSPC, EDQUOT, EFBIG};
  const auto said = [&](int error) { return reason.find(std::strerror(error)) != std::string::npos; };
  if (std::any_of(std::begin(of_full_disks), std::end(of_full_disks), said)) return true;
  constexpr std::size_t more_than_a_status = 1 << 16;
  try {
    write_file(sweep.file("room"), std::string(more_than_a_status, ' '));
    std::filesystem::remove(sweep.file("room"));
    return false;
  } catch (const WriteError&) {
    return true;
  }
}

/// A process that runs a job.
struct Slot {
  std::string gpu;    ///< that its runs see; empty: those of this process
  pid_t process = 0;  ///< 0: free
  Waiting work{};
  Clock::time_point freed = Clock::now();
};

class Pool {
 public:
  Pool(const SweepFolder& sweep, const std::vector<Job>& jobs, const PoolPlaces& places,
       std::int64_t pause_after, Log& log)
      : sweep_(sweep),
        pause_after_(pause_after),
        log_(log),
        slots_(std::min(places.count, std::max<std::size_t>(1, jobs.size()))),
        total_(jobs.size()) {
    for (std::size_t s = 0; s < slots_.size() && !places.gpus.empty(); ++s)
      slots_[s].gpu = places.gpus[s % places.gpus.size()];
    for (const Job& job : jobs) waiting_.push_back({&job});
  }

  PoolOutcome run() {
    while (true) {
      if (stop_requested() && !stopping_) stop();
      for (Slot& slot : slots_) {
        if (slot.process != 0) reap(slot);
        if (slot.process == 0 && !stopping_ && !full_) begin_next(slot);
      }
      const bool busy =
          std::any_of(slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.process != 0; });
      if (!busy && (stopping_ || full_ || waiting_.empty())) break;
      std::this_thread::sleep_for(poll_interval);
    }
    outcome_.interrupted += waiting_.size();
    const double all = static_cast<double>(slots_.size()) * seconds_since(start_);
    outcome_.idle_share = all > 0 ? idle_seconds_ / all : 0;
    return outcome_;
  }

 private:
  /// The first job in line whose time has come and that no other process runs.
  void begin_next(Slot& slot) {
    const auto ready = std::find_if(waiting_.begin(), waiting_.end(), [&](Waiting& work) {
      if (work.not_before > Clock::now()) return false;
      if (!RunLock::held(sweep_.run(*work.job))) return true;
      work.not_before = Clock::now() + pause_before_next_look;
      return false;
    });
    if (ready == waiting_.end()) return;
    slot.work = *ready;
    waiting_.erase(ready);
    ++slot.work.starts;
    idle_seconds_ += seconds_since(slot.freed);
    slot.process = start_process(*slot.work.job, names_a_gpu(*slot.work.job) ? "" : slot.gpu);
  }

  pid_t start_process(const Job& job, const std::string& gpu) const {
    const std::string task = std::to_string(job.task), log = sweep_.log(job), folder = sweep_.path().string();
    const std::string pause = std::to_string(pause_after_);
    const char* arguments[] = {"/proc/self/exe", "resume",        folder.c_str(), "--task",
                               task.c_str(),     "--pause-after", pause.c_str(),  nullptr};
    std::string sees = fmt::format("{}={}", visible_gpus, gpu);
    std::vector<char*> environment = environment_with(gpu.empty() ? nullptr : sees.data());
    const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (output < 0) throw WriteError("{}: cannot be written ({})", log, std::strerror(errno));
    const pid_t parent = ::getpid();
    const pid_t child = ::fork();
    if (child == 0) {
      unblock_signals_of_child();
      ::prctl(PR_SET_PDEATHSIG, SIGTERM);
      if (::getppid() != parent) ::_exit(static_cast<int>(ExitCode::interrupted));
      const int nothing = ::open("/dev/null", O_RDONLY);
      ::dup2(nothing, STDIN_FILENO);
      ::dup2(output, STDOUT_FILENO);
      ::dup2(output, STDERR_FILENO);
      ::execve(arguments[0], const_cast<char**>(arguments), environment.data());
      ::_exit(127);
    }
    ::close(output);
    if (child < 0) throw MemoryError("a process for a run cannot be started: {}", std::strerror(errno));
    return child;
  }

  void reap(Slot& slot) {
    int status = 0;
    if (::waitpid(slot.process, &status, WNOHANG) != slot.process) return;
    slot.process = 0;
    slot.freed = Clock::now();
    const Job& job = *slot.work.job;
    const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    const bool stopped = code < 0 || code == static_cast<int>(ExitCode::interrupted);
    if (code == 0 || (pause_after_ > 0 && stopped && epochs_taken(sweep_.run(job)) >= pause_after_)) {
      ++outcome_.done;
    } else if (lacks_room(job, code)) {
      ++outcome_.interrupted;
      return;
    } else if (stopped && (stopping_ || full_ || slot.work.starts < most_starts)) {
      if (stopping_ || full_) {
        ++outcome_.interrupted;
        return;
      }
      log_.warn("run {} was {}; it goes on", job.run, code < 0 ? "killed" : "stopped");
      slot.work.not_before = Clock::now() + pause_before_restart;
      waiting_.push_back(slot.work);
      return;
    } else {
      ++outcome_.failed;
      const RunState state = state_of_run(sweep_.run(job));
      log_.warn("run {} failed: {} (more in {})", job.run,
                stopped ? fmt::format("it was stopped {} times", most_starts)
                        : (state.reason.empty() ? fmt::format("exit code {}", code) : state.reason),
                sweep_.log(job));
    }
    say_progress();
  }

  /// Other runs would find no room either, and the same one none again: no more begin.
  bool lacks_room(const Job& job, int code) {
    if (code != static_cast<int>(ExitCode::data) && code != static_cast<int>(ExitCode::interrupted))
      return false;
    const std::string reason = state_of_run(sweep_.run(job)).reason;
    if (!found_no_room(sweep_, reason)) return false;
    if (!std::exchange(full_, true)) {
      log_.warn("the disk is full: run {} cannot be written{}; no more runs begin", job.run,
                reason.empty() ? "" : fmt::format(" ({})", reason));
    }
    return true;
  }

  void say_progress() const {
    const std::size_t ended = outcome_.done + outcome_.failed;
    const double seconds = seconds_since(start_);
    const double left = seconds / static_cast<double>(ended) * static_cast<double>(total_ - ended);
    log_.info("{}/{} runs {}{}, {:.0f} s left", outcome_.done, total_,
              pause_after_ > 0 ? fmt::format("at epoch {}", pause_after_) : "done",
              outcome_.failed > 0 ? fmt::format(", {} failed", outcome_.failed) : "", left);
  }

  void stop() {
    stopping_ = true;
    log_.info("stopping: running runs save themselves");
    for (const Slot& slot : slots_) {
      if (slot.process != 0) ::kill(slot.process, SIGTERM);
    }
  }

  const SweepFolder& sweep_;
  const std::int64_t pause_after_;
  Log& log_;
  std::vector<Slot> slots_;
  std::deque<Waiting> waiting_;
  std::size_t total_;
  PoolOutcome outcome_;
  bool stopping_ = false;
  bool full_ = false;  ///< the disk, by a run that found no room
  double idle_seconds_ = 0;
  Clock::time_point start_ = Clock::now();
};

}  // namespace

std::string PoolPlaces::text() const {
  return fmt::format(
      "{} at a time{}", count,
      gpus.empty() ? "" : fmt::format(", on {} GPU{}", gpus.size(), gpus.size() == 1 ? "" : "s"));
}

PoolPlaces places_for(const std::string& device, std::int64_t threads_of_run, std::int64_t asked,
                      int gpu_count, const char* visible) {
  const auto count = [&](std::int64_t usual) { return static_cast<std::size_t>(asked > 0 ? asked : usual); };
  if (device.starts_with("cuda:")) return {.count = count(1), .gpus = {}};
  if (device == "cpu" || gpu_count == 0) {
    const std::int64_t fitting = available_threads() / std::max<std::int64_t>(1, threads_of_run);
    return {.count = count(std::max<std::int64_t>(1, fitting)), .gpus = {}};
  }
  PoolPlaces places{.count = count(gpu_count), .gpus = {}};
  std::string_view listed = visible == nullptr ? "" : visible;
  for (int gpu = 0; gpu < gpu_count; ++gpu) {
    if (visible == nullptr) {
      places.gpus.push_back(std::to_string(gpu));
      continue;
    }
    const std::size_t comma = std::min(listed.find(','), listed.size());
    places.gpus.emplace_back(listed.substr(0, comma));
    listed.remove_prefix(std::min(comma + 1, listed.size()));
  }
  return places;
}

PoolPlaces places_here(const std::string& device, std::int64_t threads_of_run, std::int64_t asked) {
  return places_for(device, threads_of_run, asked, device == "cpu" ? 0 : gpu_count(),
                    std::getenv(visible_gpus));
}

PoolOutcome run_pool(const SweepFolder& sweep, const std::vector<Job>& jobs, const PoolPlaces& places,
                     std::int64_t pause_after, Log& log) {
  const StopSignals signals;
  return Pool(sweep, jobs, places, pause_after, log).run();
}

}  // namespace sparcell

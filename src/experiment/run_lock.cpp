#include "experiment/run_lock.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/system.h"
#include "core/write_all.h"

namespace sparcell {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::chrono::seconds heartbeat{10};
constexpr double stale_seconds = 60;
constexpr std::int64_t trusted_seconds = 3;  // of a look at the lock

void check_no_folder(const std::string& path) {
  if (is_folder(path))
    throw DataError("{} is a folder, expected the file that says who writes to the run; remove it", path);
}

std::optional<std::string> content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file || is_folder(path)) return std::nullopt;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

/// Goes on while the host sleeps, as other hosts do.
std::int64_t seconds_since_boot() {
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return now.tv_sec;
}

/// When the process began, in ticks since the host did: process ids are used again, this pair is not. Empty
/// where it is dead.
std::string start_of_process(std::int64_t process) {
  const std::string stat = first_line(fmt::format("/proc/{}/stat", process));
  const std::size_t name_end = stat.rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= stat.size()) return "";
  const char state = stat[name_end + 2];
  if (state == 'Z' || state == 'X') return "";
  std::size_t at = name_end + 1;
  constexpr int fields_before = 19;  // from the state on to the start
  for (int field = 0; field < fields_before && at != std::string::npos; ++field) at = stat.find(' ', at + 1);
  if (at == std::string::npos) return "";
  return stat.substr(at, stat.find(' ', at + 1) - at);
}

/// This process, as its lock describes it.
Json self() {
  char space[64] = {};
  const bool known = ::readlink("/proc/self/ns/pid", space, sizeof space - 1) > 0;
  const std::string task = environment("SLURM_ARRAY_TASK_ID");
  const std::string job = environment("SLURM_ARRAY_JOB_ID").empty()
                              ? environment("SLURM_JOB_ID")
                              : environment("SLURM_ARRAY_JOB_ID") + "_" + task;
  return {{"host", host_name()},
          {"process", ::getpid()},
          {"started", start_of_process(::getpid())},
          {"boot", first_line("/proc/sys/kernel/random/boot_id")},
          {"process_space", known ? space : ""},
          {"job", job},
          {"restart", std::atoi(environment("SLURM_RESTART_COUNT").c_str())}};
}

/// What a lock says; nothing where that is no JSON object with values of the kinds that `self` has.
Json read_lock(const std::string& text) {
  const Json lock = Json::parse(text, nullptr, false);
  if (!lock.is_object()) return {};
  const Json kinds = self();
  for (const auto& [key, value] : lock.items()) {
    const auto kind = kinds.find(key);
    if (kind != kinds.end() &&
        (kind->is_string() != value.is_string() || kind->is_number() != value.is_number()))
      return {};
  }
  return lock;
}

bool same(const Json& a, const Json& b, std::initializer_list<const char*> keys) {
  for (const char* key : keys) {
    if (!a.contains(key) || a[key] != b[key]) return false;
  }
  return true;
}

/// Seconds from the last sign of life in `path` to the writing of `fresh`.
double silence(const std::string& path, const std::string& fresh) {
  struct stat there {
  }, now{};
  if (::stat(path.c_str(), &there) != 0 || ::stat(fresh.c_str(), &now) != 0) return 0;
  return static_cast<double>(now.st_mtim.tv_sec - there.st_mtim.tv_sec);
}

/// The same to now, for a process that only looks: a file made beside it has the file system's time. This
/// host's clock, which may be another, where none can be made. For ever where there is no lock any more.
double silence_until_now(const std::string& path) {
  const std::string look = fmt::format("{}.look.{}.{}.partial", path, host_name(), ::getpid());
  ::unlink(look.c_str());  // an old one has an old time
  const int descriptor = ::open(look.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  struct stat there {
  }, now{};
  const bool has_time = descriptor >= 0 && ::fstat(descriptor, &now) == 0;
  const bool is_there = ::stat(path.c_str(), &there) == 0;
  if (descriptor >= 0) {
    ::close(descriptor);
    ::unlink(look.c_str());
  }
  if (!is_there) return std::numeric_limits<double>::infinity();
  return static_cast<double>((has_time ? now.st_mtim.tv_sec : std::time(nullptr)) - there.st_mtim.tv_sec);
}

/// Whether process ids mean the same to both.
bool is_seen_from_here(const Json& holder, const Json& me) {
  return same(holder, me, {"host", "boot", "process_space"});
}

/// Nothing where only silence can tell.
std::optional<bool> seen_dead(const Json& holder, const Json& me) {
  if (!holder.is_object()) return std::nullopt;
  if (is_seen_from_here(holder, me))
    return start_of_process(holder.value("process", std::int64_t{0})) != holder.value("started", "");
  if (!me["job"].get<std::string>().empty() && same(holder, me, {"job"}) &&
      holder.value("restart", 0) < me["restart"].get<int>())
    return true;  // Slurm starts a job again when it no longer runs
  return std::nullopt;
}

/// A disk that is full can be waited for, a folder that is not this user's cannot.
[[noreturn]] void throw_not_written(const std::string& path, int reason) {
  const bool permanent = reason == EACCES || reason == EPERM || reason == EROFS || reason == ENOENT;
  if (permanent) throw UsageError("{} cannot be written: {}", path, std::strerror(reason));
  throw WriteError("{} cannot be written: {}", path, std::strerror(reason));
}

/// False where `flags` ask for a new file and there is one.
bool write_lock(const std::string& path, int flags, const std::string& content) {
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666);
  if (descriptor < 0 && errno == EEXIST) return false;
  const bool written = descriptor >= 0 && write_all(descriptor, content);
  const int reason = errno;
  if (descriptor >= 0 && ::close(descriptor) != 0 && written) throw_not_written(path, errno);
  if (!written) throw_not_written(path, reason);
  return true;
}

/// Whether a link that failed was made all the same: a network file system asks again where a reply is lost
/// and hears that the name is taken, by itself. The content counts too, for the file may have another name.
bool was_linked(const std::string& written, const std::string& path, const std::string& content) {
  struct stat file {};
  return ::stat(written.c_str(), &file) == 0 && file.st_nlink == 2 && content_of(path) == content;
}

/// A new file under the name, or false where there is one. A file system without links gets it in two steps.
bool put_in_place(const std::string& written, const std::string& path, const std::string& content) {
  if (::link(written.c_str(), path.c_str()) == 0) return true;
  const int reason = errno;
  if (was_linked(written, path, content)) return true;
  return reason != EEXIST && write_lock(path, O_EXCL, content);
}

std::string takeover_of(const std::string& path) { return path + ".takeover.partial"; }

/// Removes a dead process's lock. One process at a time does: one that read the lock before another took it
/// over would remove the new one. False where another is at it. `fresh` is this process's file, `text` what
/// it holds.
bool remove_dead(const std::string& path, const std::string& fresh, const std::string& text,
                 const std::string& dead) {
  const std::string takeover = takeover_of(path);
  if (!put_in_place(fresh, takeover, text)) {
    if (silence(takeover, fresh) > stale_seconds) ::unlink(takeover.c_str());  // killed in these few lines
    return false;
  }
  if (content_of(path) == dead) ::unlink(path.c_str());
  ::unlink(takeover.c_str());
  return true;
}

}  // namespace

RunLock::RunLock(const std::filesystem::path& folder)
    : folder_(folder.string()), path_((folder / "lock.json").string()) {
  acquire();
  looked_ = seconds_since_boot();
  heart_ = std::thread([this] { keep_alive(); });
}

void RunLock::acquire() {
  check_no_folder(path_);
  const Json me = self();
  const std::string text = me.dump(2) + "\n";
  const std::string fresh =
      fmt::format("{}.{}.{}.partial", path_, host_name(), me["process"].get<std::int64_t>());
  struct Removed {
    const std::string& path;
    ~Removed() { ::unlink(path.c_str()); }
  } removed{fresh};
  write_lock(fresh, O_TRUNC, text);

  constexpr int tries = 200;  // others may take the lock over, or take it and give it back, meanwhile
  for (int i = 0; i < tries; ++i) {
    if (put_in_place(fresh, path_, text)) {
      content_ = text;
      ::unlink(takeover_of(path_).c_str());  // of one that was killed at it; a living one looks again first
      return;
    }
    const std::optional<std::string> theirs = content_of(path_);
    if (!theirs) continue;
    const Json holder = read_lock(*theirs);
    const double silent = silence(path_, fresh);
    if (!seen_dead(holder, me).value_or(silent > stale_seconds)) {
      const bool known = holder.is_object() && holder.contains("process");
      throw FolderInUse(
          "{} is in use by process {} on {} (last sign of life {:.0f} s ago); one process at a time writes "
          "to a run",
          folder_, known ? holder["process"].dump() : "?",
          holder.is_object() ? holder.value("host", "?") : "?", std::max(silent, 0.0));
    }
    if (!remove_dead(path_, fresh, text, *theirs)) std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  throw FolderInUse("{} is in use: other processes are taking it over", folder_);
}

RunLock::~RunLock() {
  {
    const std::lock_guard guard(mutex_);
    ending_ = true;
  }
  ended_.notify_all();
  heart_.join();
  if (is_ours()) ::unlink(path_.c_str());
}

void RunLock::keep_alive() {
  std::unique_lock lock(mutex_);
  while (!ended_.wait_for(lock, heartbeat, [this] { return ending_; })) {
    look();
    if (!lost_) ::utimensat(AT_FDCWD, path_.c_str(), nullptr, 0);
  }
}

/// A lock that is gone was another's that has ended since; one that cannot be read says nothing.
void RunLock::look() const {
  const std::optional<std::string> now = content_of(path_);
  const bool gone = !now && ::access(path_.c_str(), F_OK) != 0 && errno == ENOENT;
  if (gone || (now && *now != content_)) lost_ = true;
  looked_ = seconds_since_boot();
}

bool RunLock::is_ours() const { return !lost_ && content_of(path_) == content_; }

bool RunLock::held(const std::filesystem::path& folder) {
  const std::string path = (folder / "lock.json").string();
  check_no_folder(path);
  const std::optional<std::string> theirs = content_of(path);
  if (!theirs) return false;
  const std::optional<bool> dead = seen_dead(read_lock(*theirs), self());
  return !(dead ? *dead : silence_until_now(path) > stale_seconds);
}

std::int64_t RunLock::process_here(const std::filesystem::path& folder) {
  const Json holder = read_lock(content_of((folder / "lock.json").string()).value_or(""));
  const Json me = self();
  if (!holder.is_object() || !is_seen_from_here(holder, me) || seen_dead(holder, me) != false) return 0;
  return holder.value("process", std::int64_t{0});
}

void RunLock::check() const {
  if (seconds_since_boot() - looked_ >= trusted_seconds) look();
  if (lost_) throw LockLost("{}: another process took this run over while this one stood still", folder_);
}

}  // namespace sparcell

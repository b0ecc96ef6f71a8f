// Lets one call on a run's files fail, in a program that it is preloaded into (LD_PRELOAD).
//
//     FAIL_ONCE_IN      a call counts where this is a part of its file's path
//     FAIL_ONCE_LOG     a file to list the counted calls in
//     FAIL_ONCE_NUMBER  the call that fails, counted from 0
//     FAIL_ONCE_HOW     short (a write of half of it), full, broken (errors), crash_before, crash_after,
//                       unanswered (a link that is made and says that its name was taken)
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

std::string setting(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

std::string path_of(int descriptor) {
  char path[PATH_MAX] = {};
  const std::string link = "/proc/self/fd/" + std::to_string(descriptor);
  return ::readlink(link.c_str(), path, sizeof path - 1) > 0 ? path : "";
}

void log_call(const std::string& line) {
  static const std::string path = setting("FAIL_ONCE_LOG");
  if (path.empty()) return;
  static const auto open_log = next<int(const char*, int, ...)>("open");
  static const auto write_log = next<ssize_t(int, const void*, size_t)>("write");
  static const int log = open_log(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  [[maybe_unused]] const ssize_t ignored = write_log(log, line.data(), line.size());
}

/// How this call fails; empty for those that do not.
std::string failure(const char* call, const std::string& path) {
  static const std::string in = setting("FAIL_ONCE_IN"), how = setting("FAIL_ONCE_HOW");
  static const std::string number = setting("FAIL_ONCE_NUMBER");
  static std::atomic<int> count = 0;
  if (in.empty() || path.find(in) == std::string::npos) return "";
  log_call(std::string(call) + " " + path + "\n");
  return !number.empty() && count++ == std::atoi(number.c_str()) ? how : "";
}

/// The call between its crashes and errors. `instead`, where it is given, is what a short call does.
template <class Call, class Short>
auto attempt(const char* name, const std::string& path, Call&& call, Short&& instead) -> decltype(call()) {
  const std::string how = failure(name, path);
  if (how == "crash_before") ::raise(SIGKILL);
  if (how == "full" || how == "broken") {
    errno = how == "full" ? ENOSPC : EIO;
    return -1;
  }
  const auto result = how == "short" ? instead() : call();
  if (how == "crash_after") ::raise(SIGKILL);
  if (how == "unanswered") {
    errno = EEXIST;
    return -1;
  }
  return result;
}

template <class Call>
auto attempt(const char* name, const std::string& path, Call&& call) -> decltype(call()) {
  return attempt(name, path, call, call);
}

int open_file(const char* symbol, const char* path, int flags, mode_t mode) {
  const auto real = next<int(const char*, int, ...)>(symbol);
  if ((flags & O_CREAT) == 0) return real(path, flags, mode);
  return attempt("open", path, [&] { return real(path, flags, mode); });
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  std::va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return open_file("open", path, flags, mode);
}

int open64(const char* path, int flags, ...) {
  std::va_list arguments;
  va_start(arguments, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  return open_file("open64", path, flags, mode);
}

ssize_t write(int descriptor, const void* bytes, size_t count) {
  static const auto real = next<ssize_t(int, const void*, size_t)>("write");
  return attempt(
      "write", path_of(descriptor), [&] { return real(descriptor, bytes, count); },
      [&] { return real(descriptor, bytes, (count + 1) / 2); });
}

int fsync(int descriptor) {
  static const auto real = next<int(int)>("fsync");
  return attempt("fsync", path_of(descriptor), [&] { return real(descriptor); });
}

int close(int descriptor) {
  static const auto real = next<int(int)>("close");
  const std::string how =
      failure("close", (::fcntl(descriptor, F_GETFL) & O_ACCMODE) == O_WRONLY ? path_of(descriptor) : "");
  const int result = real(descriptor);
  if (how == "crash_after") ::raise(SIGKILL);
  if (how.empty()) return result;
  errno = how == "full" ? ENOSPC : EIO;
  return -1;
}

int rename(const char* from, const char* to) {
  static const auto real = next<int(const char*, const char*)>("rename");
  return attempt("rename", to, [&] { return real(from, to); });
}

int link(const char* from, const char* to) {
  static const auto real = next<int(const char*, const char*)>("link");
  return attempt("link", to, [&] { return real(from, to); });
}

}  // extern "C"

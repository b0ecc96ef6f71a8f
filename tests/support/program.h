// The program as a process, for tests that see it as its users do.
#pragma once

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "support/temporary.h"

namespace sparcell::test {

struct Finished {
  int code = 0;  ///< exit code, or minus the signal that ended the process
  std::string out;
  std::string err;

  std::size_t err_lines() const { return static_cast<std::size_t>(std::count(err.begin(), err.end(), '\n')); }
};

/// What the process finds around it.
struct Surroundings {
  std::string folder;                       ///< working directory; empty: the test's own
  std::optional<rlim_t> memory_bytes = {};  ///< of its address space
  std::optional<rlim_t> file_bytes = {};    ///< of any file that it writes, as a disk that fills up there
  std::vector<std::pair<std::string, std::string>> environment = {};  ///< added to the test's own
  std::vector<std::string> unset = {};  ///< variables of the test's own that it does not have
  int standard_error = -1;              ///< where it goes instead of a file
};

/// The build's, or another one that SPARCELL_PROGRAM names: a package's.
inline std::string program_path() {
  const char* named = std::getenv("SPARCELL_PROGRAM");
  return named != nullptr ? named : SPARCELL_PROGRAM;
}

/// A process of the program. Its output goes to files, so that it never waits for a reader.
class Program {
 public:
  explicit Program(const std::vector<std::string>& arguments, const Surroundings& around = {}) {
    const std::string path = program_path();
    std::vector<char*> argv{const_cast<char*>(path.c_str())};
    for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
    argv.push_back(nullptr);
    process_ = ::fork();
    if (process_ == 0) become(argv, around);
  }
  ~Program() {
    if (process_ <= 0) return;
    send(SIGKILL);
    ::waitpid(process_, nullptr, 0);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  pid_t process() const { return process_; }
  void send(int signal) const { ::kill(process_, signal); }

  Finished wait() {
    int status = 0;
    ::waitpid(std::exchange(process_, 0), &status, 0);
    return {.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status),
            .out = file_bytes(output_ / "out"),
            .err = file_bytes(output_ / "err")};
  }

 private:
  static void limit(int resource, std::optional<rlim_t> bytes) {
    if (!bytes) return;
    const rlimit both{*bytes, *bytes};
    ::setrlimit(static_cast<__rlimit_resource_t>(resource), &both);
  }
  static void redirect(const std::string& path, int to) {
    ::dup2(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), to);
  }

  [[noreturn]] void become(const std::vector<char*>& argv, const Surroundings& around) const {
    redirect(output_ / "out", STDOUT_FILENO);
    redirect(output_ / "err", STDERR_FILENO);
    if (around.standard_error >= 0) ::dup2(around.standard_error, STDERR_FILENO);
    for (const std::string& name : around.unset) ::unsetenv(name.c_str());
    for (const auto& [name, value] : around.environment) ::setenv(name.c_str(), value.c_str(), 1);
    std::signal(SIGXFSZ, SIG_IGN);  // a write past the limit fails, as on a full disk
    limit(RLIMIT_AS, around.memory_bytes);
    limit(RLIMIT_FSIZE, around.file_bytes);
    if (around.folder.empty() || ::chdir(around.folder.c_str()) == 0) ::execv(argv[0], argv.data());
    ::_exit(126);
  }

  TemporaryFolder output_;
  pid_t process_ = 0;
};

inline Finished sparcell(const std::vector<std::string>& arguments, const Surroundings& around = {}) {
  return Program(arguments, around).wait();
}

}  // namespace sparcell::test

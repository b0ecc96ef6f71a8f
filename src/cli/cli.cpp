#include "cli/cli.h"

#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>

#include "cli/commands.h"
#include "core/nearest.h"
#include "core/version.h"
#include "sparcell/core/errors.h"

namespace sparcell {
namespace {

int report(ExitCode code, const std::string& sentence) {
  std::fprintf(stderr, "sparcell: %s\n", sentence.c_str());
  return static_cast<int>(code);
}

/// The code of a command that is done: an answer that standard output did not take was not given.
int printed() {
  errno = 0;
  const bool flushed = std::fflush(stdout) == 0;
  if (flushed && std::ferror(stdout) == 0) return static_cast<int>(ExitCode::done);
  return report(ExitCode::data, fmt::format("standard output cannot be written{}",
                                            errno == 0 ? "" : fmt::format(": {}", std::strerror(errno))));
}

/// CLI11 only says that a command is missing.
void check_command(const CLI::App& app, const std::vector<std::string>& arguments) {
  if (arguments.size() < 2 || arguments[1].starts_with("-")) return;
  std::vector<std::string> known;
  for (const CLI::App* command : app.get_subcommands({})) known.push_back(command->get_name());
  if (std::find(known.begin(), known.end(), arguments[1]) != known.end()) return;
  const std::string meant = nearest(arguments[1], known);
  throw UsageError("there is no command '{}'{}; the commands are {}", arguments[1],
                   meant.empty() ? "" : fmt::format(", did you mean '{}'", meant), fmt::join(known, ", "));
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app{"Trains and compares an autoencoder, a VAE and a GAN on single-cell expression data.",
               "sparcell"};
  app.set_version_flag("--version", std::string("sparcell ") + version);
  app.require_subcommand(1);
  const std::vector<std::string> arguments(argv, argv + argc);
  Command command;
  add_commands(app, arguments, command);
  app.footer(
      "Exit codes: 0 done (a sweep: all runs)\n"
      "            1 internal error (a sweep: some run failed)\n"
      "            2 usage: command line (a path that is no run), configuration, a device that is not there\n"
      "            3 data: a file that is not there, is damaged or lacks what is needed\n"
      "            4 a value that is not finite\n"
      "            5 out of memory\n"
      "            75 stopped, and resumable");
  try {
    check_command(app, arguments);
    app.parse(argc, argv);
    command();
    return printed();
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == static_cast<int>(CLI::ExitCodes::Success)) {
      app.exit(error);  // prints help or version
      return printed();
    }
    const std::vector<CLI::App*> given = app.get_subcommands();
    return report(ExitCode::usage, fmt::format("{}; see sparcell{} --help", error.what(),
                                               given.empty() ? "" : " " + given.front()->get_name()));
  } catch (const Error& error) {
    return report(error.code(), error.what());
  } catch (const std::bad_alloc&) {
    return report(ExitCode::memory,
                  "out of memory; fewer genes (select.genes) or a smaller train.batch need less");
  } catch (const std::exception& error) {
    return report(ExitCode::internal, std::string("internal error: ") + error.what());
  }
}

}  // namespace sparcell

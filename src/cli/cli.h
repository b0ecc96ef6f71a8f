// The command line.
#pragma once

namespace sparcell {

/// Runs one command and returns the exit code. Results go to standard output, what happens on the way to
/// standard error.
int run_command_line(int argc, char** argv);

}  // namespace sparcell

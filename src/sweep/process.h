// Other programs, as Slurm's.
#pragma once

#include <string>
#include <vector>

namespace sparcell {

struct ProgramOutput {
  int code = 0;  ///< 127 where the program is not there
  std::string out, err;
};

/// Runs a program that is found in PATH to its end.
ProgramOutput run_program(const std::vector<std::string>& arguments);

/// As a word of a POSIX shell.
std::string shell_word(const std::string& text);

}  // namespace sparcell

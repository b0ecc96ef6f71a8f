// Prints what `inspect` finds in a file as JSON.
#include <cstdio>

#include "sparcell/core/errors.h"
#include "sparcell/read.h"

int main(int argc, char** argv) {
  if (argc != 2) return static_cast<int>(sparcell::ExitCode::usage);
  try {
    sparcell::ReadOptions options;
    options.path = argv[1];
    std::printf("%s\n", sparcell::to_json(sparcell::inspect(options)).c_str());
  } catch (const sparcell::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
}

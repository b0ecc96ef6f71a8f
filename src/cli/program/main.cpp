#include "cli/brief_waiting.h"
#include "cli/cli.h"
#include "cli/tiny_numbers.h"

int main(int argc, char** argv) {
  sparcell::wait_briefly(argv);
  sparcell::flush_tiny_numbers();
  return sparcell::run_command_line(argc, argv);
}

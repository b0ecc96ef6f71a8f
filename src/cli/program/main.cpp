#include "cli/brief_waiting.h"
#include "cli/cli.h"

int main(int argc, char** argv) {
  sparcell::wait_briefly(argv);
  return sparcell::run_command_line(argc, argv);
}

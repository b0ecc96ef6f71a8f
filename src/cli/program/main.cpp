#include "cli/cli.h"

int main(int argc, char** argv) { return sparcell::run_command_line(argc, argv); }

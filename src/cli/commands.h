// The commands of the program, one function each.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

namespace sparcell {

/// What the parsed command line asks for.
using Command = std::function<void()>;

/// Adds every command to `app`; parsing sets `command`.
void add_commands(CLI::App& app, const std::vector<std::string>& arguments, Command& command);

void add_experiment_commands(CLI::App& app, const std::vector<std::string>& arguments,
                             Command& command);            ///< run, resume, validate, tune, schema
void add_data_commands(CLI::App& app, Command& command);   ///< inspect, simulate
void add_run_commands(CLI::App& app, Command& command);    ///< embed, generate, predict, evaluate, report, compare
void add_sweep_commands(CLI::App& app, Command& command);  ///< sweep, ablate, status, cancel
void add_profile_command(CLI::App& app, Command& command);
void add_info_command(CLI::App& app, Command& command);

}  // namespace sparcell

#include "cli/commands.h"

#include <cstdio>
#include <memory>

#include "cli/brief_waiting.h"
#include "cli/tiny_numbers.h"
#include "core/version.h"
#include "experiment/provenance.h"
#include "sparcell/core/context.h"

namespace sparcell {

void add_commands(CLI::App& app, const std::vector<std::string>& arguments, Command& command) {
  add_experiment_commands(app, arguments, command);
  add_data_commands(app, command);
  add_run_commands(app, command);
  add_sweep_commands(app, command);
  add_profile_command(app, command);
  add_info_command(app, command);
}

void add_info_command(CLI::App& app, Command& command) {
  CLI::App* info = app.add_subcommand("info", "What this program is, what it was built with, what is there");
  info->callback([&command] {
    command = [] {
      const auto build = build_json();
      for (const auto& [key, value] : build.items()) {
        std::printf("%-12s %s\n", key.c_str(),
                    value.is_string() ? value.get<std::string>().c_str() : value.dump().c_str());
      }
      std::printf("%-12s %s\n", "processor", processor_name().c_str());
      std::printf("%-12s %d\n", "threads", available_threads());
      std::printf("%-12s %s\n", "waiting", way_of_waiting().c_str());
      std::printf("%-12s %s\n", "denormals", tiny_numbers_are_flushed() ? "are 0" : "are kept");
      const Device best = find_device("auto");
      std::printf("%-12s %s (%s)\n", "devices", best.is_cuda() ? "cpu, cuda" : "cpu",
                  reason_for_auto().c_str());
      std::printf("%-12s %s\n", "products", product_libraries().c_str());
      if (build["cuda"] && gpu_record.empty()) {
        std::printf("%-12s %s\n", "note",
                    "the CUDA kernels were tested on an emulated device; they never ran on a GPU");
      } else if (build["cuda"]) {
        std::printf("%-12s %s\n", "last on GPU", std::string(gpu_record).c_str());
      }
    };
  });
}

}  // namespace sparcell

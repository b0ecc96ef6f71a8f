// What kernels load and store, and how many launches a training step has, measured by running them on the
// emulated device: as JSON on the standard output, for tools/bench/kernel_report.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "cases.h"
#include "cuda_on_host/access_record.h"

namespace {

using namespace sparcell;
using cuda_on_host::AccessFigures;
using cuda_on_host::AccessRecord;

nlohmann::ordered_json json_of(const std::string& name, const AccessFigures& f) {
  return {{"kernel", name},
          {"launches", f.launches},
          {"threads", f.block.x * f.block.y * f.block.z},
          {"dynamic_shared", f.dynamic_shared},
          {"read", f.read},
          {"written", f.written},
          {"sectors", f.sectors},
          {"ideal_sectors", f.ideal_sectors},
          {"bank_conflict", f.bank_conflict}};
}

nlohmann::ordered_json run(const bench::Case& c) {
  Context context(find_device("cuda"));
  AccessRecord record;
  c.run(context, [&](const std::function<void()>& op) {
    context.synchronize();
    cuda_on_host::access_record = &record;
    op();
    context.synchronize();
    cuda_on_host::access_record = nullptr;
  });
  nlohmann::ordered_json kernels = nlohmann::ordered_json::array();
  for (const auto& [name, figures] : record.kernels()) kernels.push_back(json_of(name, figures));
  return {
      {"op", c.op}, {"size", c.size}, {"least", c.least}, {"streaming", c.streaming}, {"kernels", kernels}};
}

}  // namespace

int main() {
  try {
    nlohmann::ordered_json out{{"ops", nlohmann::ordered_json::array()},
                               {"steps", nlohmann::ordered_json::array()}};
    for (const auto& cases :
         {bench::statistics_cases(), bench::training_cases(), bench::distribution_cases()}) {
      for (const bench::Case& c : cases) out["ops"].push_back(run(c));
    }
    Context context(find_device("cuda"));
    for (const auto& [step, nodes, longest_chain, goal] : bench::count_step_nodes(context)) {
      out["steps"].push_back(
          {{"step", step}, {"nodes", nodes}, {"longest_chain", longest_chain}, {"goal", goal}});
    }
    fmt::print("{}\n", out.dump(1));
  } catch (const Error& error) {
    fmt::print(stderr, "kernel_accesses: {}\n", error.what());
    return static_cast<int>(error.code());
  }
  return 0;
}

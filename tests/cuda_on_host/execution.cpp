#include "cuda_on_host/execution.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <numeric>
#include <random>

#include "cuda_on_host/access_record.h"
#include "cuda_on_host/block.h"
#include "cuda_on_host/checker.h"
#include "cuda_on_host/faults.h"
#include "cuda_on_host/memory.h"
#include "cuda_on_host/shared_memory.h"

namespace cuda_on_host {

Checker* checker = nullptr;

namespace {

Order order_from_environment() {
  const char* named = std::getenv("SPARCELL_EMULATED_ORDER");
  if (named == nullptr || std::strcmp(named, "forward") == 0) return {};
  if (std::strcmp(named, "reverse") == 0) return {Order::Kind::reverse, 0};
  constexpr const char* random = "random:";
  unsigned seed = 0;
  const char* const end = named + std::strlen(named);
  if (std::strncmp(named, random, std::strlen(random)) == 0 &&
      std::from_chars(named + std::strlen(random), end, seed).ptr == end)
    return {Order::Kind::random, seed};
  fmt::print(stderr, "SPARCELL_EMULATED_ORDER is {}, expected forward, reverse or random:SEED\n", named);
  std::abort();
}

struct Ordering {
  Order order = order_from_environment();
  std::mt19937 generator{order.seed};
};
Ordering& ordering() {
  static Ordering instance;
  return instance;
}

std::string limit_broken(const Launch& launch) {
  constexpr unsigned most_threads = 1024, most_block_xy = 1024, most_block_z = 64, most_grid_yz = 65535;
  const dim3 &g = launch.grid, &b = launch.block;
  const bool grid_fits =
      g.x > 0 && g.y > 0 && g.z > 0 && g.x <= INT32_MAX && g.y <= most_grid_yz && g.z <= most_grid_yz;
  const bool block_fits = b.x > 0 && b.y > 0 && b.z > 0 && b.x <= most_block_xy && b.y <= most_block_xy &&
                          b.z <= most_block_z && b.x * b.y * b.z <= most_threads;
  if (grid_fits && block_fits && launch.shared <= most_shared_bytes) return "";
  return fmt::format(
      "{}: a grid of {} x {} x {} blocks of {} x {} x {} threads with {} bytes of shared memory is not "
      "possible",
      name_of(launch.kernel), g.x, g.y, g.z, b.x, b.y, b.z, launch.shared);
}

}  // namespace

void set_order(Order order) {
  ordering().order = order;
  ordering().generator.seed(order.seed);
}

void order_of(int count, std::vector<int>& order) {
  order.resize(static_cast<std::size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  if (ordering().order.kind == Order::Kind::reverse) std::reverse(order.begin(), order.end());
  if (ordering().order.kind == Order::Kind::random)
    std::shuffle(order.begin(), order.end(), ordering().generator);
}

std::string name_of(const void* kernel) {
  Dl_info info{};
  if (dladdr(kernel, &info) == 0 || info.dli_sname == nullptr) return "a kernel";
  int status = 0;
  char* readable = abi::__cxa_demangle(info.dli_sname, nullptr, nullptr, &status);
  std::string name = status == 0 ? readable : info.dli_sname;
  std::free(readable);
  return name.substr(0, name.find('('));
}

std::string text_of(const Where& where) {
  const char* slash = std::strrchr(where.file_name(), '/');
  return fmt::format("{}:{}", slash == nullptr ? where.file_name() : slash + 1, where.line());
}

std::string execute(const Launch& launch) {
  static BlockRunner runner;
  const std::string broken = limit_broken(launch);
  if (!broken.empty()) return broken;
  catch_faults();
  device_memory().open();
  if (checker != nullptr) checker->begin_launch(launch);
  if (access_record != nullptr)
    access_record->begin_launch(name_of(launch.kernel), launch.grid, launch.block, launch.shared);
  std::vector<int> blocks;
  order_of(static_cast<int>(launch.grid.x * launch.grid.y * launch.grid.z), blocks);
  runner.begin(launch);
  std::string failure;
  for (int block : blocks) {
    failure = runner.run(block);
    if (!failure.empty()) break;
  }
  runner.end();
  if (checker != nullptr) checker->end_launch();
  if (access_record != nullptr) access_record->end_launch();
  device_memory().close();
  if (failure.empty()) failure = device_memory().red_zones_broken();
  return failure.empty() ? failure : fmt::format("{}: {}", name_of(launch.kernel), failure);
}

}  // namespace cuda_on_host

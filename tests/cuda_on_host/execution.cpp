#include "cuda_on_host/execution.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <numeric>
#include <random>

#include "cuda_on_host/access_record.h"
#include "cuda_on_host/block.h"
#include "cuda_on_host/checker.h"
#include "cuda_on_host/faults.h"
#include "cuda_on_host/memory.h"
#include "cuda_on_host/played.h"
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

/// Dynamic shared memory that kernels were allowed.
class AllowedShared {
 public:
  void set(const void* kernel, std::size_t bytes) {
    const std::lock_guard lock(mutex_);
    bytes_[kernel] = bytes;
  }
  std::size_t of(const void* kernel) {
    const std::lock_guard lock(mutex_);
    const auto found = bytes_.find(kernel);
    return std::max(plain_shared_bytes, found == bytes_.end() ? 0 : found->second);
  }

 private:
  std::mutex mutex_;
  std::map<const void*, std::size_t> bytes_;
};
AllowedShared& allowed_shared() {
  static AllowedShared instance;
  return instance;
}

std::string limit_broken(const Launch& launch) {
  constexpr unsigned most_threads = 1024, most_block_xy = 1024, most_block_z = 64, most_grid_yz = 65535;
  const dim3 &g = launch.grid, &b = launch.block;
  const bool grid_fits =
      g.x > 0 && g.y > 0 && g.z > 0 && g.x <= INT32_MAX && g.y <= most_grid_yz && g.z <= most_grid_yz;
  const bool block_fits = b.x > 0 && b.y > 0 && b.z > 0 && b.x <= most_block_xy && b.y <= most_block_xy &&
                          b.z <= most_block_z && b.x * b.y * b.z <= most_threads;
  if (const std::size_t allowed = allowed_shared().of(launch.kernel);
      launch.shared > allowed && launch.shared <= played_shared()) {
    return fmt::format(
        "{}: {} bytes of dynamic shared memory, of which {} are allowed; cudaFuncSetAttribute "
        "allows more",
        name_of(launch.kernel), launch.shared, allowed);
  }
  if (grid_fits && block_fits && launch.shared <= played_shared()) return "";
  return fmt::format(
      "{}: a grid of {} x {} x {} blocks of {} x {} x {} threads with {} bytes of shared memory is not "
      "possible",
      name_of(launch.kernel), g.x, g.y, g.z, b.x, b.y, b.z, launch.shared);
}

}  // namespace

void allow_shared(const void* kernel, std::size_t bytes) { allowed_shared().set(kernel, bytes); }

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

// The checks of the emulation are checked: every planted bug is found, in every order of threads and blocks,
// and the same kernel without it passes.
#include "planted/planted.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "cuda_on_host/checker.h"
#include "cuda_on_host/execution.h"

namespace planted {

void PrintTo(const Case& planted, std::ostream* out) { *out << planted.name; }

namespace {

using cuda_on_host::Order;

std::vector<Case> all_cases() {
  std::vector<Case> cases = shared_memory_cases();
  for (const auto& more : {global_memory_cases(), warp_and_barrier_cases(), branch_cases()})
    cases.insert(cases.end(), more.begin(), more.end());
  return cases;
}

/// Those that this build is to find.
std::vector<Case> cases_to_find() {
  std::vector<Case> cases = all_cases();
  if (cuda_on_host::checker == nullptr)
    std::erase_if(cases, [](const Case& c) { return !c.found_without_check; });
  return cases;
}

constexpr Order orders[] = {
    {Order::Kind::forward, 0}, {Order::Kind::reverse, 0}, {Order::Kind::random, 1}, {Order::Kind::random, 2}};

struct EveryOrder : testing::TestWithParam<Case> {
  void TearDown() override { cuda_on_host::set_order({}); }
};
struct PlantedBug : EveryOrder {};
struct CorrectTwin : EveryOrder {};

/// What the emulation says of one run, "" if nothing.
std::string said(const Case& planted, bool bug, Order order) {
  cuda_on_host::set_order(order);
  sparcell::Context context(sparcell::find_device("cuda"), 1);
  std::vector<float> indices(threads);
  std::iota(indices.begin(), indices.end(), 0.0f);
  const sparcell::Buffer<float> in(context, indices);
  const sparcell::Buffer<unsigned> counter(context, 1);
  // Memory as it comes, which no Buffer gives.
  auto& memory = context.memory();
  constexpr std::size_t bytes = blocks * threads * sizeof(float);
  auto* const scratch = static_cast<float*>(memory.allocate(bytes));
  auto* const out = static_cast<float*>(memory.allocate(bytes));
  std::string sentence;
  try {
    planted.run(context, {in.data(), out, scratch, counter.data()}, bug);
    context.synchronize();
  } catch (const sparcell::InternalError& error) {
    sentence = error.what();
  }
  memory.release(scratch, bytes);
  memory.release(out, bytes);
  return sentence;
}

TEST_P(PlantedBug, IsFound) {
  for (Order order : orders)
    EXPECT_THAT(said(GetParam(), true, order), testing::ContainsRegex(GetParam().found));
}

TEST_P(CorrectTwin, Passes) {
  for (Order order : orders) EXPECT_EQ(said(GetParam(), false, order), "");
}

std::string name_of(const testing::TestParamInfo<Case>& info) { return info.param.name; }
INSTANTIATE_TEST_SUITE_P(Emulation, PlantedBug, testing::ValuesIn(cases_to_find()), name_of);
INSTANTIATE_TEST_SUITE_P(Emulation, CorrectTwin, testing::ValuesIn(all_cases()), name_of);

}  // namespace
}  // namespace planted

// Where the local pool puts runs: on GPUs, one each or shared, or beside each other on the CPU.
#include <gmock/gmock.h>

#include "sparcell/core/context.h"
#include "sweep/pool.h"

namespace sparcell::test {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Places, ARunOnEachGpu) {
  for (const char* device : {"auto", "cuda"}) {
    const PoolPlaces places = places_for(device, 4, 0, 3, nullptr);
    EXPECT_EQ(places.count, 3u);
    EXPECT_THAT(places.gpus, ElementsAre("0", "1", "2"));
    EXPECT_EQ(places.text(), "3 at a time, on 3 GPUs");
  }
}

TEST(Places, TheEnvironmentSaysWhichGpusTheyAre) {
  EXPECT_THAT(places_for("auto", 1, 0, 2, "3,5").gpus, ElementsAre("3", "5"));
  EXPECT_THAT(places_for("auto", 1, 0, 2, "GPU-8f2,MIG-1c").gpus, ElementsAre("GPU-8f2", "MIG-1c"));
  EXPECT_THAT(places_for("auto", 1, 0, 1, "7").gpus, ElementsAre("7"));
  // CUDA sees what stands before an entry that it does not know.
  EXPECT_THAT(places_for("auto", 1, 0, 1, "2,99,1").gpus, ElementsAre("2"));
}

TEST(Places, MoreRunsThanGpusShareThem) {
  const PoolPlaces places = places_for("cuda", 1, 5, 2, nullptr);
  EXPECT_EQ(places.count, 5u);
  EXPECT_THAT(places.gpus, ElementsAre("0", "1"));
  EXPECT_EQ(places_for("cuda", 1, 1, 2, nullptr).count, 1u);
}

TEST(Places, WithoutGpusAsManyAsHaveCores) {
  const auto cores = static_cast<std::size_t>(available_threads());
  for (const char* device : {"auto", "cpu"}) {
    EXPECT_EQ(places_for(device, 1, 0, 0, nullptr).count, cores);
    EXPECT_EQ(places_for(device, available_threads() + 1, 0, 0, nullptr).count, 1u);
    EXPECT_EQ(places_for(device, 1, 7, 0, nullptr).count, 7u);
    EXPECT_THAT(places_for(device, 1, 0, 0, nullptr).gpus, IsEmpty());
  }
  EXPECT_EQ(places_for("cpu", 1, 3, 8, nullptr).text(), "3 at a time");
}

TEST(Places, AGpuWithANumberIsThatOneForAll) {
  const PoolPlaces places = places_for("cuda:1", 1, 0, 4, nullptr);
  EXPECT_EQ(places.count, 1u);
  EXPECT_THAT(places.gpus, IsEmpty());
  EXPECT_EQ(places_for("cuda:1", 1, 3, 4, nullptr).count, 3u);
}

}  // namespace
}  // namespace sparcell::test

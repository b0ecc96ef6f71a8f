// Durations and rates as people read them.
#include "core/durations.h"

#include <gtest/gtest.h>

namespace sparcell {
namespace {

TEST(Durations, AreRoundedUpInTheUnitThatSaysMost) {
  EXPECT_EQ(duration_text(0), "0 s");
  EXPECT_EQ(duration_text(41.2), "42 s");
  EXPECT_EQ(duration_text(99.5), "2 min");
  EXPECT_EQ(duration_text(420), "7 min");
  EXPECT_EQ(duration_text(421), "8 min");
  EXPECT_EQ(duration_text(12000), "3 h 20 min");
}

TEST(Durations, RatesOfSlowEpochsAreTheTimeOfOne) {
  EXPECT_EQ(rate_text(31.46), "31.5 epochs/s");
  EXPECT_EQ(rate_text(1), "1.0 epochs/s");
  EXPECT_EQ(rate_text(0.08), "12.5 s an epoch");
  EXPECT_EQ(rate_text(1.0 / 240), "4 min an epoch");
}

}  // namespace
}  // namespace sparcell

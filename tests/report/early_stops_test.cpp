// What is said of models that stopped before their epochs were over.
#include "report/early_stops.h"

#include <gmock/gmock.h>

namespace sparcell {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(EarlyStops, AreASentenceForEachModelThatDid) {
  const Json result{
      {"models",
       {{"ae", {{"type", "autoencoder"}, {"epochs", 12}, {"best_epoch", 6}, {"stopped_early", true}}},
        {"vae", {{"type", "vae"}, {"epochs", 50}, {"best_epoch", 49}, {"stopped_early", false}}},
        {"gan",
         {{"type", "gan"},
          {"epochs", 9},
          {"best_epoch", 3},
          {"monitor", "energy_distance"},
          {"stopped_early", true}}}}}};
  EXPECT_THAT(
      early_stops(result),
      ElementsAre("ae stopped early, after 12 epochs; its validation loss was lowest after 7 of them.",
                  "gan stopped early, after 9 epochs; the distance of its cells to validation cells was "
                  "smallest after 4 of them."));
}

TEST(EarlyStops, AreUnknownOfRunsOfEarlierVersions) {
  EXPECT_THAT(early_stops({{"models", {{"ae", {{"epochs", 12}, {"best_epoch", 6}}}}}}), IsEmpty());
  EXPECT_THAT(early_stops(Json::object()), IsEmpty());
}

}  // namespace
}  // namespace sparcell

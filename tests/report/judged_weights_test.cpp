// What is said of the weights that were judged.
#include "report/judged_weights.h"

#include <gmock/gmock.h>

namespace sparcell {
namespace {

const Json best{{"epochs", 20}, {"best_epoch", 18}, {"weights", "best"}};
const Json last{{"epochs", 20}, {"best_epoch", 18}, {"weights", "last"}};

TEST(JudgedWeights, AreSaidByModelWhereSomeAreBest) {
  EXPECT_EQ(judged_weights({{"models", {{"ae", best}, {"vae", best}, {"gan", last}}}}),
            "Judged are the best weights of ae (after 19 of 20 epochs), vae (after 19 of 20 epochs); the last of gan.");
  EXPECT_EQ(judged_weights({{"models", {{"ae", best}}}}),
            "Judged are the best weights of ae (after 19 of 20 epochs).");
  EXPECT_EQ(judged_weights({{"models", {{"ae", last}, {"gan", last}}}}),
            "Judged are the last weights of every model.");
}

TEST(JudgedWeights, AreUnknownOfRunsOfEarlierVersions) {
  EXPECT_EQ(judged_weights({{"models", {{"ae", {{"epochs", 12}, {"best_epoch", 6}}}}}}), "");
  EXPECT_EQ(judged_weights(Json::object()), "");
}

}  // namespace
}  // namespace sparcell

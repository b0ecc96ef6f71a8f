// Every call that writes a checkpoint or the result fails once, in every way that it can: the run ends with
// an exit code that says whether it can go on, and ends equal to the undisturbed one when it does.
#include <gmock/gmock.h>

#include <fstream>
#include <map>

#include "experiment/equal_runs.h"
#include "support/small_experiment.h"

namespace sparcell::test {
namespace {

/// How each call can fail.
const std::map<std::string, std::vector<std::string>> failures{
    {"open", {"full", "crash_before"}},
    {"write", {"short", "full", "broken", "crash_before", "crash_after"}},
    {"fsync", {"full", "broken", "crash_before"}},
    {"close", {"broken", "crash_after"}},
    {"rename", {"full", "crash_before", "crash_after"}}};

class Faults : public SmallExperiment {
 protected:
  static std::vector<std::string> arguments(const std::string& name) {
    return {"run",
            "small.yaml",
            "model={ae: {type: autoencoder, hidden: [16], latent: 4, dropout: [0.1]}}",
            "train.epochs=2",
            "train.checkpoint.every.epochs=1",
            "--out",
            name};
  }

  /// A run with call number `number` on files of `in` failing, and what comes after it.
  void expect_survival(const std::string& in, int number, const std::string& call, const std::string& how) {
    SCOPED_TRACE(fmt::format("{} (call {}), {}", call, number, how));
    Surroundings failing = around;
    failing.environment = {{"LD_PRELOAD", FAIL_ONCE_LIBRARY},
                           {"FAIL_ONCE_IN", in},
                           {"FAIL_ONCE_NUMBER", std::to_string(number)},
                           {"FAIL_ONCE_HOW", how}};
    const Finished failed = sparcell(arguments("r"), failing);
    const bool crashed = how.starts_with("crash");
    EXPECT_TRUE(crashed ? failed.code == -SIGKILL : failed.code == 0 || failed.code == 3 || failed.code == 75)
        << failed.code << ": " << failed.err;
    if (failed.code == 75) {
      EXPECT_FALSE(exists("r/result.json")) << failed.err;
    } else if (failed.code == 3) {
      EXPECT_FALSE(exists("r")) << failed.err;
    }
    const Finished done =
        exists("r/config.yaml") ? program({"resume", "r"}) : sparcell(arguments("r"), around);
    EXPECT_EQ(done.code, 0) << done.err;
    EXPECT_THAT(differences(folder / "whole", folder / "r"), testing::IsEmpty());
    std::filesystem::remove_all(folder / "r");
  }

  /// The calls that an undisturbed run makes on files of `in`.
  std::vector<std::string> calls(const std::string& in) {
    Surroundings watching = around;
    watching.environment = {
        {"LD_PRELOAD", FAIL_ONCE_LIBRARY}, {"FAIL_ONCE_IN", in}, {"FAIL_ONCE_LOG", folder / "calls"}};
    const Finished watched = sparcell(arguments("watched"), watching);
    EXPECT_EQ(watched.code, 0) << watched.err;
    std::vector<std::string> lines;
    std::ifstream log(folder / "calls");
    for (std::string line; std::getline(log, line);) lines.push_back(line);
    std::filesystem::remove(folder / "calls");
    return lines;
  }

  void expect_every_failure_survived(const std::string& in, std::size_t least_calls) {
    ASSERT_EQ(sparcell(arguments("whole"), around).code, 0);
    const std::vector<std::string> all = calls(in);
    EXPECT_GE(all.size(), least_calls);
    for (std::size_t number = 0; number < all.size(); ++number) {
      for (const std::string& how : failures.at(all[number].substr(0, all[number].find(' '))))
        expect_survival(in, static_cast<int>(number), all[number], how);
    }
  }
};

TEST_F(Faults, OfTheLastCheckpoint) { expect_every_failure_survived("/checkpoints/ae/last.h5", 9); }
TEST_F(Faults, OfThePreviousCheckpoint) { expect_every_failure_survived("/checkpoints/ae/previous.h5", 2); }
TEST_F(Faults, OfTheBestWeights) { expect_every_failure_survived("/checkpoints/ae/best.h5", 5); }
TEST_F(Faults, OfPreprocessing) { expect_every_failure_survived("/checkpoints/preprocessing.h5", 5); }
TEST_F(Faults, OfTheResult) { expect_every_failure_survived("/result.json", 5); }

}  // namespace
}  // namespace sparcell::test

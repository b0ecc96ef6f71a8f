// sparcell profile without a GPU: its command lines, and what it refuses.
#include <gmock/gmock.h>

#include "sparcell/core/ranges.h"
#include "support/small_experiment.h"

namespace sparcell::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

class Profile : public SmallExperiment {
 protected:
  Finished profile(std::vector<std::string> more) {
    std::vector<std::string> arguments{"profile"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return program(arguments);
  }
  /// The command line that a dry run prints.
  std::string line(const std::string& tool, std::vector<std::string> more) {
    more.insert(more.begin(), {tool, "small.yaml", "device=cuda", "--dry-run", "--steps", "2:5"});
    const Finished done = profile(more);
    EXPECT_EQ(done.code, 0) << done.err;
    return done.out;
  }
  /// The one sentence of a command that must not run.
  std::string refused(std::vector<std::string> more) {
    const std::vector<std::string> before = files();
    const Finished done = profile(more);
    EXPECT_EQ(done.code, 2) << done.err;
    EXPECT_THAT(done.out, IsEmpty());
    EXPECT_EQ(done.err_lines(), 1u) << done.err;
    EXPECT_EQ(files(), before);
    return done.err;
  }
  /// The same of `nsys` with these steps and options.
  std::string refused_steps(const std::string& steps, std::vector<std::string> more = {}) {
    more.insert(more.begin(), {"nsys", "small.yaml", "--model", "ae", "--dry-run", "--steps=" + steps});
    return refused(more);
  }
};

TEST_F(Profile, ATimeLineIsOfRecordedStepsNodeByNode) {
  EXPECT_EQ(line("nsys", {"--model", "vae"}),
            "nsys profile -t cuda,nvtx --sample=none --cpuctxsw=none --capture-range=cudaProfilerApi "
            "--capture-range-end=stop --cuda-graph-trace=node --output small_vae_2-5 " SPARCELL_PROGRAM
            " profile steps small.yaml device=cuda --steps 2:5 --model vae --graph step\n");
}

TEST_F(Profile, ARangeIsSeenOpByOp) {
  if (!has_ranges()) GTEST_SKIP() << "this build has no ranges";
  EXPECT_THAT(line("nsys", {"--model", "gan", "--range", "backward"}),
              AllOf(HasSubstr("--graph off"), Not(HasSubstr("cuda-graph-trace"))));
  EXPECT_EQ(line("ncu", {"--model", "gan", "--range", "layer_backward", "--out", "my report"}),
            "ncu --nvtx --nvtx-include sparcell@layer_backward/ --profile-from-start off --export 'my "
            "report' " SPARCELL_PROGRAM
            " profile steps small.yaml device=cuda --steps 2:5 --model gan --graph off\n");
}

TEST_F(Profile, OverridesReachTheStepsAsTheyWereGiven) {
  EXPECT_THAT(line("ncu", {"train.batch=16", "tags=[a, b]"}),
              HasSubstr("small.yaml device=cuda train.batch=16 'tags=[a, b]' --steps 2:5 --model ae"));
}

TEST_F(Profile, BadSteps) {
  for (const char* steps : {"20", "20:", ":40", "40:20", "20:20", "-3:4", "2:3:4", "a:b", "2:4x"})
    EXPECT_THAT(refused_steps(steps), HasSubstr(fmt::format("--steps {}: expected FIRST:END", steps)));
  EXPECT_THAT(refused({"nsys", "small.yaml"}), HasSubstr("--steps is required"));
}

TEST_F(Profile, UnknownNames) {
  if (!has_ranges()) GTEST_SKIP() << "this build has no ranges";
  EXPECT_THAT(refused_steps("2:5", {"--range", "bakward"}),
              HasSubstr("--range bakward: training opens no such range; did you mean backward?"));
  EXPECT_THAT(refused_steps("2:5", {"--range", "adam_stp"}), HasSubstr("did you mean adam_step?"));
  EXPECT_THAT(refused_steps("2:5", {"--range", "read"}),
              HasSubstr("--range read: training opens no such range"));
  EXPECT_THAT(refused({"nsys", "small.yaml", "--steps", "2:5", "--model", "va"}),
              HasSubstr("--model va: the experiment has no such model; did you mean vae?"));
  EXPECT_THAT(refused({"gprof", "small.yaml", "--steps", "2:5"}), HasSubstr("gprof"));
  EXPECT_THAT(refused({"nsys", "smal.yaml", "--steps", "2:5"}), HasSubstr("smal.yaml"));
}

TEST_F(Profile, AReportThatIsThereAlreadyIsLeftAlone) {
  write_bytes(folder / "small_ae_2-5.nsys-rep", "of yesterday");
  EXPECT_THAT(refused({"nsys", "small.yaml", "device=cuda", "--model", "ae", "--steps", "2:5"}),
              HasSubstr("small_ae_2-5.nsys-rep is there already; name another file with --out"));
}

TEST_F(Profile, AToolThatIsMissing) {
  around.environment = {{"PATH", folder.path()}};
  EXPECT_THAT(refused({"nsys", "small.yaml", "device=auto", "--model", "ae", "--steps", "2:5"}),
              HasSubstr("nsys is not in PATH: it comes with NVIDIA's Nsight Systems"));
  EXPECT_THAT(refused({"ncu", "small.yaml", "device=auto", "--model", "ae", "--steps", "2:5"}),
              HasSubstr("ncu is not in PATH: it comes with NVIDIA's Nsight Compute"));
}

TEST_F(Profile, TheCpuIsNoGpu) {
  for (const char* tool : {"nsys", "ncu", "steps"}) {
    EXPECT_THAT(refused({tool, "small.yaml", "--model", "ae", "--steps", "2:5"}),
                HasSubstr("profile looks at a GPU, and this experiment's device is the CPU (device: cpu)"));
  }
}

TEST_F(Profile, OptionsOfTheOthers) {
  EXPECT_THAT(refused({"steps", "small.yaml", "--model", "ae", "--steps", "2:5", "--range", "loss"}),
              HasSubstr("--range, --out and --dry-run are for nsys and ncu"));
  EXPECT_THAT(refused_steps("2:5", {"--graph", "step"}), HasSubstr("--graph is for profile steps"));
}

}  // namespace
}  // namespace sparcell::test

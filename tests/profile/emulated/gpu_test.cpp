// The program on the emulated GPU (tests/cuda_on_host): its ranges, what `sparcell profile` does with nsys
// and ncu, played by scripts, and the GPUs of the local pool.
#include <gmock/gmock.h>

#include "profile/recorded_ranges.h"

namespace sparcell::test {
namespace {

using testing::AnyOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::SizeIs;
using testing::StartsWith;
using testing::UnorderedElementsAre;

class Gpu : public RecordedExperiment {
 protected:
  /// Puts a stand-in into PATH that notes its arguments and runs the program behind its own options, as the
  /// tool does.
  void play(const std::string& tool) {
    const std::string script = folder / tool;
    write_bytes(script,
                "#!/bin/sh\n"
                "printf '%s\\n' \"$@\" > tool_arguments\n"
                "while [ \"$1\" != " SPARCELL_PROGRAM
                " ]; do shift; done\n"
                "exec \"$@\"\n");
    std::filesystem::permissions(script, std::filesystem::perms::owner_all);
    around.environment.emplace_back("PATH", folder.path().string() + ":/usr/bin:/bin");
  }
  Finished profile(const std::string& tool, std::vector<std::string> more) {
    std::vector<std::string> arguments{"profile", tool, "small.yaml", "device=cuda"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return program(arguments);
  }
  /// Steps that begin op by op before the first, and before the second edge of the profiler's window.
  static std::vector<std::int64_t> steps_before_edges(const RecordedRanges& ranges) {
    std::vector<std::int64_t> counts;
    std::int64_t steps = 0;
    for (const RecordedEvent& event : ranges.events) {
      if (event.name == "begin_step") ++steps;
      if (event.kind == "profiler") counts.push_back(steps);
    }
    return counts;
  }
  static std::vector<std::string> edges(const RecordedRanges& ranges) {
    std::vector<std::string> names;
    for (const RecordedEvent& event : ranges.events) {
      if (event.kind == "profiler") names.push_back(event.name);
    }
    return names;
  }
};

TEST_F(Gpu, NcuSeesExactlyTheStepsThatWereAskedFor) {
  play("ncu");
  for (const char* model : {"ae", "gan"}) {
    const Finished done = profile("ncu", {"--model", model, "--steps", "7:9", "--range", "backward"});
    EXPECT_EQ(done.code, 0) << done.err;
    EXPECT_THAT(done.out, HasSubstr("ncu --nvtx --nvtx-include sparcell@backward/ "));
    EXPECT_THAT(file_bytes(folder / "tool_arguments"), HasSubstr("--nvtx-include\nsparcell@backward/\n"));
    const RecordedRanges ranges = recorded();
    EXPECT_THAT(edges(ranges), ElementsAre("start", "stop"));
    EXPECT_THAT(steps_before_edges(ranges), ElementsAre(7, 9)) << model;  // epochs of 6 steps
    EXPECT_THAT(ranges.names(), Contains("backward"));
    EXPECT_FALSE(exists("runs"));
  }
}

TEST_F(Gpu, NsysSeesRecordedSteps) {
  play("nsys");
  const Finished done = profile("nsys", {"--model", "ae", "--steps", "3:12"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(file_bytes(folder / "tool_arguments"), HasSubstr("--cuda-graph-trace=node\n"));
  const RecordedRanges ranges = recorded();
  EXPECT_THAT(edges(ranges), ElementsAre("start", "stop"));
  // The first step runs op by op and is recorded once, for the full and for the last batch; then only
  // recordings run.
  EXPECT_THAT(steps_before_edges(ranges), ElementsAre(2, 4));
}

TEST_F(Gpu, StepsBeyondTraining) {
  const Finished done = profile("steps", {"--model", "ae", "--steps", "10:19"});
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.err,
              HasSubstr("--steps 10:19: training of ae ends after 18 steps (3 epochs of 6 batches)"));
  EXPECT_EQ(edges(recorded()), std::vector<std::string>());
}

TEST_F(Gpu, StepsOfATrainingThatIsCountedInSteps) {
  const Finished done =
      profile("steps", {"--model", "ae", "--steps", "19:21", "train.epochs=1", "train.steps=30"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(edges(recorded()), ElementsAre("start", "stop"));
  const Finished beyond = profile("steps", {"--model", "ae", "--steps", "19:31", "train.steps=25"});
  EXPECT_EQ(beyond.code, 2);
  EXPECT_THAT(beyond.err, HasSubstr("training of ae ends after 30 steps (5 epochs of 6 batches)"));
}

/// A plan for another precision is refused where products are set up with both.
TEST_F(Gpu, StepsHaveTheProductsOfTheExperiment) {
  const Finished tuned = program(
      {"tune", "small.yaml", "device=cuda", "~model.vae", "~model.gan", "precision=bf16", "--out", "p.json"});
  ASSERT_EQ(tuned.code, 0) << tuned.err;
  const auto steps = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"--model", "ae", "--steps", "3:5", "products.plan=p.json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return profile("steps", arguments);
  };
  EXPECT_EQ(steps({"precision=bf16"}).code, 0);
  const Finished other = steps({"precision=f32"});
  EXPECT_EQ(other.code, 2);
  EXPECT_THAT(other.err, HasSubstr("was made for the precision bf16, here it is f32"));
}

TEST_F(Gpu, TrainingThatStopsEarlyStopsTheProfiler) {
  const Finished done = profile("steps", {"--model", "ae", "--steps", "6:300", "train.epochs=50",
                                          "model.ae.train.early_stopping={patience: 1, min_delta: 1000}"});
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.err, HasSubstr("--steps 6:300: training of ae stopped early after 12 steps"));
  EXPECT_THAT(edges(recorded()), ElementsAre("start", "stop"));
}

/// The ranges of a run are those of the same run on the CPU, where tests/profile/ranges_test.cpp counts them.
TEST_F(Gpu, ARunHasTheRangesOfTheCpusAndPhasesOfSampleSteps) {
  finished_run("cpu");
  const std::set<std::string> on_cpu = recorded().names();
  finished_run("gpu", {"device=cuda"});
  EXPECT_EQ(recorded().names(), on_cpu);
  EXPECT_EQ(json("cpu/result.json")["models"]["ae"]["cost"]["phases_from"], "every step");
  for (const auto& [name, model] : json("gpu/result.json")["models"].items()) {
    const nlohmann::json cost = model["cost"];
    // The second step, and the first of the second and the third epoch.
    EXPECT_EQ(cost["phases_from"], "3 sample steps outside the graph") << name;
    EXPECT_EQ(cost["phase_samples"], 3) << name;
    double sum = 0;
    for (const auto& [phase, seconds] : cost["phases"].items()) {
      EXPECT_GT(seconds, 0) << name << " " << phase;
      sum += seconds.get<double>();
    }
    EXPECT_LT(sum, cost["train_seconds"]) << name;
    EXPECT_GT(sum, 0.5 * cost["train_seconds"].get<double>()) << name;
  }
}

/// Two GPUs, of which the environment names another two than the first.
class GpuPool : public Gpu {
 protected:
  GpuPool() {
    simulate(folder / "few.h5ad",
             {.cells = 80, .genes = 40, .perturbations = 2, .doubles = 1, .controls = 0.3, .density = 0.3},
             silent);
  }
  /// Sweeps on the GPUs; where each run was.
  std::vector<std::string> places_of(const std::string& sweep, const std::string& said) {
    around.environment = {{"SPARCELL_EMULATED_DEVICES", "2"}, {"CUDA_VISIBLE_DEVICES", "5,GPU-77"}};
    write_bytes(
        folder / "sweep.yaml",
        "name: small\nseed: 3\nthreads: 1\ndevice: auto\nread: {path: few.h5ad}\nselect: {genes: 10}\n"
        "model: {ae: {type: autoencoder, hidden: [8], latent: 2, dropout: 0}}\n"
        "train: {epochs: 1, batch: 64}\nevaluate: {resamples: 100}\nreport: {html: false}\nsweep: " +
            sweep + "\n");
    const Finished done = program({"sweep", "sweep.yaml", "--out", "s"});
    EXPECT_EQ(done.code, 0) << done.err;
    EXPECT_THAT(done.err, HasSubstr(said));
    std::vector<std::string> places;
    for (const auto& entry : std::filesystem::directory_iterator(folder / "s")) {
      const std::string run = "s/" + entry.path().filename().string();
      if (!exists(run + "/result.json")) continue;
      const nlohmann::json result = json(run + "/result.json");
      EXPECT_EQ(result["threads"], 1);
      places.push_back(result["device"].get<std::string>() + " of " +
                       json(run + "/provenance.json")["cuda_visible_devices"].get<std::string>());
    }
    return places;
  }
};

TEST_F(GpuPool, EachRunSeesItsOwn) {
  const std::vector<std::string> places =
      places_of("{parameters: {}, seeds: [0, 1, 2, 3]}", "2 at a time, on 2 GPUs");
  EXPECT_THAT(places, SizeIs(4));
  EXPECT_THAT(places, IsSupersetOf({"cuda:0 of 5", "cuda:0 of GPU-77"}));
  EXPECT_THAT(places, Each(AnyOf("cuda:0 of 5", "cuda:0 of GPU-77")));
}

TEST_F(GpuPool, ARunThatNamesAGpuFindsIt) {
  EXPECT_THAT(places_of("{parameters: {device: {values: [cpu, \"cuda:1\"]}}}", "2 at a time, on 2 GPUs"),
              UnorderedElementsAre(StartsWith("cpu of "), "cuda:1 of 5,GPU-77"));
}

}  // namespace
}  // namespace sparcell::test

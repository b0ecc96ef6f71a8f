// Devices that are not there, too small or broken, as the emulated machine plays them
// (cuda_on_host/played.h): one sentence, the exit code, nothing partial.
#include <gmock/gmock.h>

#include "cuda_on_host/program/tiny_experiment.h"

namespace sparcell::test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class BadDevice : public TinyExperiment {
 protected:
  void play(const std::string& what, const std::string& value) {
    around.environment = {{"SPARCELL_EMULATED_" + what, value}};
  }
  Finished run_shortly(std::vector<std::string> more) {
    more.insert(more.begin(), short_run.begin(), short_run.end());
    more.insert(more.end(), {"--out", "r"});
    return run(more);
  }
  /// The last line of standard error, after what the log says.
  static std::string sentence(const Finished& done) {
    const std::size_t last = done.err.rfind('\n', done.err.size() - 2);
    return last == done.err.npos ? done.err : done.err.substr(last + 1);
  }
  void expect_failure(int code, const std::string& what, const std::vector<std::string>& options = {}) {
    const std::vector<std::string> before = files();
    const Finished done = run_shortly(options);
    EXPECT_EQ(done.code, code) << done.err;
    EXPECT_THAT(sentence(done), AllOf(ContainsRegex("^sparcell: "), HasSubstr(what)));
    EXPECT_EQ(files(), before) << what;
  }
  void expect_absent(const std::string& reason) {
    expect_failure(2, "device cuda: " + reason + "; use device: cpu or auto");
    const Finished done = run_shortly({"device=auto"});
    EXPECT_EQ(done.code, 0) << done.err;
    EXPECT_THAT(done.err, HasSubstr("device: cpu (auto: " + reason + ")"));
    EXPECT_EQ(json("r/result.json")["device"], "cpu");
    EXPECT_THAT(program({"info"}).out, ContainsRegex("devices +cpu \\("));
  }
};

TEST_F(BadDevice, NoDriver) {
  play("DRIVER", "none");
  expect_absent("no NVIDIA driver is installed");
}

TEST_F(BadDevice, AGpuWithoutKernels) {
  play("CAPABILITIES", "8.0");
  expect_absent(
      "GPU 0 has compute capability 8.0, for which this build (75-real,90) has no kernels (cmake --preset "
      "architectures makes those for all from 7.5 on)");
}

TEST_F(BadDevice, TheFirstGpuWithKernelsIsTaken) {
  around.environment = {{"SPARCELL_EMULATED_CAPABILITIES", "8.0,9.0"}, {"SPARCELL_EMULATED_DEVICES", "2"}};
  for (const char* device : {"device=auto", "device=cuda"}) {
    const Finished done = run_shortly({device});
    EXPECT_EQ(done.code, 0) << done.err;
    EXPECT_EQ(json("r/result.json")["device"], "cuda:1");
    std::filesystem::remove_all(folder / "r");
  }
  const Finished done = run_shortly({"device=cuda:0"});
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.err, HasSubstr("device cuda:0: GPU 0 has compute capability 8.0"));
}

TEST_F(BadDevice, ADriverThatIsTooOld) {
  play("DRIVER", "11.4");
  const Finished done = run_shortly({});
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(
      done.err,
      ContainsRegex("device cuda: the NVIDIA driver supports CUDA 11.4, this build needs [0-9]+[.][0-9]+"));
}

TEST_F(BadDevice, ADriverWithoutADevice) {
  play("DEVICES", "0");
  expect_absent("the NVIDIA driver sees no GPU (is CUDA_VISIBLE_DEVICES empty?)");
}

TEST_F(BadDevice, ADriverThatFails) {
  play("FAILURE", "cudaGetDeviceCount");
  expect_absent("CUDA says: an error that was played");
}

TEST_F(BadDevice, AnIndexOutOfRange) {
  expect_failure(2, "device cuda:1: there is one GPU, numbered from 0", {"device=cuda:1"});
  play("DEVICES", "2");
  expect_failure(2, "device cuda:2: there are 2 GPUs, numbered from 0", {"device=cuda:2"});
  EXPECT_EQ(run_shortly({"device=cuda:1"}).code, 0);
  EXPECT_EQ(json("r/result.json")["device"], "cuda:1");
}

TEST_F(BadDevice, AutoSaysWhatItTookAndWhy) {
  EXPECT_THAT(run_shortly({"device=auto"}).err, HasSubstr("device: cuda:0 (auto: there is a GPU)"));
  EXPECT_EQ(json("r/result.json")["device"], "cuda:0");
  play("DEVICES", "4");
  EXPECT_THAT(program({"info"}).out, HasSubstr("cpu, cuda (the first of 4 GPUs)"));
}

/// Memory that is too small for the context, the data, training or the evaluation.
TEST_F(BadDevice, NotEnoughMemory) {
  const std::string needs =
      "out of memory on cuda:0: [0-9.]+ MiB are needed, [0-9.]+ of [0-9.]+ MiB are free; lower train.batch, "
      "select fewer genes, or use device: cpu";
  int failures = 0;
  for (std::int64_t bytes = 1024;; bytes *= 8) {
    play("MEMORY", std::to_string(bytes));
    const Finished done = run_shortly({});
    if (done.code == 0) break;
    ++failures;
    ASSERT_EQ(done.code, 5) << bytes << " bytes: " << done.err;
    EXPECT_THAT(sentence(done), ContainsRegex(needs));
    EXPECT_FALSE(exists("r/result.json"));
    if (exists("r")) {  // for its checkpoint
      EXPECT_EQ(json("r/status.json")["state"], "failed");
    }
    std::filesystem::remove_all(folder / "r");
  }
  EXPECT_GE(failures, 3);
}

TEST_F(BadDevice, ACallThatFindsNoMemory) {
  play("FAILURE", "cudaGraphInstantiate:1:memory");
  expect_failure(5, " MiB are free; lower train.batch, select fewer genes, or use device: cpu");
}

TEST_F(BadDevice, ACallThatFails) {
  for (const std::string call :
       {"cudaSetDevice", "cudaStreamCreateWithFlags", "cudaMallocAsync:3", "cudaMemcpyAsync:4",
        "cudaMemsetAsync:2", "cudaStreamSynchronize:5", "cudaLaunchKernelEx:2", "cudaStreamBeginCapture",
        "cudaGraphInstantiate", "cudaGraphLaunch"}) {
    play("FAILURE", call);
    expect_failure(1, "CUDA failed: ");
  }
}

/// The first sentence stays the one that the user reads, whatever fails after it.
TEST_F(BadDevice, ACallThatFailsNamesItselfAndItsPlace) {
  play("FAILURE", "cudaGraphLaunch:2");
  const Finished done = run_shortly({});
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(
      sentence(done),
      ContainsRegex(
          "^sparcell: CUDA failed: cudaGraphLaunch[(].*[)] gives cudaErrorUnknown [(]an error that was "
          "played[)], recording.cpp:[0-9]+"));
}

TEST_F(BadDevice, ALossThatIsNotFinite) {
  const std::vector<std::string> models{"ae", "vae", "gan"};
  for (const std::string& model : models) {
    std::vector<std::string> options{
        "model." + model + (model == "gan" ? ".train.generator" : ".train.optimizer") + ".learning_rate=1e30",
        "train.epochs=2", "--out", model};
    for (const std::string& other : models) {
      if (other != model) options.push_back("~model." + other);
    }
    const Finished done = run(options);
    EXPECT_EQ(done.code, 4) << done.err;
    EXPECT_THAT(sentence(done), AllOf(HasSubstr("model " + model + ": epoch 1"),
                                      HasSubstr("The first value that is not finite is in ")));
    EXPECT_EQ(json(model + "/status.json")["state"], "failed");
    EXPECT_FALSE(exists(model + "/result.json"));
    EXPECT_THAT(files(model), Not(testing::Contains("checkpoints/" + model + "/last.h5")));
  }
}

}  // namespace
}  // namespace sparcell::test

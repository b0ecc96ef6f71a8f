// Sweeps on a real Slurm that the test starts: two virtual nodes on this machine.
#include <chrono>
#include <thread>

#include "experiment/equal_runs.h"
#include "sweep/process.h"
#include "sweep/sweep_support.h"

namespace sparcell::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* modest =
    "slurm={gpus_per_node: 0, cpus_per_task: 1, mem_gb: 0, timeout_min: 5, array_parallelism: 4}";

class Slurm : public SmallSweep {
 protected:
  void SetUp() override {
    const int port = 20000 + ::getpid() % 20000 / 10 * 10;
    const auto up = run_program({"bash", scripts / "slurm_up.sh", cluster(), std::to_string(port)});
    if (up.code == 77) GTEST_SKIP() << "Slurm is not installed (apt-get install slurm-wlm)";
    ASSERT_EQ(up.code, 0) << up.err;
    ::setenv("SLURM_CONF", (cluster() + "/slurm.conf").c_str(), 1);
    around.environment = {{"SLURM_CONF", cluster() + "/slurm.conf"}};
  }
  void TearDown() override { run_program({"bash", scripts / "slurm_down.sh", cluster()}); }

  std::string cluster() const { return folder / "cluster"; }
  /// Waits until no job is left; scheduling takes most of the time.
  void wait_for_jobs() const {
    for (int i = 0; i < 1200; ++i) {
      if (run_program({"squeue", "-h"}).out.empty()) return;
      std::this_thread::sleep_for(100ms);
    }
    ADD_FAILURE() << "jobs are left:\n" << run_program({"squeue"}).out;
  }

  const std::filesystem::path scripts = std::filesystem::absolute("tests/sweep");
};

TEST_F(Slurm, RunsEveryTaskAndCollectsThoughOneFails) {
  write_sweep("parameters: {filter.min_counts: {values: [0, 1000000]}, model.ae.latent: {values: [2, 3]}}");
  const Finished submitted = sweep({"--launcher", "slurm", modest});
  ASSERT_EQ(submitted.code, 0) << submitted.err;
  EXPECT_THAT(submitted.err, HasSubstr("4 runs in jobs"));
  EXPECT_EQ(program({"status", "s", "--watch"}).code, 0);  // until no job is left
  EXPECT_THAT(run_program({"squeue", "-h"}).out, IsEmpty());
  ASSERT_TRUE(exists("s/results.csv")) << "collected";
  EXPECT_THAT(column("results.csv", "state"), testing::ElementsAre("done", "done", "failed", "failed"));
  EXPECT_THAT(program({"status", "s"}).out, HasSubstr("4 runs, 2 done, 2 failed"));
}

TEST_F(Slurm, AJobThatRunsOutOfTimeIsQueuedAgainAndGoesOn) {
  write_sweep("seeds: [0]");
  const std::vector<std::string> longer{"--launcher", "slurm", modest, "train.epochs=20000",
                                        "train.checkpoint.every.epochs=0"};
  ASSERT_EQ(sweep(longer).code, 0);
  const std::string job =
      file_bytes(folder / "s/slurm/jobs").substr(0, file_bytes(folder / "s/slurm/jobs").find('\n'));
  const std::string run = "s/" + column("jobs.csv", "run")[0];
  for (int i = 0; i < 600 && !exists(run + "/metrics.csv"); ++i) std::this_thread::sleep_for(50ms);
  ASSERT_TRUE(exists(run + "/metrics.csv"));
  ASSERT_EQ(run_program({"scancel", "--batch", "--signal=USR1", job}).code, 0);  // as --signal=B:USR1 does
  std::string state;
  for (int i = 0; i < 600 && state.find("Restarts=1") == std::string::npos; ++i) {
    std::this_thread::sleep_for(50ms);
    state = run_program({"scontrol", "show", "job", job}).out;
  }
  EXPECT_THAT(state, HasSubstr("Restarts=1"));
  EXPECT_EQ(json(run + "/status.json")["state"], "interrupted");
  EXPECT_EQ(program({"cancel", "s"}).code, 0);
  wait_for_jobs();
  EXPECT_FALSE(exists(run + "/result.json"));
}

TEST_F(Slurm, PackedRunsShareAJob) {
  ASSERT_EQ(sweep({"--launcher", "slurm", modest, "slurm.runs_per_task=2"}).code, 0);
  EXPECT_THAT(file_bytes(folder / "s/slurm/array_0.sh"), HasSubstr("--array=0-1%4"));
  wait_for_jobs();
  EXPECT_THAT(column("results.csv", "state"), AllOf(SizeIs(4), Each("done")));
}

}  // namespace
}  // namespace sparcell::test

// What happens to runs on clusters: jobs of higher priority, lost nodes.
#include "sweep/slurm_support.h"

namespace sparcell::test {
namespace {

const std::vector<std::string> longer{"train.epochs=15000", "train.checkpoint.every.epochs=0"};

class OneSlurmRun : public Slurm {
 protected:
  OneSlurmRun() { write_sweep("seeds: [0]"); }

  void submit_and_wait_for_training() {
    const Finished submitted = submit(longer);
    ASSERT_EQ(submitted.code, 0) << submitted.err;
    ASSERT_TRUE(wait_for([&] { return trains(run()); }));
  }
};

TEST_F(OneSlurmRun, GoesOnAfterItWasPreempted) {
  submit_and_wait_for_training();
  const auto urgent = run_program(
      {"sbatch", "--partition=urgent", "--nodes=2", "--exclusive", "--output=/dev/null", "--wrap=sleep 1"});
  ASSERT_EQ(urgent.code, 0) << urgent.err;
  wait_for_restarts(job(), 1);
  EXPECT_EQ(state(run()), "interrupted") << "SIGTERM saves it";
  begin_soon(job());
  wait_for_jobs();
  expect_all_as_without_slurm(longer);
}

class OneRunOnALostNode : public OneSlurmRun {
  void SetUp() override { start_cluster({{"NODE_TIMEOUT", "10"}}); }

 protected:
  static pid_t parent_of(pid_t process) {
    std::ifstream status(fmt::format("/proc/{}/status", process));
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("PPid:")) return std::stoi(line.substr(5));
    }
    return 0;
  }
  pid_t daemon_of(const std::string& node) const {
    std::ifstream pids(cluster() + "/pids");
    pid_t controller = 0, first = 0, second = 0;
    pids >> controller >> first >> second;
    return node == "n1" ? first : second;
  }
};

TEST_F(OneRunOnALostNode, GoesOnOnAnother) {
  submit_and_wait_for_training();
  const auto where = [&] { return run_program({"squeue", "-h", "-o", "%N", "-j", job()}).out.substr(0, 2); };
  const std::string node = where();
  const pid_t program = json(run() + "/lock.json")["process"].get<pid_t>(), step = parent_of(program);
  ASSERT_GT(step, 1);
  for (const pid_t process : {daemon_of(node), step, program}) ::kill(process, SIGKILL);
  wait_for_restarts(job(), 1);
  EXPECT_EQ(state(run()), "running") << "nobody could say that it was not";
  begin_soon(job());
  ASSERT_TRUE(wait_for([&] { return where() == (node == "n1" ? "n2" : "n1"); }));
  wait_for_jobs();
  expect_all_as_without_slurm(longer);
}

}  // namespace
}  // namespace sparcell::test

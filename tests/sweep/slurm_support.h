// A real Slurm for one test: two virtual nodes on this machine.
#pragma once

#include <chrono>
#include <thread>

#include "experiment/equal_runs.h"
#include "sweep/process.h"
#include "sweep/sweep_support.h"

namespace sparcell::test {

class Slurm : public SmallSweep {
 protected:
  void SetUp() override { start_cluster({}); }
  void TearDown() override { run_program({"bash", scripts / "slurm_down.sh", cluster()}); }

  /// With settings of slurm_up.sh.
  void start_cluster(const std::vector<std::pair<std::string, std::string>>& settings) {
    for (const auto& [name, value] : settings) ::setenv(name.c_str(), value.c_str(), 1);
    constexpr int first_port = 10000, ports_each = 10;  // all below those that the kernel gives to clients
    const int port = first_port + ::getpid() % 2000 * ports_each;
    const auto up = run_program({"bash", scripts / "slurm_up.sh", cluster(), std::to_string(port)});
    if (up.code == 77) GTEST_SKIP() << "Slurm is not installed (apt-get install slurm-wlm)";
    ASSERT_EQ(up.code, 0) << up.err;
    ::setenv("SLURM_CONF", (cluster() + "/slurm.conf").c_str(), 1);
    around.environment = {{"SLURM_CONF", cluster() + "/slurm.conf"}};
  }

  /// `sparcell sweep` on the cluster, with jobs that its nodes can have.
  Finished submit(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{
        "--launcher", "slurm",
        "slurm={gpus_per_node: 0, cpus_per_task: 1, mem_gb: 0, timeout_min: 5, array_parallelism: 4}"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return sweep(arguments);
  }

  template <class Condition>
  static bool wait_for(const Condition& condition) {
    using namespace std::chrono_literals;
    for (int i = 0; i < 2400; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(50ms);
    }
    return false;
  }
  void wait_for_jobs() const {
    ASSERT_TRUE(wait_for([] {
      const ProgramOutput queue = run_program({"squeue", "-h"});
      return queue.code == 0 && queue.out.empty();  // a busy controller may give no answer
    })) << "jobs are left:\n"
        << run_program({"squeue"}).out;
  }
  /// Slurm lets a job that was queued again wait for two minutes: a node does not begin one that it ended in
  /// the same second.
  static void begin_soon(const std::string& job) {
    std::this_thread::sleep_for(std::chrono::seconds(2));
    run_program({"scontrol", "update", "JobId=" + job, "StartTime=now"});
  }

  /// Of the first array.
  std::string job() const {
    const std::string jobs = file_bytes(folder / "s/slurm/jobs");
    return jobs.substr(0, jobs.find('\n'));
  }
  std::string job_facts(const std::string& job) const {
    return run_program({"scontrol", "show", "job", job}).out;
  }
  void wait_for_restarts(const std::string& job, int restarts) const {
    const std::string text = fmt::format("Restarts={} ", restarts);
    ASSERT_TRUE(wait_for([&] {
      const std::string facts = job_facts(job);
      return facts.find(text) != std::string::npos && facts.find("JobState=PENDING") != std::string::npos;
    })) << job_facts(job);
  }

  /// Folder of a run of jobs.csv.
  std::string run(std::size_t i = 0) const { return "s/" + column("jobs.csv", "run")[i]; }
  bool trains(const std::string& run) const { return exists(run + "/metrics.csv"); }
  std::string state(const std::string& run) const { return json(run + "/status.json")["state"]; }

  /// Every run is done and equal to the one of the same sweep on this machine alone.
  void expect_all_as_without_slurm(const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"sweep", "sweep.yaml", "--out", "alone"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Finished alone = program(arguments);
    ASSERT_EQ(alone.code, 0) << alone.err;
    EXPECT_THAT(column("results.csv", "state"), testing::Each("done"));
    for (const std::string& name : column("jobs.csv", "run"))
      EXPECT_THAT(differences(folder / ("alone/" + name), folder / ("s/" + name)), testing::IsEmpty())
          << name;
  }

  std::string cluster() const { return folder / "cluster"; }
  const std::filesystem::path scripts = std::filesystem::absolute("tests/sweep");
};

}  // namespace sparcell::test

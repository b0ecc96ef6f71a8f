// The scripts that are submitted, and what is said where Slurm is missing or refuses.
#include "sweep/slurm.h"

#include <chrono>
#include <thread>

#include "sweep/process.h"
#include "sweep/sweep_support.h"

namespace sparcell::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

std::vector<Job> jobs_of(const std::vector<std::int64_t>& tasks) {
  std::vector<Job> jobs;
  for (const std::int64_t task : tasks) {
    jobs.emplace_back();
    jobs.back().task = task;
  }
  return jobs;
}

TEST(SlurmScript, IndicesAreWrittenAsRanges) {
  EXPECT_EQ(index_ranges({3}), "3");
  EXPECT_EQ(index_ranges({0, 1, 2, 5, 7, 8}), "0-2,5,7-8");
}

TEST(SlurmScript, HasEveryOptionAndEndsInTheProgramItself) {
  SlurmOptions options;
  options.partition = "gpu";
  options.account = "lab";
  options.qos = "high";
  options.constraint = "a100";
  options.setup = {"module load cuda/13.0"};
  options.extra = {{"exclude", {"node7"}}, {"exclusive", {}}};
  const auto scripts = array_scripts(SweepFolder("a b"), jobs_of({0, 1, 4}), options, 0, 1001);
  ASSERT_THAT(scripts, SizeIs(1));
  EXPECT_THAT(scripts[0].text,
              AllOf(HasSubstr("#SBATCH --array=0-1,4%16\n"), HasSubstr("#SBATCH --partition=gpu\n"),
                    HasSubstr("#SBATCH --account=lab\n"), HasSubstr("#SBATCH --qos=high\n"),
                    HasSubstr("#SBATCH --constraint=a100\n"), HasSubstr("#SBATCH --gpus-per-node=1\n"),
                    HasSubstr("#SBATCH --mem=32G\n"), HasSubstr("#SBATCH --signal=B:USR1@120\n"),
                    HasSubstr("#SBATCH --time=120\n"), HasSubstr("#SBATCH --exclude=node7\n")));
  EXPECT_THAT(scripts[0].text,
              AllOf(HasSubstr("#SBATCH --exclusive\n"), HasSubstr("\nmodule load cuda/13.0\nexec ")));
  EXPECT_THAT(scripts[0].text, testing::EndsWith("/a b' --task $((0 + SLURM_ARRAY_TASK_ID))\n"));
  options.gpus_per_node = 0;
  options.mem_gb = 0;
  EXPECT_THAT(array_scripts(SweepFolder("s"), jobs_of({0}), options, 9, 1001)[0].text,
              AllOf(Not(HasSubstr("gpus")), Not(HasSubstr("--mem")), HasSubstr(" --pause-after 9\n")));
}

TEST(SlurmScript, ValuesStayOneWordOfSbatch) {
  SlurmOptions options;
  options.extra = {
      {"comment", {R"(it's "1" \ #2)"}}, {"wckey", {"'of two words'"}}, {"exclude", {"node[7-9]"}}};
  EXPECT_THAT(
      array_scripts(SweepFolder("/x y/s"), jobs_of({0}), options, 0, 1001)[0].text,
      AllOf(HasSubstr("#SBATCH --output=\"/x y/s/logs/sparcell_%A_%a.out\"\n"),
            HasSubstr(R"(#SBATCH --comment="it's \"1\" \\ #2")"
                      "\n"),
            HasSubstr("#SBATCH --wckey='of two words'\n"), HasSubstr("#SBATCH --exclude=node[7-9]\n")));
}

TEST(SlurmScript, ArraysAreSplitAndRunsArePacked) {
  SlurmOptions options;
  std::vector<std::int64_t> tasks(2500);
  for (std::size_t i = 0; i < tasks.size(); ++i) tasks[i] = static_cast<std::int64_t>(i);
  const auto split = array_scripts(SweepFolder("s"), jobs_of(tasks), options, 0, 1001);
  ASSERT_THAT(split, SizeIs(3));
  EXPECT_EQ(index_ranges(split[2].indices), "0-497");
  EXPECT_THAT(split[2].text, HasSubstr("--task $((2002 + SLURM_ARRAY_TASK_ID))"));
  options.runs_per_task = 4;
  const auto packed = array_scripts(SweepFolder("s"), jobs_of({0, 1, 2, 3, 9, 4005}), options, 0, 1001);
  ASSERT_THAT(packed, SizeIs(2));
  EXPECT_THAT(packed[0].indices, ElementsAre(0, 2));
  EXPECT_THAT(packed[1].indices, ElementsAre(0));
  EXPECT_THAT(packed[1].text, HasSubstr("--task $((4004 + SLURM_ARRAY_TASK_ID * 4)) --count 4"));
}

TEST(SlurmScript, ShellWordsSurviveAShell) {
  for (const std::string text : {"plain/path", "a b", "it's", "$HOME `x` \"q\" \\ \n", ""}) {
    EXPECT_EQ(run_program({"bash", "-c", "printf %s " + shell_word(text)}).out, text);
  }
}

class SlurmMissing : public SmallSweep {
 protected:
  /// A folder with stand-ins for Slurm's commands as the whole of PATH.
  Finished with_commands(const std::vector<std::pair<std::string, std::string>>& commands,
                         const std::vector<std::string>& more = {}) {
    std::filesystem::create_directories(folder / "bin");
    for (const auto& [name, script] : commands) {
      write_bytes(folder / ("bin/" + name), "#!/bin/bash\n" + script + "\n");
      std::filesystem::permissions(folder / ("bin/" + name), std::filesystem::perms::owner_all);
    }
    around.environment = {{"PATH", folder / "bin"}};
    std::vector<std::string> arguments{"--launcher", "slurm"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return sweep(arguments);
  }
};

TEST_F(SlurmMissing, SaysThatItsCommandsAreNotThere) {
  const Finished done = with_commands({});
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.err, HasSubstr("scontrol is not there: the launcher slurm needs Slurm's commands"));
}

TEST_F(SlurmMissing, SaysThatTheClusterHasNoArrays) {
  for (const std::string size : {"0", "(null)"}) {
    const Finished done = with_commands({{"scontrol", "echo 'MaxArraySize            = " + size + "'"}});
    EXPECT_EQ(done.code, 2);
    EXPECT_THAT(done.err, HasSubstr("scontrol says 'MaxArraySize            = " + size + "'"));
  }
}

TEST_F(SlurmMissing, ShowsWhatItSaysAndCancelsWhatWasSubmitted) {
  const Finished done = with_commands(
      {{"scontrol", "echo 'MaxArraySize = 2'"},
       {"sbatch",
        "if [[ ${!#} == *array_1.sh ]]; then echo 'sbatch: error: Invalid account' >&2; exit 1; fi; echo 41"},
       {"scancel", "echo \"$@\" > cancelled"}});
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.err,
              AllOf(HasSubstr("array_1.sh failed (exit code 1)"), HasSubstr("error: Invalid account")));
  EXPECT_EQ(file_bytes(folder / "cancelled"), "41\n");
  EXPECT_FALSE(exists("s/slurm/jobs"));
}

TEST_F(SlurmMissing, ARunThatCannotBeQueuedAgainIsStillResumable) {
  const Finished submitted = with_commands(
      {{"scontrol",
        "if [[ $1 == requeue ]]; then echo 'Access denied' >&2; exit 1; fi; echo 'MaxArraySize = 2'"},
       {"sbatch", "echo 41"}},
      {"train.epochs=1000000"});
  ASSERT_EQ(submitted.code, 0) << submitted.err;
  around.environment.insert(around.environment.end(),
                            {{"SLURM_ARRAY_JOB_ID", "41"}, {"SLURM_ARRAY_TASK_ID", "0"}});
  Program task({"resume", "s", "--task", "0"}, around);
  const std::string metrics = fmt::format("s/{}/metrics.csv", column("jobs.csv", "run")[0]);
  for (int i = 0; i < 2000 && !exists(metrics); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  ASSERT_TRUE(exists(metrics));
  task.send(SIGUSR1);
  const Finished stopped = task.wait();
  EXPECT_EQ(stopped.code, 75) << stopped.err;
  EXPECT_THAT(stopped.err, AllOf(HasSubstr("could not be queued again: scontrol requeue 41_0 failed"),
                                 HasSubstr("Access denied; sparcell resume s goes on")));
}

}  // namespace
}  // namespace sparcell::test

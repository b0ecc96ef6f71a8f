// Sweeps on a real Slurm that the test starts.
#include "sweep/slurm_support.h"

namespace sparcell::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// Long enough to be met while it trains.
const std::vector<std::string> longer{"train.epochs=15000", "train.checkpoint.every.epochs=0"};

std::vector<std::string> longer_with(const std::vector<std::string>& more) {
  std::vector<std::string> all = longer;
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

TEST_F(Slurm, RunsEveryTaskAndCollectsThoughOneFails) {
  write_sweep("parameters: {filter.min_counts: {values: [0, 1000000]}, model.ae.latent: {values: [2, 3]}}");
  const Finished submitted = submit();
  ASSERT_EQ(submitted.code, 0) << submitted.err;
  EXPECT_THAT(submitted.err, HasSubstr("4 runs in jobs"));
  EXPECT_EQ(program({"status", "s", "--watch"}).code, 0);  // until no job is left
  EXPECT_THAT(run_program({"squeue", "-h"}).out, IsEmpty());
  ASSERT_TRUE(exists("s/results.csv")) << "collected";
  EXPECT_THAT(column("results.csv", "state"), ElementsAre("done", "done", "failed", "failed"));
  EXPECT_THAT(program({"status", "s"}).out, HasSubstr("4 runs, 2 done, 2 failed"));
}

TEST_F(Slurm, FoldersMayHaveBlanksInTheirNames) {
  write_sweep("seeds: [0]");
  std::filesystem::create_directory(folder / "o'ne #1");
  for (const char* name : {"cells.h5ad", "sweep.yaml"})
    std::filesystem::rename(folder / name, folder / (std::string("o'ne #1/") + name));
  around.folder = folder / "o'ne #1";
  const Finished submitted = submit({R"(slurm.extra={comment: "it's \"1\" \\ #2"})"});
  ASSERT_EQ(submitted.code, 0) << submitted.err;
  const std::string array = file_bytes(folder / "o'ne #1/s/slurm/jobs").substr(0, 1);
  EXPECT_THAT(job_facts(array), HasSubstr(R"(Comment=it's "1" \ #2)"));
  wait_for_jobs();
  EXPECT_THAT(read_csv(folder / "o'ne #1/s/results.csv").at(1).at(1), "done");
}

TEST_F(Slurm, SavesARunBeforeItsTimeLimitAndQueuesItAgain) {
  write_sweep("seeds: [0]");
  // Slurm looks at limits twice a minute: the signal comes within the first half.
  ASSERT_EQ(submit({"train.epochs=100000000", "slurm.timeout_min=1", "slurm.signal_delay_s=59"}).code, 0);
  wait_for_restarts(job(), 1);
  EXPECT_EQ(state(run()), "interrupted");
  EXPECT_THAT(json(run() + "/status.json")["reason"].get<std::string>(), HasSubstr("the state is saved"));
  EXPECT_EQ(program({"cancel", "s"}).code, 0);
  wait_for_jobs();
}

TEST_F(Slurm, AJobThatRunsOutOfTimeIsQueuedAgainAsOftenAsAllowed) {
  write_sweep("seeds: [0]");
  ASSERT_EQ(submit(longer_with({"slurm.max_num_timeout=1"})).code, 0);
  const auto run_out_of_time = [&] {
    ASSERT_TRUE(wait_for([&] { return trains(run()) && state(run()) == "running"; }));
    ASSERT_EQ(run_program({"scancel", "--batch", "--signal=USR1", job()}).code,
              0);  // as --signal=B:USR1 does
  };
  run_out_of_time();
  wait_for_restarts(job(), 1);
  EXPECT_EQ(state(run()), "interrupted");
  begin_soon(job());
  run_out_of_time();
  wait_for_jobs();
  EXPECT_EQ(state(run()), "interrupted");
  EXPECT_THAT(column("results.csv", "state"), ElementsAre("interrupted")) << "collected";
  EXPECT_THAT(file_bytes(folder / fmt::format("s/logs/sparcell_{}_0.out", job())),
              HasSubstr("ran out of time 2 times (slurm.max_num_timeout is 1): it is not queued again"));
  EXPECT_EQ(program({"resume", "s"}).code, 0);
  wait_for_jobs();
  expect_all_as_without_slurm(longer);
}

TEST_F(Slurm, RunsThatShareAJobGoOnTogether) {
  ASSERT_EQ(submit(longer_with({"slurm.runs_per_task=2"})).code, 0);
  EXPECT_THAT(file_bytes(folder / "s/slurm/array_0.sh"), HasSubstr("--array=0-1%4"));
  ASSERT_TRUE(wait_for([&] { return trains(run(0)) && trains(run(1)); }));
  ASSERT_EQ(run_program({"scancel", "--batch", "--signal=USR1", job() + "_0"}).code, 0);
  wait_for_restarts(job() + "_0", 1);
  EXPECT_EQ(state(run(0)), "interrupted");
  EXPECT_EQ(state(run(1)), "interrupted");
  begin_soon(job() + "_0");
  wait_for_jobs();
  expect_all_as_without_slurm(longer);
}

TEST_F(Slurm, CancelLeavesEverythingResumable) {
  ASSERT_EQ(submit(longer_with({"slurm.array_parallelism=1"})).code, 0);
  ASSERT_TRUE(wait_for([&] { return trains(run()); }));
  EXPECT_THAT(program({"status", "s"}).out, testing::EndsWith("4 runs, 1 running, 3 waiting\n"));
  EXPECT_THAT(program({"cancel", "s"}).err, HasSubstr("were cancelled"));
  wait_for_jobs();
  EXPECT_THAT(program({"status", "s"}).out,
              HasSubstr("4 runs, 4 interrupted\n"
                        "Nothing launches this sweep now; sparcell resume s goes on with 4 runs.\n"))
      << "the three that had not begun wait for nothing";
  EXPECT_FALSE(exists("s/results.csv"));
  EXPECT_EQ(program({"resume", "s"}).code, 0);
  wait_for_jobs();
  expect_all_as_without_slurm(longer);
}

TEST_F(Slurm, RunsThatAreQueuedAreNotSubmittedAgain) {
  ASSERT_EQ(submit(longer_with({"slurm.array_parallelism=1"})).code, 0);
  const std::string jobs = file_bytes(folder / "s/slurm/jobs");
  const auto refused = HasSubstr("has jobs in Slurm's queue, and nothing was submitted again");
  EXPECT_THAT(program({"resume", "s"}), AllOf(Field(&Finished::code, 2), Field(&Finished::err, refused)));
  EXPECT_THAT(submit(longer_with({"slurm.array_parallelism=1"})).err, refused);
  EXPECT_EQ(file_bytes(folder / "s/slurm/jobs"), jobs);
  EXPECT_EQ(program({"cancel", "s"}).code, 0);
  wait_for_jobs();
}

TEST_F(Slurm, AControllerThatGivesNoAnswerIsNotAnEmptyQueue) {
  ASSERT_EQ(submit().code, 0);
  // squeue as it fails while the controller restarts, three times.
  const std::string real = run_program({"bash", "-c", "command -v squeue"}).out;
  std::filesystem::create_directory(folder / "bin");
  write_bytes(folder / "bin/squeue",
              "#!/bin/bash\n" +
                  fmt::format("echo >>{0}; [[ $(wc -l <{0}) -gt 3 ]] && exec {1}", folder / "asked",
                              real.substr(0, real.size() - 1)) +
                  " \"$@\"\necho 'slurm_load_jobs error: Unable to contact slurm controller' >&2\nexit 1\n");
  std::filesystem::permissions(folder / "bin/squeue", std::filesystem::perms::owner_all);
  around.environment.emplace_back("PATH", (folder / "bin") + ":" + std::getenv("PATH"));
  EXPECT_THAT(program({"resume", "s"}),
              AllOf(Field(&Finished::code, 2), Field(&Finished::err, HasSubstr("Unable to contact"))));
  EXPECT_EQ(program({"status", "s", "--watch"}).code, 0);
  EXPECT_THAT(column("results.csv", "state"), AllOf(SizeIs(4), Each("done")));
}

TEST_F(Slurm, HalvingGoesOnFromRungToRung) {
  write_sweep(
      "method: halving, halving: {min_epochs: 4, factor: 2}, parameters: {train.optimizer.learning_rate: "
      "{values: [1.0e-5, 1.0e-4, 1.0e-3, 3.0e-3]}}");
  ASSERT_EQ(submit({"train.epochs=16"}).code, 0);
  wait_for_jobs();
  const Finished alone = program({"sweep", "sweep.yaml", "train.epochs=16", "--out", "alone"});
  ASSERT_EQ(alone.code, 0) << alone.err;
  EXPECT_EQ(file_bytes(folder / "s/halving.csv"), file_bytes(folder / "alone/halving.csv"));
  ASSERT_THAT(results(), SizeIs(1)) << "of four configurations the half twice";
  const std::string best = results().begin()->first;
  EXPECT_THAT(differences(folder / ("alone/" + best), folder / ("s/" + best)), IsEmpty());
  EXPECT_THAT(column("results.csv", "state"),
              AllOf(SizeIs(4), Contains("done").Times(1), Contains("pruned")));
}

TEST_F(Slurm, HalvingTriesFailedRunsAgainAlsoWhereTheyShareAJob) {
  write_sweep(
      "method: halving, halving: {min_epochs: 1}, parameters: {train.optimizer.learning_rate: "
      "{values: [1.0e-3, 1.0e-2, 1.0e+30]}}");
  ASSERT_EQ(submit({"slurm.runs_per_task=2"}).code, 0);
  wait_for_jobs();
  const std::string log = fmt::format("s/logs/{}.log", column("jobs.csv", "run")[2]);
  const std::string once = file_bytes(folder / log);
  const auto finished = results();
  EXPECT_THAT(finished, SizeIs(1));
  const Finished again = program({"resume", "s"});
  EXPECT_THAT(again.err, HasSubstr("1 run in jobs"));
  wait_for_jobs();
  EXPECT_EQ(file_bytes(folder / log), once + once);
  EXPECT_EQ(results(), finished);
}

class SlurmOfSmallArrays : public Slurm {
  void SetUp() override { start_cluster({{"MAX_ARRAY_SIZE", "2"}}); }
};

TEST_F(SlurmOfSmallArrays, TakeASweepInChunks) {
  write_sweep("parameters: {model.ae.latent: {values: [2, 3, 4, 5, 6]}}");
  const Finished submitted = submit();
  ASSERT_EQ(submitted.code, 0) << submitted.err;
  for (const char* script : {"array_0.sh", "array_1.sh", "array_2.sh"})
    EXPECT_TRUE(exists(std::string("s/slurm/") + script)) << script;
  wait_for_jobs();
  EXPECT_THAT(column("results.csv", "state"), AllOf(SizeIs(5), Each("done")));
}

}  // namespace
}  // namespace sparcell::test

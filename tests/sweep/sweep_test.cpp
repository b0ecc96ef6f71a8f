// Sweeps and ablations as a user runs them.
#include "sparcell/anndata.h"
#include "sweep/sweep_support.h"

namespace sparcell::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

class Sweep : public SmallSweep {};

TEST_F(Sweep, EveryRunIsTheExperimentWithItsValues) {
  const Finished done = sweep();
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, HasSubstr("Best configurations: mean and standard deviation over seeds (smaller"));
  const auto jobs = table("jobs.csv");
  ASSERT_THAT(jobs, SizeIs(4));
  EXPECT_THAT(column("results.csv", "state"), Each("done"));
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const auto& job = jobs[i];
    const nlohmann::json result = json(fmt::format("s/{}/result.json", job.at("run")));
    EXPECT_EQ(result["config_hash"].get<std::string>().substr(0, 12), job.at("run"));
    EXPECT_EQ(std::to_string(result["seed"].get<int>()), job.at("seed"));
    EXPECT_EQ(std::stod(column("results.csv", "ae.test.mse")[i]), result["models"]["ae"]["test"]["mse"]);
    EXPECT_EQ(std::stod(column("results.csv", "metric")[i]), result["models"]["ae"]["loss"]["validation"]);
  }
  const Finished alone = program({"run", "sweep.yaml", "model.ae.latent=3", "seed=1", "--out", "alone"});
  ASSERT_EQ(alone.code, 0) << alone.err;
  EXPECT_EQ(json("alone/result.json")["config_hash"].get<std::string>().substr(0, 12), jobs[3].at("run"));
}

TEST_F(Sweep, AReportOfASweepIsWrittenAgain) {
  ASSERT_EQ(sweep({"sweep.seeds=[0]"}).code, 0);
  const std::string before = file_bytes(folder / "s/report.html");
  std::filesystem::remove(folder / "s/report.html");
  EXPECT_EQ(program({"report", "s"}).out, "s/report.html\n");
  EXPECT_EQ(file_bytes(folder / "s/report.html"), before);
  const Finished compared = program({"compare", "s"});
  EXPECT_EQ(compared.code, 2);
  EXPECT_THAT(compared.err, HasSubstr("s: this is the folder of a sweep; its runs are the folders in it"));
}

TEST_F(Sweep, FinishedRunsAreSkippedAndAValueAddsOnlyItsRuns) {
  ASSERT_EQ(sweep().code, 0);
  const auto before = results();
  const std::vector<std::string> runs = column("jobs.csv", "run");
  const Finished again = sweep();
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.err, HasSubstr("4 of 4 runs are finished"));
  EXPECT_EQ(results(), before);
  write_sweep("parameters: {model.ae.latent: {values: [5, 3]}}, seeds: [0, 1]");
  const Finished more = sweep();
  EXPECT_THAT(more.err, AllOf(HasSubstr("4 runs, 2 of them new"), HasSubstr("2 of 4 runs are finished")));
  for (const auto& [run, time] : before) EXPECT_EQ(results().at(run), time) << run;
  const std::vector<std::string> longer = column("jobs.csv", "run");
  ASSERT_THAT(longer, SizeIs(6));
  EXPECT_TRUE(std::equal(runs.begin(), runs.end(), longer.begin())) << "tasks keep their numbers";
  EXPECT_THAT(column("jobs.csv", "active"), ElementsAre("0", "0", "1", "1", "1", "1"));
  EXPECT_THAT(table("results.csv"), SizeIs(4));
}

TEST_F(Sweep, ADryRunListsRunsAndWritesNothing) {
  const Finished dry = sweep({"--dry-run"});
  EXPECT_EQ(dry.code, 0) << dry.err;
  EXPECT_THAT(dry.out, AllOf(HasSubstr("model.ae.latent"), HasSubstr("4 runs, 0 finished"),
                             HasSubstr("\nCompared by ae.loss.validation (smaller is better).\n")));
  EXPECT_FALSE(exists("s"));
  EXPECT_THAT(sweep({"--dry-run", "model.ae.latent=9"}).err,
              HasSubstr("warning: override 'model.ae.latent=9' has no effect"));
  ASSERT_EQ(sweep({"sweep.seeds=[0]"}).code, 0);
  const Finished after = sweep({"--dry-run"});
  EXPECT_THAT(after.out, HasSubstr("4 runs, 2 finished"));
  const nlohmann::json result = json(fmt::format("s/{}/result.json", column("jobs.csv", "run")[0]));
  EXPECT_THAT(after.out, HasSubstr(fmt::format(" {} ", result["models"]["ae"]["parameters"].get<int>())));
}

/// The number is that of the trained run, whose layers are as wide as the data have conditions.
TEST_F(Sweep, ADryRunCountsTheParametersOfModelsThatAreToldConditions) {
  const std::pair<const char*, const char*> models[] = {
      {"ae", "hidden: [16], dropout: [0.1], conditioning: {combine: learned, rank: 3}"},
      {"ae", "hidden: [16], dropout: [0.1], skip: true, conditioning: {encoder: true, embedding: loadings}"},
      {"vae", "hidden: [200], dropout: [0.1], conditioning: {encoder: true}"},
      {"vae", "hidden: [16], dropout: [0.1], likelihood: nb, dispersion: gene_perturbation"},
      {"gan", "generator: {hidden: [16], dropout: 0}, critic: {hidden: [16], dropout: 0}"},
      {"gan",
       "generator: {hidden: [16], dropout: 0}, critic: {hidden: [16, 8], dropout: 0}, minibatch: "
       "deviation, output: hurdle, library: output, conditioning: {combine: learned, rank: 3}"}};
  for (const auto& [name, rest] : models) {
    SCOPED_TRACE(rest);
    std::filesystem::remove_all(folder / "s");
    const std::string type = std::string(name) == "ae" ? "autoencoder" : name;
    const std::string model = fmt::format(
        "model={{m: {{type: {}, latent: 4, condition: [perturbation, nperts], {}}}}}", type, rest);
    const std::vector<std::string> arguments{"sweep.parameters={}", "sweep.seeds=[1]", model,
                                             "select.include_perturbed=true"};
    const Finished dry = sweep([&] {
      std::vector<std::string> all = arguments;
      all.push_back("--dry-run");
      return all;
    }());
    ASSERT_EQ(dry.code, 0) << dry.err;
    const Finished done = sweep(arguments);
    ASSERT_EQ(done.code, 0) << done.err;
    const nlohmann::json result = json(fmt::format("s/{}/result.json", column("jobs.csv", "run")[0]));
    EXPECT_THAT(dry.out, HasSubstr(fmt::format(" {} ", result["models"]["m"]["parameters"].get<int>())));
  }
}

TEST_F(Sweep, ADryRunSaysWhichRunsTheDataRefuse) {
  const Finished dry = sweep({"--dry-run", "model.ae.condition=perturbation",
                              "sweep.parameters={filter.perturbations: {values: [all, control]}}"});
  EXPECT_EQ(dry.code, 0) << dry.err;
  EXPECT_THAT(dry.err, HasSubstr("would fail: "));
  EXPECT_THAT(dry.out, HasSubstr("4 runs, 0 finished"));
}

TEST_F(Sweep, AFailureDoesNotStopTheOthersAndIsTriedAgain) {
  write_sweep("parameters: {filter.min_counts: {values: [1000000, 0]}}");
  const Finished done = sweep();
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.err, HasSubstr("1 of the runs in s failed"));
  EXPECT_THAT(column("results.csv", "state"), ElementsAre("failed", "done"));
  EXPECT_THAT(program({"status", "s"}).out,
              AllOf(HasSubstr("2 runs, 1 done, 1 failed"),
                    HasSubstr("failed: filter.min_counts leaves none of the 240 cells")));
  const Finished resumed = program({"resume", "s"});
  EXPECT_EQ(resumed.code, 1);
  EXPECT_THAT(resumed.err, HasSubstr("1 of 2 runs are finished"));
}

TEST_F(Sweep, AnAblationIsComparedOverSeeds) {
  const Finished done = program({"ablate", "sweep.yaml", "ablation={no_dropout: [model.ae.dropout=0]}",
                                 "sweep.seeds=[1, 2, 3]", "--out", "s"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out, AllOf(HasSubstr("no_dropout"), HasSubstr("Arm minus reference over equal seeds"),
                              HasSubstr(" intervals (arms x metrics) is one comparison by itself")));
  double difference = 0;
  for (auto& row : table("results.csv"))
    difference += (row["arm"] == "reference" ? -1 : 1) * std::stod(row["ae.test.mse"]) / 3;
  for (auto& row : table("differences.csv")) {
    EXPECT_EQ(row["seeds"], "3");
    if (row["metric"] == "ae.test.mse") {
      EXPECT_NEAR(std::stod(row["difference"]), difference, 1e-12);
    }
  }
  EXPECT_THAT(file_bytes(folder / "s/report.html"),
              HasSubstr(R"("changes":{"no_dropout":["model.ae.dropout=[0.0]"]})"));
  EXPECT_THAT(sweep().err, HasSubstr("an ablation, not a sweep"));
}

TEST_F(Sweep, BadInputIsRefusedBeforeAnythingRuns) {
  const auto refused = [&](const std::vector<std::string>& arguments) {
    const Finished done = sweep(arguments);
    EXPECT_EQ(done.code, 2) << done.err;
    EXPECT_FALSE(exists("s"));
    return done.err;
  };
  EXPECT_THAT(refused({"sweep.metric.name=ae.test.msee"}),
              HasSubstr("no run reports ae.test.msee; did you mean ae.test.mse?"));
  EXPECT_THAT(refused({"sweep.metric.name=ae.test.energy_distance"}), HasSubstr("no run reports"));
  EXPECT_THAT(refused({"sweep.metric.name=ae.test.mmd"}), HasSubstr("no run reports"));
  EXPECT_THAT(refused({"sweep.metric.name=ae.validation.energy_distance"}), HasSubstr("no run reports"));
  EXPECT_THAT(refused({"sweep.metric.name=ae.test.iwelbo"}), HasSubstr("no run reports"));
  EXPECT_THAT(refused({"sweep.metric.name=ae.test.varying_genes"}), HasSubstr("neither better"));
  EXPECT_THAT(refused({"sweep.parameters={model.ae.latnt: {values: [1]}}"}),
              HasSubstr("did you mean 'latent'?"));
  EXPECT_THAT(refused({"--jobs", "0"}), HasSubstr("--jobs"));
  ASSERT_EQ(program({"run", "small.yaml", "--out", "r"}).code, 0);
  EXPECT_THAT(program({"sweep", "sweep.yaml", "--out", "r"}).err, HasSubstr("r holds a run, not a sweep"));
  EXPECT_THAT(program({"cancel", "r"}).err, HasSubstr("r holds no sweep"));
  EXPECT_THAT(program({"status", "none"}).err, HasSubstr("none: there is no such folder"));
}

TEST_F(Sweep, ValidateRefusesWhatSweepRefuses) {
  const auto both_refuse = [&](const std::vector<std::string>& overrides, const std::string& sentence) {
    std::vector<std::string> arguments{"validate", "sweep.yaml"};
    arguments.insert(arguments.end(), overrides.begin(), overrides.end());
    const Finished validated = program(arguments), swept = sweep(overrides);
    EXPECT_EQ(validated.code, 2);
    EXPECT_EQ(validated.err, swept.err);
    EXPECT_THAT(validated.err, HasSubstr(sentence));
  };
  both_refuse({"sweep.metric.name=ae.test.msee"}, "no run reports ae.test.msee");
  both_refuse({"sweep={seeds: [1, 2], metric: {name: ae.test.msee}}"}, "no run reports ae.test.msee");
  both_refuse({"sweep.method=halving", "sweep.halving.min_epochs=50"}, "min_epochs is 50, not below the 3");
  both_refuse({"sweep.method=halving", "sweep.halving.min_epochs=1",
               "sweep.parameters={train.epochs: {values: [3, 4]}}"},
              "how long they train cannot be swept");
  const Finished arms = program({"validate", "sweep.yaml", "sweep.parameters={}",
                                 "sweep.metric.name=ae.test.x", "ablation={a: [model.ae.latent=2]}"});
  EXPECT_THAT(arms.err, HasSubstr("no run reports ae.test.x"));
}

TEST_F(Sweep, AnotherVersionsSweepIsRefused) {
  std::filesystem::create_directories(folder / "s");
  write_bytes(folder / "s/jobs.csv", "");
  write_bytes(folder / "s/sweep.json", R"({"schema": 2})");
  for (const std::vector<std::string>& command : {std::vector<std::string>{"resume", "s"}, {"status", "s"}}) {
    const Finished done = program(command);
    EXPECT_EQ(done.code, 2);
    EXPECT_THAT(done.err, HasSubstr("s is of another version of sparcell: sweep schema 2, expected 1"));
  }
}

TEST_F(Sweep, ARunWhoseDataChangedSinceTheSubmissionIsNotMade) {
  ASSERT_EQ(sweep({"sweep.seeds=[0]"}).code, 0);
  const std::string run = "s/" + column("jobs.csv", "run")[0];
  std::filesystem::remove_all(folder / run);
  simulate(folder / "cells.h5ad", {.cells = 240, .genes = 120, .perturbations = 3, .doubles = 0, .seed = 8},
           silent);
  EXPECT_EQ(program({"resume", "s"}).code, 1);
  EXPECT_THAT(json(run + "/status.json")["reason"].get<std::string>(),
              HasSubstr("would be another experiment: its data file has changed since"));
  EXPECT_EQ(sweep({"sweep.seeds=[0]"}).code, 0) << "submitted again, these are other runs";
  EXPECT_THAT(column("results.csv", "state"), AllOf(SizeIs(2), Each("done")));
}

TEST_F(Sweep, AStoppedSweepGoesOnWithDataFilesThatMoved) {
  std::string annotations = "cell,batch\n";
  for (const std::string& name : read_obs(folder / "cells.h5ad").names) annotations += name + ",1\n";
  write_bytes(folder / "cells.csv", annotations);
  ASSERT_EQ(sweep({"sweep.seeds=[0]", "read.annotations=cells.csv"}).code, 0);
  const std::string run = "s/" + column("jobs.csv", "run")[0];
  const nlohmann::json before = json(run + "/result.json");
  std::filesystem::remove(folder / (run + "/result.json"));
  std::filesystem::rename(folder / "cells.h5ad", folder / "moved: 1.h5ad");
  std::filesystem::rename(folder / "cells.csv", folder / "moved.csv");
  const Finished again =
      sweep({"sweep.seeds=[0]", "read.path='moved: 1.h5ad'", "read.annotations=moved.csv"});
  ASSERT_EQ(again.code, 0) << again.err << file_bytes(folder / ("s/logs/" + run.substr(2) + ".log"));
  EXPECT_THAT(again.err, HasSubstr("2 runs, 0 of them new"));
  EXPECT_EQ(json(run + "/result.json")["models"]["ae"]["test"], before["models"]["ae"]["test"]);
}

/// Begun runs and others: paths are meant from where the sweep was submitted.
TEST_F(Sweep, GoesOnFromAnotherFolder) {
  ASSERT_EQ(sweep({"sweep.seeds=[0]"}).code, 0);
  const std::vector<std::string> runs = column("jobs.csv", "run");
  ASSERT_THAT(runs, SizeIs(2));
  const nlohmann::json begun = json("s/" + runs[0] + "/result.json"),
                       other = json("s/" + runs[1] + "/result.json");
  std::filesystem::remove(folder / ("s/" + runs[0] + "/result.json"));
  std::filesystem::remove_all(folder / ("s/" + runs[1]));
  std::filesystem::create_directory(folder / "elsewhere");
  around.folder = folder.path() / "elsewhere";
  const Finished done = program({"resume", "../s"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(json("s/" + runs[0] + "/result.json")["models"]["ae"]["test"], begun["models"]["ae"]["test"]);
  EXPECT_EQ(json("s/" + runs[1] + "/result.json")["models"]["ae"]["test"], other["models"]["ae"]["test"]);
}

TEST_F(Sweep, TheSeedOfARunIsThatOfItsExperiment) {
  write_sweep("parameters: {seed: {values: [5, 6]}, model.ae.latent: {values: [2]}}");
  EXPECT_THAT(sweep({"--dry-run"}).out,
              testing::ContainsRegex("run +state +seed +model.ae.latent +parameters"));
  ASSERT_EQ(sweep().code, 0);
  EXPECT_THAT(column("jobs.csv", "seed"), ElementsAre("5", "6"));
  EXPECT_THAT(column("results.csv", "seed"), ElementsAre("5", "6"));
  EXPECT_EQ(json(fmt::format("s/{}/result.json", column("results.csv", "run")[1]))["seed"], 6);
  for (const char* file : {"s/jobs.csv", "s/results.csv"})
    EXPECT_THAT(read_csv(folder / file).at(0), Contains("seed").Times(1)) << file;
  const Finished dry =
      program({"ablate", "sweep.yaml", "sweep={}", "ablation={other: [seed=8]}", "--dry-run"});
  EXPECT_THAT(dry.out, AllOf(testing::ContainsRegex("waiting +3 +reference"),
                             testing::ContainsRegex("waiting +8 +other")))
      << dry.err;
}

TEST_F(Sweep, ACapTakesTheFirstRunsAndEqualRunsAreMadeOnce) {
  const Finished done = sweep({"--dry-run", "sweep.run_cap=3"});
  EXPECT_THAT(done.err, HasSubstr("sweep.run_cap: the first 3 of 4 runs"));
  EXPECT_THAT(done.out, HasSubstr("3 runs, 0 finished"));
  EXPECT_THAT(sweep({"--dry-run", "sweep.parameters={model.ae.latent: {values: [2, 2]}}"}).err,
              HasSubstr("2 of 4 runs are the same experiment as another one"));
  const auto validated = [this](const std::string& change) {
    return program({"validate", "sweep.yaml", change}).out;
  };
  EXPECT_EQ(validated("sweep.run_cap=3"), "sweep.yaml is valid: 1 model, 3 runs of its sweep\n");
  EXPECT_EQ(validated("sweep.run_cap=1"), "sweep.yaml is valid: 1 model, 1 run of its sweep\n");
  EXPECT_EQ(validated("sweep.parameters={model.ae.latent: {values: [2, 2]}}"),
            "sweep.yaml is valid: 1 model, 2 runs of its sweep\n");
  EXPECT_EQ(validated("sweep.parameters={read.path: {values: [one.h5ad, other.h5ad]}}"),
            "sweep.yaml is valid: 1 model, 4 runs of its sweep\n");
  EXPECT_EQ(validated("read.annotations=not_there_yet.csv"), "sweep.yaml is valid: 1 model, 4 runs of its sweep\n");
}

}  // namespace
}  // namespace sparcell::test

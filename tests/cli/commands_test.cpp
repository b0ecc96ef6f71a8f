// Every command of the program, as a user types it.
#include <gmock/gmock.h>

#include "sparcell/anndata.h"
#include "support/small_experiment.h"

namespace sparcell::test {
namespace {

using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

const std::vector<std::string> commands{"run",      "validate", "schema",   "inspect", "simulate", "embed",
                                        "generate", "predict",  "evaluate", "report",  "compare",  "sweep",
                                        "ablate",   "status",   "cancel",   "profile", "info",     "tune"};

class Commands : public SmallExperiment {
 protected:
  std::string succeed(const std::vector<std::string>& arguments) {
    const Finished done = program(arguments);
    EXPECT_EQ(done.code, 0) << done.err;
    return done.out;
  }
  /// The sentence of a command that must fail without a word on standard output.
  std::string fail(const std::vector<std::string>& arguments, int code) {
    const Finished done = program(arguments);
    EXPECT_EQ(done.code, code) << done.err;
    EXPECT_THAT(done.out, IsEmpty());
    EXPECT_EQ(done.err_lines(), 1) << done.err;
    return done.err;
  }
};

TEST_F(Commands, Version) {
  EXPECT_THAT(succeed({"--version"}), MatchesRegex("sparcell [0-9]+[.][0-9]+[.][0-9]+\n"));
}

TEST_F(Commands, HelpNamesEveryCommandAndEachHasItsOwn) {
  const std::string help = succeed({"--help"});
  for (const std::string& command : commands) {
    EXPECT_THAT(help, HasSubstr("\n  " + command + " "));
    EXPECT_THAT(succeed({command, "--help"}), HasSubstr("Usage: sparcell " + command)) << command;
  }
}

TEST_F(Commands, HelpOfRunHasEveryOptionWithItsSentence) {
  EXPECT_THAT(succeed({"run", "--help"}),
              AllOf(HasSubstr("read.path"), HasSubstr("Passes over the training cells."),
                    HasSubstr("Critic updates per generator update.")));
}

TEST_F(Commands, WrongCommandLines) {
  EXPECT_THAT(fail({"reprt"}, 2), HasSubstr("there is no command 'reprt', did you mean 'report'"));
  EXPECT_THAT(fail({}, 2), HasSubstr("see sparcell --help"));
  EXPECT_THAT(fail({"run"}, 2),
              AllOf(HasSubstr("experiment is required"), HasSubstr("see sparcell run --help")));
  EXPECT_THAT(fail({"run", "small.yaml", "--ot", "r"}, 2), HasSubstr("--ot"));
  EXPECT_THAT(fail({"generate", "r", "x.h5ad"}, 2), HasSubstr("--cells is required"));
  EXPECT_THAT(fail({"generate", "r", "x.h5ad", "--cells", "0"}, 2), HasSubstr("--cells: 0 is out of bounds, expected 1 to 100000000;"));
  EXPECT_THAT(fail({"embed", "r", "cells.h5ad", "x.h5ad", "--weights", "worst"}, 2), HasSubstr("worst"));
  EXPECT_THAT(fail({"simulate", "x.h5ad", "--cells", "-3"}, 2),
              HasSubstr("--cells: -3 is out of bounds, expected at least 1"));
  EXPECT_THAT(fail({"simulate", "x.h5ad", "--cells", "many"}, 2), HasSubstr("--cells: many is no whole number"));
  EXPECT_THAT(fail({"simulate", "x.h5ad", "--perturbations", "5000"}, 2),
              HasSubstr("perturbations is 5000; expected 0 to the number of genes, 1000"));
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"generate", "r", "x.h5ad", "--cells", "3", "--seed"},
        {"predict", "r", "x.h5ad", "--perturbation", "A", "--seed"},
        {"simulate", "x.h5ad", "--seed"},
        {"sweep", "small.yaml", "--jobs"},
        {"resume", "r", "--task"}}) {
    for (const std::string text : {"99999999999999999999", "-99999999999999999999", "-1"}) {
      std::vector<std::string> all = arguments;
      all.push_back(text);
      EXPECT_THAT(fail(all, 2), HasSubstr(": " + text + " is out of bounds, expected ")) << arguments[0];
    }
    for (const std::string text : {"1.5", "1e3", "0x10", "three"}) {
      std::vector<std::string> all = arguments;
      all.push_back(text);
      EXPECT_THAT(fail(all, 2), HasSubstr(": " + text + " is no whole number")) << arguments[0];
    }
  }
  EXPECT_THAT(fail({"run", "none.yaml"}, 2), HasSubstr("none.yaml"));
  EXPECT_FALSE(exists("x.h5ad"));
}

/// One exit code, whatever the command and whatever stands there instead; damage in a run's files is another.
TEST_F(Commands, APathThatIsNoRunIsAMistakeOfTheCommandLine) {
  finished_run("r", {"~model.vae", "~model.gan"});
  ASSERT_EQ(program({"sweep", "small.yaml", "~model.vae", "~model.gan", "sweep.seeds=[0]", "--out", "s"}).code, 0);
  std::filesystem::create_directory(folder / "empty");
  std::filesystem::create_directory(folder / "stopped");
  std::filesystem::copy(folder / "r/config.yaml", folder / "stopped/config.yaml");
  const std::string page = file_bytes(folder / "r/report.html");
  const auto of_finished_runs = [](const std::string& run) {
    return std::vector<std::vector<std::string>>{{"embed", run, "cells.h5ad", "x.h5ad"},
                                                 {"generate", run, "x.h5ad", "--cells", "3"},
                                                 {"predict", run, "x.h5ad", "--perturbation", "A"},
                                                 {"evaluate", run},
                                                 {"compare", run},
                                                 {"compare", "r", run},
                                                 {"report", run, "--html", "x.html"}};
  };
  const auto all = [&](const std::string& run) {
    auto commands_on_runs = of_finished_runs(run);
    for (const char* command : {"report", "status", "resume", "cancel"}) commands_on_runs.push_back({command, run});
    commands_on_runs.push_back({"report", "r", run});
    return commands_on_runs;
  };
  for (const auto& arguments : all("none"))
    EXPECT_THAT(fail(arguments, 2), HasSubstr("none: there is no such folder")) << arguments[0];
  for (const auto& arguments : all("small.yaml"))
    EXPECT_THAT(fail(arguments, 2), HasSubstr("small.yaml: this is a file")) << arguments[0];
  for (const auto& arguments : all("empty"))
    EXPECT_THAT(fail(arguments, 2), HasSubstr("empty holds no ")) << arguments[0];
  for (const auto& arguments : of_finished_runs("s"))
    EXPECT_THAT(fail(arguments, 2), HasSubstr("s: this is the folder of a sweep")) << arguments[0];
  for (const auto& arguments : of_finished_runs("stopped"))
    EXPECT_THAT(fail(arguments, 2), HasSubstr("sparcell resume stopped goes on with it")) << arguments[0];
  EXPECT_FALSE(exists("x.h5ad") || exists("x.html"));
  EXPECT_EQ(file_bytes(folder / "r/report.html"), page);
  write_bytes(folder / "r/result.json", "{\"models\": ");
  for (const auto& arguments : of_finished_runs("r")) fail(arguments, 3);
}

TEST_F(Commands, ResumeRefusesOptionsThatItWouldPassOver) {
  finished_run("r", {"~model.vae", "~model.gan"});
  ASSERT_EQ(program({"sweep", "r/config.yaml", "sweep.seeds=[0]", "--out", "s"}).code, 0);
  EXPECT_THAT(fail({"resume", "r", "--jobs", "3"}, 2), HasSubstr("--jobs belongs to sweeps"));
  for (const std::string folder : {"r", "s"}) {
    EXPECT_THAT(fail({"resume", folder, "--pause-after", "1"}, 2),
                HasSubstr("--pause-after belongs to --task"));
    EXPECT_THAT(fail({"resume", folder, "--count", "7"}, 2), HasSubstr("--count belongs to --task"));
  }
  EXPECT_THAT(fail({"resume", "s", "--task", "0", "--collect"}, 2), HasSubstr("give one of them"));
  for (const std::string option : {"--task=0", "--collect"})
    EXPECT_THAT(fail({"resume", "s", option, "--jobs", "2"}, 2), HasSubstr("belongs to a whole sweep"));
  EXPECT_EQ(program({"resume", "s", "--task", "0", "--count", "2", "--pause-after", "1"}).code, 0);
  EXPECT_EQ(program({"resume", "s", "--collect", "--pause-after", "3"}).code, 0);
  EXPECT_EQ(program({"resume", "s", "--jobs", "2"}).code, 0);
}

TEST_F(Commands, Info) {
  EXPECT_THAT(succeed({"info"}), AllOf(HasSubstr("version"), HasSubstr("compiler"), HasSubstr("hdf5"),
                                       HasSubstr("threads"), HasSubstr("devices")));
}

/// Threads that wait busily keep the cores that others need: the program says otherwise where nobody does, and
/// OpenMP's library how it understood that.
TEST_F(Commands, ThreadsWaitBrieflyUnlessTheEnvironmentSaysHow) {
  around.unset = {"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"};
  around.environment = {{"OMP_DISPLAY_ENV", "verbose"}};
  const Finished done = program({"info"});
  EXPECT_THAT(done.out, ContainsRegex("waiting +GOMP_SPINCOUNT=2000\n"));
  EXPECT_THAT(done.err, HasSubstr("GOMP_SPINCOUNT = '2000'"));
  around.environment.emplace_back("GOMP_SPINCOUNT", "77");
  EXPECT_THAT(program({"info"}).err, AllOf(HasSubstr("GOMP_SPINCOUNT = '77'"), Not(HasSubstr("'2000'"))));
  around.environment = {{"OMP_WAIT_POLICY", "active"}};
  EXPECT_THAT(program({"info"}).out, ContainsRegex("waiting +OMP_WAIT_POLICY=active\n"));
}

/// In all threads: those of OpenMP begin as the one does that starts them.
TEST_F(Commands, DenormalNumbersAreZeroInEveryThread) {
  EXPECT_THAT(succeed({"info"}), ContainsRegex("denormals +are 0\n"));
}

/// Where `auto` takes the CPU.
class WithoutGpu : public Commands {
 protected:
  WithoutGpu() { around.environment = {{"CUDA_VISIBLE_DEVICES", ""}}; }
};

TEST_F(WithoutGpu, WhatIsAGpusIsRefused) {
  const Finished tf32 = run({"device=auto", "precision=tf32", "--out", "r"});
  EXPECT_EQ(tf32.code, 2);
  EXPECT_THAT(tf32.err, AllOf(HasSubstr("device: cpu (auto: "),
                              HasSubstr("precision tf32 is a GPU's, and the device is cpu; use precision: f32")));
  const Finished planned = run({"device=auto", "products.plan=plan.json", "--out", "r"});
  EXPECT_EQ(planned.code, 2);
  EXPECT_THAT(planned.err, HasSubstr("products.plan plan.json is for a GPU, and the device is cpu"));
  EXPECT_FALSE(exists("r"));
  EXPECT_THAT(
      fail({"tune", "small.yaml", "--out", "plan.json"}, 2),
      AllOf(HasSubstr("tune measures matrix products on a GPU, and the device is cpu; on the CPU oneDNN "),
            HasSubstr(" needs no plan")));
  EXPECT_THAT(fail({"tune", "small.yaml", "device=auto", "--out", "plan.json"}, 2),
              HasSubstr("the device is cpu (auto: "));
  EXPECT_FALSE(exists("plan.json"));
}

/// oneDNN as on a processor without AVX512_BF16.
TEST_F(Commands, Bfloat16NeedsAProcessorThatMultipliesIt) {
  around.environment = {{"DNNL_MAX_CPU_ISA", "AVX512_CORE"}};
  const Finished done = run({"precision=bf16", "--out", "r"});
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.err, HasSubstr("precision bf16 needs a processor that multiplies bfloat16 (AVX512_BF16 or AMX), which "
                                  "this one does not; use precision: f32"));
  EXPECT_FALSE(exists("r"));
}

TEST_F(Commands, SchemaIsJsonAndClosedAgainstUnknownKeys) {
  const nlohmann::json schema = nlohmann::json::parse(succeed({"schema"}));
  EXPECT_EQ(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
  EXPECT_EQ(schema["additionalProperties"], false);
  for (const char* section :
       {"read", "filter", "split", "normalize", "select", "model", "train", "evaluate", "report"})
    EXPECT_TRUE(schema["properties"].contains(section)) << section;
}

TEST_F(Commands, SchemaKnowsEveryMetricOfTheMetricsPage) {
  const nlohmann::json schema = nlohmann::json::parse(succeed({"schema"}));
  const nlohmann::json& words =
      schema["properties"]["evaluate"]["properties"]["metrics"]["anyOf"][0]["oneOf"];
  const std::string page = file_bytes("src/evaluate/METRICS.md");
  if (page.empty()) GTEST_SKIP() << "the page of metrics lies with the sources, which are not here";
  std::size_t rows = 0;
  for (std::size_t at = 0; (at = page.find("\n| `", at)) != std::string::npos; ++at) ++rows;
  ASSERT_EQ(words.size(), rows + 1);
  EXPECT_EQ(words[0]["const"], "all");
  for (std::size_t m = 1; m < words.size(); ++m) {
    EXPECT_THAT(page, HasSubstr("| `" + words[m]["const"].get<std::string>() + "` |"));
    EXPECT_THAT(words[m]["description"].get<std::string>(), testing::ContainsRegex("_v[0-9]+: "));
  }
}

TEST_F(Commands, ValidateReadsNoData) {
  EXPECT_EQ(succeed({"validate", "small.yaml", "read.path=none.h5ad"}), "small.yaml is valid: 3 models\n");
  EXPECT_EQ(succeed({"validate", "small.yaml", "~model.gan", "~model.vae"}),
            "small.yaml is valid: 1 model\n");
  EXPECT_THAT(fail({"validate", "small.yaml", "train.epocs=3"}, 2), HasSubstr("did you mean 'epochs'?"));
  EXPECT_THAT(fail({"validate", "small.yaml", "evaluate.metrics=[msee]"}, 2), HasSubstr("did you mean mse?"));
}

TEST_F(Commands, TheExperimentsOfTheRepositoryAreValid) {
  for (const auto& file : std::filesystem::directory_iterator("experiments")) {
    const Finished done = sparcell({"validate", file.path()});
    EXPECT_EQ(done.code, 0) << done.err;
  }
}

TEST_F(Commands, TheExperimentOfTheReadmeIsValid) {
  const std::string page = file_bytes("README.md"), fence = "```yaml\n";
  const std::size_t begin = page.find(fence);
  ASSERT_NE(begin, std::string::npos);
  const std::size_t first = begin + fence.size();
  write_bytes(folder / "mine.yaml", page.substr(first, page.find("```", first) - first));
  around.environment = {{"DATA", folder.path()}};
  EXPECT_EQ(succeed({"validate", "mine.yaml"}),
            "mine.yaml is valid: 3 models, 9 runs of its sweep, 6 runs of its ablation\n");
}

TEST_F(Commands, InspectSaysWhatAFileHolds) {
  EXPECT_THAT(succeed({"inspect", "cells.h5ad"}),
              AllOf(HasSubstr("cells          240"), HasSubstr("control")));
  const nlohmann::json json = nlohmann::json::parse(succeed({"inspect", "cells.h5ad", "--json"}));
  EXPECT_EQ(json["format"], "h5ad");
  EXPECT_EQ(json["cells"], 240);
  EXPECT_EQ(json["genes"], 120);
  EXPECT_EQ(json["nonzeros"], read_matrix(folder / "cells.h5ad").nonzeros());
  EXPECT_EQ(json["matrix"], "csr");
  EXPECT_EQ(json["counts"], "X");
  EXPECT_EQ(json["perturbations"].size(), 6);
  EXPECT_THAT(fail({"inspect", "none.h5ad"}, 3), HasSubstr("none.h5ad: there is no such file"));
}

TEST_F(Commands, SimulateRepeatsToTheByteAndKeepsNothingOfAFailure) {
  succeed({"simulate", "a.h5ad", "--cells", "50", "--genes", "40", "--perturbations", "4", "--seed", "2"});
  succeed({"simulate", "b.h5ad", "--cells", "50", "--genes", "40", "--perturbations", "4", "--seed", "2"});
  EXPECT_EQ(file_bytes(folder / "a.h5ad"), file_bytes(folder / "b.h5ad"));
  EXPECT_THAT(fail({"simulate", "small.yaml/x.h5ad"}, 3), HasSubstr("cannot be created"));
  EXPECT_THAT(fail({"simulate", "x.csv"}, 2), HasSubstr("x.csv: an AnnData file is written, which is HDF5"));
  EXPECT_FALSE(exists("x.csv"));
}

TEST_F(Commands, RunPrintsTheComparisonAndItsFolder) {
  const Finished done = run();
  ASSERT_EQ(done.code, 0) << done.err;
  const std::string last = done.out.substr(done.out.rfind('\n', done.out.size() - 2) + 1);
  EXPECT_THAT(last, MatchesRegex("runs/small/[0-9]+-[0-9]+\n"));
  EXPECT_TRUE(exists(last.substr(0, last.size() - 1) + "/result.json"));
  EXPECT_THAT(done.out, AllOf(HasSubstr("energy distance"), HasSubstr("gene_mean"), HasSubstr("Verdicts")));
  EXPECT_THAT(done.err, HasSubstr("train gan: epoch 3/3"));
}

TEST_F(Commands, TwoRunsOfTheSameSecondHaveFoldersOfTheirOwn) {
  ASSERT_EQ(run().code, 0);
  ASSERT_EQ(run().code, 0);
  std::size_t runs = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "runs/small"))
    runs += entry.is_directory();
  EXPECT_EQ(runs, 2);
}

}  // namespace
}  // namespace sparcell::test

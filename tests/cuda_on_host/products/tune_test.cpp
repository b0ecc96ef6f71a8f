// `sparcell tune` and runs that take its plans, as processes on the emulated device.
#include <gmock/gmock.h>

#include "experiment/equal_runs.h"
#include "support/small_experiment.h"

namespace sparcell::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

/// Sums over 120 genes are long enough to be split; the last batch of an epoch is a smaller one.
const std::vector<std::string> on_gpu{"device=cuda", "select.genes=120", "train.epochs=1",
                                      "evaluate.metrics=[mse]", "~model.vae"};

class Tune : public SmallExperiment {
 protected:
  Finished command(const std::string& name, const std::vector<std::string>& more) {
    std::vector<std::string> arguments{name, "small.yaml"};
    arguments.insert(arguments.end(), on_gpu.begin(), on_gpu.end());
    arguments.insert(arguments.end(), more.begin(), more.end());
    return program(arguments);
  }
  void succeed(const std::string& name, const std::vector<std::string>& more) {
    const Finished done = command(name, more);
    ASSERT_EQ(done.code, 0) << done.err;
  }
  /// The last line of a command that must be refused.
  std::string refused(const std::string& name, const std::vector<std::string>& more) {
    const Finished done = command(name, more);
    EXPECT_EQ(done.code, 2) << done.err;
    const std::string lines = done.err.substr(0, done.err.size() - 1);
    return lines.substr(lines.rfind('\n') + 1);
  }
  nlohmann::json result(const std::string& run) const { return json(run + "/result.json"); }
};

TEST_F(Tune, WritesThePlanThatRunsTakeWithEqualBits) {
  succeed("tune", {"precision=bf16", "--out", "plan.json"});
  const std::vector<std::string> planned{"precision=bf16", "products.plan=plan.json", "--out"};
  for (const char* out : {"a", "b"}) succeed("run", {planned[0], planned[1], planned[2], out});
  EXPECT_THAT(differences(folder / "a", folder / "b"), IsEmpty());
  succeed("run", {"precision=bf16", "--out", "heuristic"});
  EXPECT_NE(result("a")["models"], result("heuristic")["models"]) << "the plan decides bits";
  EXPECT_NE(result("a")["config_hash"], result("heuristic")["config_hash"]);
  EXPECT_THAT(file_bytes(folder / "a/config.yaml"), HasSubstr("plan: plan.json"));
  const nlohmann::json products = json("a/provenance.json")["products"];
  EXPECT_EQ(products["precision"], "bf16");
  EXPECT_EQ(products["plan_sha256"].get<std::string>().size(), 64);
  EXPECT_THAT(products["library"].get<std::string>(), testing::StartsWith("cuBLASLt "));

  std::filesystem::rename(folder / "plan.json", folder / "other_name.json");
  succeed("run", {"precision=bf16", "products.plan=other_name.json", "--out", "c"});
  EXPECT_EQ(result("a")["config_hash"], result("c")["config_hash"]) << "the content counts, not the name";
}

/// Models that begin at their training cells, are told conditions, or count their training in steps.
class TuneShipped : public Tune, public testing::WithParamInterface<const char*> {};

TEST_P(TuneShipped, ThePlanSufficesForARun) {
  simulate(folder / "cells.h5ad",
           {.cells = 260, .genes = 80, .perturbations = 10, .doubles = 6, .density = 0.25, .seed = 1},
           silent);
  const std::string file =
      std::filesystem::absolute(std::string("experiments/") + GetParam() + ".yaml").string();
  const auto succeed_with = [&](const std::string& command, const std::vector<std::string>& more) {
    std::vector<std::string> arguments{command, file, "read.path=cells.h5ad", "device=cuda",
                                       "select.genes=40"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Finished done = program(arguments);
    ASSERT_EQ(done.code, 0) << done.err;
  };
  succeed_with("tune", {"--out", "plan.json"});
  succeed_with("run", {"products.plan=plan.json", "train.steps=0", "train.epochs=1", "evaluate.metrics=[mse]",
                       "evaluate.resamples=100", "report.html=false", "--out", "r"});
}

INSTANTIATE_TEST_SUITE_P(Each, TuneShipped,
                         testing::Values("strong_ae", "strong_vae", "strong_gan", "perturbation_singles",
                                         "perturbation_doubles"),
                         [](const auto& info) { return info.param; });

TEST_F(Tune, PlansThatDoNotFitAreRefusedAndLeaveNothing) {
  succeed("tune", {"--out", "plan.json"});
  const std::string plan = file_bytes(folder / "plan.json");
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = plan;
    EXPECT_NE(text.find(from), std::string::npos);
    write_bytes(folder / "changed.json", text.replace(text.find(from), from.size(), to));
    return refused("run", {"products.plan=changed.json", "--out", "r"});
  };
  EXPECT_THAT(changed("emulated GPU", "NVIDIA H100"),
              HasSubstr("was made for the GPU NVIDIA H100, here it is"));
  EXPECT_THAT(changed("cuBLASLt", "another"), HasSubstr("was made for the library another"));
  EXPECT_THAT(changed("\"products\"", "\"product\""), HasSubstr("is damaged: it has no list 'products'"));
  EXPECT_THAT(refused("run", {"products.plan=plan.json", "precision=tf32", "--out", "r"}),
              HasSubstr("was made for the precision f32, here it is tf32"));
  EXPECT_THAT(refused("run", {"products.plan=plan.json", "train.batch=24", "--out", "r"}),
              HasSubstr("of this experiment's steps; make a plan of this experiment with sparcell tune"));
  EXPECT_THAT(refused("run", {"products.plan=none.json", "--out", "r"}),
              HasSubstr("none.json cannot be read"));
  EXPECT_FALSE(exists("r"));
}

TEST_F(Tune, OverwritesNothing) {
  write_bytes(folder / "plan.json", "mine");
  EXPECT_THAT(refused("tune", {"--out", "plan.json"}), HasSubstr("plan.json is there already"));
  EXPECT_EQ(file_bytes(folder / "plan.json"), "mine");
}

TEST_F(Tune, ARunGoesOnWithAnotherPlanAndSaysSo) {
  succeed("tune", {"--out", "plan.json"});
  succeed("run", {"products.plan=plan.json", "--out", "r"});
  const Finished more = program({"resume", "r", "train.epochs=2", "products.plan=heuristic"});
  ASSERT_EQ(more.code, 0) << more.err;
  EXPECT_THAT(more.err, HasSubstr("resumed elsewhere: products.plan_sha256 none instead of "));
}

TEST_F(Tune, InfoNamesTheLibraries) {
  EXPECT_THAT(program({"info"}).out, AllOf(HasSubstr("oneDNN "), HasSubstr("cuBLASLt ")));
}

}  // namespace
}  // namespace sparcell::test

// Sections for many runs become runs: which, in which order, with which values; and what is refused.
#include "config/plan.h"

#include <cmath>
#include <set>

#include "config/config_support.h"

namespace sparcell {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class PlanTest : public ConfigTest {
 protected:
  static Plan plan(const std::string& sections, const std::vector<std::string>& overrides = {}) {
    write("e.yaml", minimal() + sections);
    return Plan("e.yaml", overrides);
  }
  static std::vector<std::string> refused(const std::string& sections) {
    const std::string error = error_of([&] { plan(sections).sweep_runs(); }, ExitCode::usage);
    std::vector<std::string> lines;
    std::istringstream stream(error);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
  }
  /// "path=value path=value seed" of every run.
  static std::vector<std::string> described(const std::vector<PlannedRun>& runs) {
    std::vector<std::string> texts;
    for (const PlannedRun& run : runs) {
      std::string text = run.arm;
      for (const auto& [path, value] : run.parameters) text += path + "=" + value + " ";
      texts.push_back(text + std::to_string(run.seed));
    }
    return texts;
  }
  static std::vector<double> drawn(const Plan& plan, const std::string& path) {
    std::vector<double> values;
    for (const PlannedRun& run : plan.sweep_runs()) {
      for (const auto& [name, value] : run.parameters) {
        if (name == path) values.push_back(std::stod(value));
      }
    }
    return values;
  }
};

TEST_F(PlanTest, AGridMovesItsLastParameterFastestAndSeedsFasterStill) {
  const Plan grid = plan(
      "sweep:\n"
      "  parameters: {model.ae.latent: {values: [8, 16]}, train.batch: {values: [32, 64]}}\n"
      "  seeds: [5, 6]\n");
  const std::vector<PlannedRun> runs = grid.sweep_runs();
  EXPECT_THAT(described(runs),
              ElementsAre("model.ae.latent=8 train.batch=32 5", "model.ae.latent=8 train.batch=32 6",
                          "model.ae.latent=8 train.batch=64 5", "model.ae.latent=8 train.batch=64 6",
                          "model.ae.latent=16 train.batch=32 5", "model.ae.latent=16 train.batch=32 6",
                          "model.ae.latent=16 train.batch=64 5", "model.ae.latent=16 train.batch=64 6"));
  EXPECT_EQ(runs[0].configuration, runs[1].configuration);
  EXPECT_NE(runs[1].configuration, runs[2].configuration);
  const Experiment last = grid.experiment(runs[7]);
  EXPECT_EQ(last.model[0].second.latent, 16);
  EXPECT_EQ(last.model[0].second.train.batch, 64);
  EXPECT_EQ(last.seed, 6);
  EXPECT_EQ(last.split.seed, 6);
}

TEST_F(PlanTest, ValuesMayBeListsAndMaps) {
  const Plan grid = plan(
      "sweep: {parameters: {model.ae.hidden: {values: [[8, 4], [16]]}, model.ae.dropout: {values: [0]}, "
      "normalize: {values: [none, {log1p: false}]}}}\n");
  const std::vector<PlannedRun> runs = grid.sweep_runs();
  ASSERT_THAT(runs, SizeIs(4));
  EXPECT_EQ(runs[0].parameters[0].second, "[8, 4]");
  EXPECT_THAT(grid.experiment(runs[0]).model[0].second.network.hidden, ElementsAre(8, 4));
  EXPECT_FALSE(grid.experiment(runs[0]).normalize.enabled);
  EXPECT_FALSE(grid.experiment(runs[3]).normalize.log1p);
}

TEST_F(PlanTest, ReferencesFollowWhatARunChanges) {
  write("e.yaml",
        "read: {path: x}\nmodel: {a: {type: vae, latent: 8}, b: {type: vae, latent: \"${model.a.latent}\"}}\n"
        "sweep: {parameters: {model.a.latent: {values: [3]}}}\n");
  const Plan grid("e.yaml", {});
  EXPECT_EQ(grid.experiment(grid.sweep_runs()[0]).model[1].second.latent, 3);
  EXPECT_EQ(grid.reference().model[1].second.latent, 8);
}

TEST_F(PlanTest, CombinationsAreWrittenOutTiedAndLeftOut) {
  EXPECT_THAT(described(plan("sweep:\n"
                             "  runs: [{train.epochs: 5, train.batch: 32}, {train.epochs: 9}]\n"
                             "  parameters: {train.batch: {values: [64, 128]}}\n")
                            .sweep_runs()),
              ElementsAre("train.epochs=5 train.batch=32 0", "train.epochs=5 train.batch=32 0",
                          "train.epochs=9 train.batch=64 0", "train.epochs=9 train.batch=128 0"));
  EXPECT_THAT(
      described(plan("sweep:\n"
                     "  parameters: {train.batch: {values: [64, 128]}, train.clip_norm: {values: [0.1, 1]}}\n"
                     "  tie: {select.genes: train.batch}\n"
                     "  exclude: [{train.batch: [64, 32], train.clip_norm: 1e-1}, {select.genes: 128, "
                     "train.clip_norm: 1}]\n")
                    .sweep_runs()),
      ElementsAre("train.batch=64 train.clip_norm=1 select.genes=64 0",
                  "train.batch=128 train.clip_norm=0.1 select.genes=128 0"));
}

/// A range in place of a base file's values, and the other way round: maps merge, so one is taken back.
TEST_F(PlanTest, ValuesOfABaseFileAreTakenBackByNoValue) {
  write("base.yaml", minimal() + "sweep:\n  parameters: {train.batch: {values: [64, 128]},\n"
                                 "               train.clip_norm: {min: 1, max: 2, distribution: uniform}}\n");
  const auto composed = [](const std::string& parameters, const std::string& more = "") {
    write("e.yaml", "defaults: base.yaml\nsweep: {" + more + "parameters: {" + parameters + "}}\n");
    return Plan("e.yaml", {});
  };
  const Plan listed = composed("train.clip_norm: {min: ~, max: ~, values: [1, 2]}");
  EXPECT_THAT(listed.sweep_runs(), SizeIs(4));
  const Plan ranged = composed("train.batch: {values: ~, min: 32, max: 64, distribution: int}",
                               "method: random, samples: 3, ");
  EXPECT_THAT(drawn(ranged, "train.batch"), SizeIs(3));
  const std::string both = error_of([&] { composed("train.batch: {min: 32, max: 64}"); }, ExitCode::usage);
  EXPECT_THAT(both, HasSubstr("sweep.parameters.train.batch has both values and a range (files of defaults are merged); "
                              "take one of them back: values: ~, or min: ~ and max: ~"));
}

TEST_F(PlanTest, ExclusionsThatLeaveNothingOutAreNamed) {
  const auto pointless = [](const std::string& exclude) {
    return plan("sweep:\n  parameters: {train.batch: {values: [64, 128]}, train.clip_norm: {values: [0.1, 1]}}\n"
                "  tie: {select.genes: train.batch}\n  exclude: [" + exclude + "]\n")
        .pointless_exclusions();
  };
  EXPECT_THAT(pointless("{train.batch: 64, train.clip_norm: 1e-1}, {select.genes: 128}"), IsEmpty());
  EXPECT_THAT(pointless("{train.batch: 64}, {train.batch: 64, train.clip_norm: 1}"), IsEmpty()) << "each for itself";
  EXPECT_THAT(pointless("{train.batch: 32}, {train.batch: 64}, {train.batch: 128, select.genes: [64, 3]}"),
              ElementsAre("sweep.exclude: no run has train.batch: 32, so nothing is left out by it",
                          "sweep.exclude: no run has train.batch: 128, select.genes: [64, 3], so nothing is left out by it"));
}

TEST_F(PlanTest, OverridesOfWhatEveryRunSetsAreNamed) {
  const std::string swept = "sweep:\n  parameters: {train.batch: {values: [64, 128]}}\n  seeds: [1, 2]\n";
  const std::string written = "sweep: {runs: [{train.batch: 64, train.epochs: 3}, {train.batch: 32}]}\n";
  const auto pointless = [](const std::string& sections, const std::vector<std::string>& overrides) {
    const Plan many = plan(sections, overrides);
    return many.pointless_overrides(many.sweep_runs());
  };
  EXPECT_THAT(
      pointless(swept, {"train.batch=32", "seed=3", "train.epochs=2", "sweep.seeds=[3]"}),
      ElementsAre("override 'train.batch=32' has no effect: the section sweep sets train.batch in every run",
                  "override 'seed=3' has no effect: the section sweep sets seed in every run"));
  EXPECT_THAT(pointless(written, {"train.batch=8", "train.epochs=2"}), SizeIs(1))
      << "one of the runs has the epochs of the override";
  const Plan arms = plan("ablation: {small: [train.batch=8]}\n", {"train.batch=32", "seed=3"});
  EXPECT_THAT(arms.pointless_overrides(arms.ablation_runs()), IsEmpty()) << "the reference has them";
}

TEST_F(PlanTest, DrawsStayWithinTheirRangeAndFollowItsDistribution) {
  const Plan random = plan(
      "sweep:\n  method: random\n  samples: 2000\n  parameters:\n"
      "    train.optimizer.learning_rate: {min: 1.0e-4, max: 1.0e-2, distribution: log_uniform}\n"
      "    train.clip_norm: {min: 2, max: 4, distribution: uniform}\n"
      "    model.ae.latent: {min: 3, max: 7, distribution: int}\n"
      "    train.batch: {values: [32, 64]}\n");
  double logarithms = 0;
  for (const double value : drawn(random, "train.optimizer.learning_rate")) {
    ASSERT_TRUE(value >= 1e-4 && value <= 1e-2) << value;
    logarithms += std::log10(value) / 2000;
  }
  EXPECT_NEAR(logarithms, -3,
              4 * 2 / std::sqrt(12.0 * 2000));  // four standard errors of a uniform on [-4, -2]
  double sum = 0;
  for (const double value : drawn(random, "train.clip_norm")) {
    ASSERT_TRUE(value >= 2 && value <= 4) << value;
    sum += value / 2000;
  }
  EXPECT_NEAR(sum, 3, 4 * 2 / std::sqrt(12.0 * 2000));
  const std::vector<double> latent = drawn(random, "model.ae.latent");
  EXPECT_THAT(std::set<double>(latent.begin(), latent.end()), ElementsAre(3, 4, 5, 6, 7));
  const std::vector<double> batch = drawn(random, "train.batch");
  EXPECT_NEAR(static_cast<double>(std::count(batch.begin(), batch.end(), 64)), 1000, 4 * std::sqrt(500.0));
}

TEST_F(PlanTest, DrawsAreKeyed) {
  const std::string one = "train.clip_norm: {min: 0, max: 1}",
                    other = "train.optimizer.weight_decay: {min: 0, max: 1}";
  const auto draws = [&](int samples, int seed, const std::string& parameters) {
    return drawn(plan(fmt::format("sweep: {{method: random, samples: {}, draw_seed: {}, parameters: {{{}}}}}",
                                  samples, seed, parameters)),
                 "train.clip_norm");
  };
  const std::vector<double> three = draws(3, 1, one);
  EXPECT_EQ(draws(3, 1, one), three);
  EXPECT_EQ(draws(3, 1, other + ", " + one), three) << "another parameter does not move them";
  std::vector<double> first = draws(10, 1, one);
  first.resize(3);
  EXPECT_EQ(first, three) << "more samples keep the ones there are";
  EXPECT_NE(draws(3, 2, one), three);
}

TEST_F(PlanTest, AnAblationIsTheExperimentAndItsArms) {
  const Plan ablation = plan(
      "ablation: {wide: [\"model.ae.hidden=[512]\", model.ae.dropout=0], linear: ~normalize}\n"
      "normalize: {log1p: false}\nsweep: {seeds: [1, 2]}\n");
  const std::vector<PlannedRun> runs = ablation.ablation_runs();
  EXPECT_THAT(described(runs),
              ElementsAre("reference1", "reference2", "wide1", "wide2", "linear1", "linear2"));
  EXPECT_THAT(ablation.experiment(runs[3]).model[0].second.network.hidden, ElementsAre(512));
  EXPECT_TRUE(ablation.experiment(runs[4]).normalize.log1p);
  EXPECT_THAT(error_of([] { plan("").ablation_runs(); }, ExitCode::usage), HasSubstr("has no ablation"));
}

TEST_F(PlanTest, UnknownParametersNameTheNearestAndTheirLine) {
  EXPECT_THAT(refused("sweep:\n  parameters:\n    model.ae.latnt: {values: [1]}\n"),
              ElementsAre("e.yaml:5:5: unknown key 'latnt' in model.ae; did you mean 'latent'?"));
  EXPECT_THAT(
      refused("sweep:\n  parameters:\n    model.aee.latent: {values: [1]}\n"),
      ElementsAre("e.yaml:5:5: model.aee.latent: there is no model 'aee', did you mean 'ae'; there are ae"));
  EXPECT_THAT(
      refused("sweep:\n  parameters:\n    train.batch: {values: [32]}\n  tie: {train.epochs: train.bach}\n"),
      ElementsAre("e.yaml:6:23: sweep.tie: train.bach is no parameter of this sweep; did you mean "
                  "'train.batch'?"));
  EXPECT_THAT(refused("sweep: {parameters: {name: {values: [a, b]}}}\n"),
              ElementsAre(HasSubstr("name changes nothing that is computed")));
}

TEST_F(PlanTest, EveryValueIsCheckedAsItsOptionChecksIt) {
  EXPECT_THAT(
      refused("sweep:\n  parameters: {model.ae.latent: {values: [0, 2, x]}, train.batch: {values: [1.5]}}\n"),
      ElementsAre(HasSubstr("e.yaml:4:43: model.ae.latent must be at least 1 and at most 100000000, not '0'"),
                  HasSubstr("model.ae.latent must be an integer, not 'x'"),
                  HasSubstr("train.batch must be an integer, not '1.5'")));
  const Plan together = plan("sweep: {parameters: {split.train: {values: [0.9]}}}\n");
  EXPECT_THAT(error_of([&] { together.experiment(together.sweep_runs()[0]); }, ExitCode::usage),
              AllOf(HasSubstr("sum to 1.2, above 1"), HasSubstr("This is the run with split.train=0.9.")));
}

TEST_F(PlanTest, SectionsThatMakeNoSense) {
  const auto parameters = [](const std::string& more) { return "sweep: {" + more + "}\n"; };
  const std::string latent = "parameters: {model.ae.latent: ";
  EXPECT_THAT(refused(""), ElementsAre(HasSubstr("there is nothing to sweep")));
  EXPECT_THAT(refused(parameters(latent + "{values: []}}")),
              ElementsAre(HasSubstr("a list of at least one value")));
  EXPECT_THAT(refused(parameters(latent + "{values: [1], min: 1}}")),
              ElementsAre(HasSubstr("has both values and a range")));
  EXPECT_THAT(refused(parameters(latent + "{values: ~}}")),
              ElementsAre(HasSubstr("needs either values: [...], or min and max")));
  EXPECT_THAT(refused(parameters(latent + "{min: 1}}")), ElementsAre(HasSubstr("is a range without max")));
  EXPECT_THAT(refused(parameters(latent + "{min: 1, max: 4, distribution: int}}")),
              ElementsAre(HasSubstr("is a range, which method grid does not draw from")));
  const std::string random = "method: random, samples: 3, ";
  EXPECT_THAT(refused(parameters("method: random, " + latent + "{values: [1]}}")),
              ElementsAre(HasSubstr("sweep.samples is 0")));
  EXPECT_THAT(
      refused(parameters(random + latent + "{min: 4, max: 4, distribution: int}}")),
      ElementsAre(HasSubstr("e.yaml:3:50: sweep.parameters.model.ae.latent is an empty range: min 4 is not "
                            "below max 4")));
  EXPECT_THAT(refused(parameters(random + latent + "{min: 1.5, max: 4, distribution: int}}")),
              Contains(HasSubstr("from an integer to an integer")));
  EXPECT_THAT(refused(parameters(
                  random + "parameters: {train.clip_norm: {min: 0, max: 4, distribution: log_uniform}}")),
              ElementsAre(HasSubstr("needs a min above 0, not 0")));
  EXPECT_THAT(refused(parameters("seeds: [1], parameters: {seed: {values: [1]}}")),
              ElementsAre(HasSubstr("seed is swept as a parameter and by sweep.seeds")));
  EXPECT_THAT(refused(parameters(latent + "{values: [1]}}, exclude: {model.ae.latent: 1}")),
              ElementsAre("sweep.exclude leaves no run"));
  EXPECT_THAT(errors(minimal("ablation: {a: [x]}")),
              ElementsAre(HasSubstr("e.yaml:3:16: override 'x': an override is KEY=VALUE or ~KEY")));
  EXPECT_THAT(errors(minimal("ablation: {reference: [train.batch=3]}")),
              ElementsAre(HasSubstr("an arm cannot be named 'reference'")));
}

TEST_F(PlanTest, AJobThatIsToldToStopAsItStarts) {
  EXPECT_THAT(refused("slurm: {timeout_min: 2}\n"),
              ElementsAre(AllOf(HasSubstr("e.yaml:"), HasSubstr("slurm.signal_delay_s is 120, and slurm.timeout_min 2: "))));
  EXPECT_NO_THROW(plan("slurm: {timeout_min: 2, signal_delay_s: 119}\n"));
}

TEST_F(PlanTest, ASectionAndAnOptionWithinItAreNotSetByOneRun) {
  const std::string section = "{type: autoencoder, hidden: [8], latent: 2}";
  const auto expected = [](const std::string& place) {
    return ElementsAre(
        "e.yaml:" + place +
        ": sweep: a run would set model.ae and, within it, model.ae.latent; set each option once");
  };
  EXPECT_THAT(refused("sweep:\n  parameters:\n    model.ae.latent: {values: [3]}\n    model.ae: {values: [" +
                      section + "]}\n"),
              expected("6:5"));
  EXPECT_THAT(refused("sweep:\n  runs: [{model.ae.latent: 3}, {model.ae.latent: 4}]\n  parameters:\n"
                      "    model.ae: {values: [" +
                      section + "]}\n"),
              expected("6:5"));
  EXPECT_THAT(refused("sweep:\n  parameters: {model.ae: {values: [" + section +
                      "]}, train.batch: {values: [32]}}\n  tie: {model.ae.latent: train.batch}\n"),
              expected("4:16"));
  const Plan apart = plan("sweep: {runs: [{normalize: none}, {normalize.log1p: false}]}\n");
  EXPECT_THAT(apart.sweep_runs(), SizeIs(2)) << "by two runs they are";
}

TEST_F(PlanTest, ARunStoresNothingOfThem) {
  const std::string text = resolved_yaml(plan("sweep: {seeds: [1]}\nslurm: {partition: gpu}\n").reference());
  EXPECT_THAT(text, AllOf(testing::Not(HasSubstr("sweep")), testing::Not(HasSubstr("slurm"))));
}

TEST_F(PlanTest, OverridesBetweenExperimentsMakeTheOneOfTheOther) {
  write("a.yaml",
        "read: {path: x, perturbation: {preset: none}}\nfilter: {obs: {a.b: c, \"a=b\": c}}\n"
        "model: {ae: {type: autoencoder}, vae: {type: vae, train: {epochs: 5}}}\n");
  const Experiment a = load_experiment("a.yaml");
  for (const std::vector<std::string>& changes :
       std::vector<std::vector<std::string>>{{},
                                             {"train.epochs=5"},
                                             {"~model.ae", "model.gan.type=gan"},
                                             {"normalize=none", "tags=[\"1\", \"$${x\", \"yes\"]"},
                                             {"filter.obs={d.e: [f, \"1\"], \"a.b\": g}", "seed=7"},
                                             {"filter.obs={\"a=b\": \"c=d\", x: y}"},
                                             {"filter.obs={a.b: c}"},
                                             {"filter.obs={\"\": c, a.b: c}", "train.epochs=5"},
                                             {"model.vae.kl.weight=0.1", "model.vae.hidden=[9]",
                                              "model.vae.dropout=[]", "split.validation=0"}}) {
    const Experiment b = load_experiment("a.yaml", changes);
    write("resolved.yaml", resolved_yaml(a));
    const Experiment made = load_experiment("resolved.yaml", overrides_between(a, b));
    EXPECT_EQ(values_of(made), values_of(b)) << testing::PrintToString(changes);
  }
  EXPECT_THAT(overrides_between(a, a), IsEmpty());
}

}  // namespace
}  // namespace sparcell

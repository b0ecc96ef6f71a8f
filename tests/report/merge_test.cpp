// Several runs side by side.
#include "report/merge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "run_sample.h"
#include "sparcell/report.h"
#include "support/temporary.h"

namespace sparcell {
namespace {

using testing::HasSubstr;
using testing::Not;

struct Merging : testing::Test {
  TemporaryFolder folder;

  /// A run of one model with a seed and the difference of its mean squared error to PCA's.
  RunFolder run(const std::string& where, const std::string& name, int seed, double mse, double difference,
                int latent = 64) {
    RunSample sample;
    sample.name = name;
    sample.models.resize(1);
    Json result = result_of(sample);
    result["seed"] = seed;
    result["models"]["ae"]["test"]["mse"] = mse;
    result["verdicts"][0]["difference"] = difference;
    std::filesystem::create_directories(folder / where);
    write_file(folder / (where + "/result.json"), result.dump());
    write_file(
        folder / (where + "/config.yaml"),
        fmt::format("name: {}\nseed: {}\nthreads: {}\nsplit:\n  by: cell\n  seed: {}\nmodel:\n  ae:\n    "
                    "latent: {}\n    hidden: [8, 8]\nreport:\n  max_points: {}\n",
                    name, seed, 1 + seed, seed, latent, 100 + seed));
    return open_run(folder / where);
  }
};

TEST_F(Merging, ModelsAreNamedByTheirRunAndEqualBaselinesOnce) {
  RunFolder other = run("b", "second", 1, 0.3, 0.1);
  other.result["baselines"]["pca"]["test"]["mse"] = 0.5;
  other.result["baselines"]["gene_mean"]["test"]["mse"] = 0.0157 * (1 + 1e-13);  // summed in another order
  const Json merged = merge_runs({run("a", "first", 1, 0.2, 0.1), other}).result;
  EXPECT_EQ(merged["models"]["a/ae"]["test"]["mse"], 0.2);
  EXPECT_EQ(merged["models"]["b/ae"]["test"]["mse"], 0.3);
  EXPECT_TRUE(merged["baselines"].contains("gene_mean"));
  EXPECT_FALSE(merged["baselines"].contains("pca"));
  EXPECT_EQ(merged["baselines"]["b/pca"]["test"]["mse"], 0.5);
  EXPECT_EQ(merged["models"].size(), 2u);  // of different names: nothing to take a mean over
}

TEST_F(Merging, RunsOfOneNameAreMeansOverSeedsWithStudentsInterval) {
  const Json merged = merge_runs({run("a", "demo", 0, 0.20, -0.1), run("b", "demo", 1, 0.26, -0.2),
                                  run("c", "demo", 2, 0.23, -0.3)})
                          .result;
  const Json& mean = merged["models"]["demo/ae"];
  EXPECT_EQ(mean["seeds"], 3);
  EXPECT_NEAR(mean["test"]["mse"].get<double>(), 0.23, 1e-12);
  EXPECT_NEAR(mean["spread"]["mse"].get<double>(), 0.03, 1e-12);
  const Json& verdict = merged["verdicts"][0];
  EXPECT_EQ(verdict["model"], "demo/ae");
  EXPECT_EQ(verdict["seeds"], 3);
  EXPECT_NEAR(verdict["difference"].get<double>(), -0.2, 1e-12);
  // t of 2 degrees of freedom is 4.3027; 0.1 / sqrt(3) is the standard error.
  EXPECT_NEAR(verdict["interval"][0].get<double>(), -0.2 - 4.3027 * 0.1 / std::sqrt(3.0), 1e-5);
  EXPECT_FALSE(verdict["beats"]);  // -0.2 -+ 0.24 holds 0
}

TEST_F(Merging, ADifferenceThatAllSeedsShareBeats) {
  const Json merged = merge_runs({run("a", "demo", 0, 0.2, -0.10), run("b", "demo", 1, 0.2, -0.11)}).result;
  EXPECT_TRUE(merged["verdicts"][0]["beats"]);
  const std::string text = comparison_table({folder / "a", folder / "b"});
  EXPECT_THAT(text, HasSubstr("demo/ae"));
  EXPECT_THAT(text, HasSubstr("0.2000 ± 0"));
  EXPECT_THAT(text, HasSubstr("2 seeds (0 and 1)"));
  EXPECT_THAT(text, HasSubstr("demo/ae beats PCA in reconstruction."));
  EXPECT_THAT(text, Not(HasSubstr("a: ae")));  // said once, over all seeds
}

TEST_F(Merging, ThePValueOverSeedsIsTheSmallestTimesTheirNumber) {
  RunFolder a = run("a", "demo", 0, 0.2, -0.10), b = run("b", "demo", 1, 0.2, -0.11);
  for (RunFolder* run : {&a, &b}) run->result["verdicts"][0]["baseline"] = "split_half";
  a.result["verdicts"][0]["p_value"] = 0.02;
  EXPECT_FALSE(merge_runs({a, b}).result["verdicts"][0].contains("p_value"));
  b.result["verdicts"][0]["p_value"] = 0.6;
  EXPECT_NEAR(merge_runs({a, b}).result["verdicts"][0]["p_value"].get<double>(), 0.04, 1e-12);
  a.result["verdicts"][0]["p_value"] = 0.7;
  EXPECT_EQ(merge_runs({a, b}).result["verdicts"][0]["p_value"], 1);
}

TEST_F(Merging, TheSameSeedTwiceIsNoSpreadAndIsSaid) {
  const RunFolder a = run("a", "demo", 4, 0.2, -0.10);
  const Json merged = merge_runs({a, run("b", "demo", 5, 0.3, -0.10), a}).result;
  EXPECT_FALSE(merged["models"].contains("demo/ae"));
  EXPECT_THAT(merged["warnings"][0].get<std::string>(), HasSubstr("demo: seed 4 is there 2 times"));
  for (const std::string& label : {folder / "a", folder / "b", folder / "a" + " (2)"})
    EXPECT_TRUE(merged["models"].contains(label + "/ae")) << label;
}

TEST_F(Merging, RunsThatWereToldOtherThingsAreNoSeedsOfOneAnother) {
  const RunFolder a = run("a", "demo", 0, 0.2, -0.1), b = run("b", "demo", 1, 0.4, -0.1, 32);
  const Json two = merge_runs({a, b}).result;
  EXPECT_EQ(two["models"].size(), 2u);
  EXPECT_TRUE(two["models"].contains("a/ae"));
  EXPECT_THAT(two["warnings"][0].get<std::string>(), HasSubstr("demo: its runs differ in model.ae.latent;"));
  // Two arms of two seeds each are two means.
  const Json four =
      merge_runs({a, b, run("c", "demo", 1, 0.3, -0.1), run("d", "demo", 0, 0.6, -0.1, 32)}).result;
  EXPECT_NEAR(four["models"]["demo (mean 1)/ae"]["test"]["mse"].get<double>(), 0.25, 1e-12);
  EXPECT_NEAR(four["models"]["demo (mean 2)/ae"]["test"]["mse"].get<double>(), 0.5, 1e-12);
  EXPECT_EQ(four["models"].size(), 6u);
}

TEST_F(Merging, OtherDataAreAnotherExperiment) {
  const RunFolder a = run("a", "demo", 0, 0.2, -0.1), b = run("b", "demo", 1, 0.4, -0.1);
  write_file(folder / "a/provenance.json", R"({"data": {"sha256": "00"}})");
  write_file(folder / "b/provenance.json", R"({"data": {"sha256": "01"}})");
  EXPECT_EQ(merge_runs({a, b}).result["models"].size(), 2u);
  write_file(folder / "b/provenance.json", R"({"data": {"sha256": "00"}})");
  EXPECT_TRUE(merge_runs({a, b}).result["models"].contains("demo/ae"));
}

TEST_F(Merging, AFolderThatIsCalledAsTheExperimentLeavesTheMeanAlone) {
  const Json merged =
      merge_runs({run("demo", "demo", 0, 0.2, -0.1), run("other", "demo", 1, 0.4, -0.1)}).result;
  EXPECT_EQ(merged["models"]["demo/ae"]["test"]["mse"], 0.2);
  EXPECT_NEAR(merged["models"]["demo (mean)/ae"]["test"]["mse"].get<double>(), 0.3, 1e-12);
}

TEST_F(Merging, AMetricOfTwoDefinitionsHasNoMean) {
  RunFolder other = run("b", "demo", 1, 0.3, -0.1);
  other.result["metric_info"][0]["name"] = "mse_counts_v2";
  const Json merged = merge_runs({run("a", "demo", 0, 0.2, -0.1), other}).result;
  const Json& mean = merged["models"]["demo/ae"]["test"];
  EXPECT_FALSE(mean.contains("mse"));
  EXPECT_TRUE(mean.contains("r2"));
  for (const Json& verdict : merged["verdicts"]) EXPECT_NE(verdict["model"], "demo/ae");
}

TEST_F(Merging, AMetricOfAnotherDefinitionIsLeftOutWithAWarning) {
  RunFolder other = run("b", "second", 1, 0.3, 0.1);
  other.result["metric_info"][0]["name"] = "mse_counts_v2";
  const Json merged = merge_runs({run("a", "first", 1, 0.2, 0.1), other}).result;
  EXPECT_TRUE(merged["models"]["a/ae"]["test"].contains("mse"));
  EXPECT_FALSE(merged["models"]["b/ae"]["test"].contains("mse"));
  EXPECT_THAT(merged["warnings"].back(), HasSubstr("mse is mse_counts_v2, not mse_log1p_v1"));
}

TEST_F(Merging, WritesAPageOfAllRuns) {
  run("a", "demo", 0, 0.2, -0.10);
  run("b", "demo", 1, 0.2, -0.11);
  Log silent([](Log::Level, const std::string&) {});
  write_comparison({folder / "a", folder / "b"}, folder / "compare.html", silent);
  const std::string page = file_bytes(folder / "compare.html");
  EXPECT_THAT(page, HasSubstr("demo/ae"));
  EXPECT_THAT(page, HasSubstr("2 runs"));
  EXPECT_THAT(error_of([&] {
                write_comparison({folder / "a", folder / "none"}, folder / "c.html", silent);
              }),
              HasSubstr("none: there is no such folder"));
}

TEST_F(Merging, LeaksAreMarkedInEveryTable) {
  RunFolder leaky = run("a", "demo", 0, 0.2, -0.10);
  leaky.result["fits"] = {{{"what", "select"}, {"cells", 90}, {"sha256", "00"}, {"test_cells", 30}},
                          {{"what", "ae"}, {"cells", 60}, {"sha256", "01"}, {"test_cells", 0}}};
  write_file(folder / "a/result.json", leaky.result.dump());
  const std::string text = comparison_table(folder / "a");
  EXPECT_THAT(text, HasSubstr("Reconstruction of test cells †\n"));
  EXPECT_THAT(text, HasSubstr("† Test cells took part in fitting select (30 of them)"));
  EXPECT_THAT(text, Not(HasSubstr("fitting ae")));
}

}  // namespace
}  // namespace sparcell

#include "report/verdicts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "report/metrics.h"
#include "run_sample.h"
#include "sparcell/report.h"
#include "support/temporary.h"

namespace sparcell {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Json verdict(const std::string& metric, const std::string& baseline, const Json& difference,
             const Json& interval, bool beats) {
  return {{"model", "ae"},        {"metric", metric}, {"baseline", baseline}, {"difference", difference},
          {"interval", interval}, {"beats", beats}};
}

Json judged() {
  return {{"seed", 3},
          {"models", {{"ae", {{"test", {{"mse", 1}, {"r2", 1}, {"energy_distance", 1}}}}}}},
          {"verdicts",
           {verdict("mse", "pca", 0.25, {0.125, 0.5}, false),
            verdict("mse", "gene_mean", -0.25, {-0.5, -0.125}, true),
            verdict("r2", "gene_mean", 0.0125, {-0.01, 0.03}, false),
            verdict("energy_distance", "split_half", nullptr, {nullptr, nullptr}, false)}}};
}

TEST(Verdicts, SayWhatTheIntervalShows) {
  std::vector<std::string> texts;
  std::vector<Outcome> outcomes;
  for (const VerdictSentence& sentence : verdict_sentences(judged())) {
    texts.push_back(sentence.text);
    outcomes.push_back(sentence.outcome);
  }
  EXPECT_THAT(
      texts,
      ElementsAre("ae does worse than PCA of the same latent size on MSE: difference 0.2500, 95 % interval "
                  "0.1250 to 0.5000.",
                  "ae beats the gene mean on MSE: difference -0.2500, 95 % interval -0.5000 to -0.1250.",
                  "ae was not told apart from the gene mean on R²: difference 0.0125, 95 % interval "
                  "-0.0100 to 0.0300.",
                  "ae could not be judged against one half of the real cells on energy distance: a value is "
                  "not finite."));
  EXPECT_THAT(outcomes, ElementsAre(Outcome::worse, Outcome::better, Outcome::undecided, Outcome::unjudged));
}

TEST(Verdicts, AreSummedUpByModelAndQuestion) {
  EXPECT_THAT(
      verdict_summary(judged()),
      ElementsAre("ae beats none of 2 baselines in reconstruction; could not be judged against real cells."));
  EXPECT_THAT(verdict_summary({{"models", Json::object()}}), ElementsAre());
}

TEST(Standings, ABaselineIsBeatenWhereAllVerdictsSaySo) {
  const std::vector<SidedVerdict> verdicts{{"ae", "reconstruction", "pca", Side::better},
                                           {"ae", "reconstruction", "pca", Side::worse},
                                           {"ae", "reconstruction", "gene_mean", Side::better},
                                           {"ae", "reconstruction", "gene_mean", Side::better},
                                           {"ae", "reconstruction", "linear", Side::worse},
                                           {"ae", "reconstruction", "linear", Side::undecided},
                                           {"ae", "latent", "pca", Side::worse},
                                           {"gan", "generation", "split_half", Side::undecided},
                                           {"gan", "generation", "split_half", Side::worse},
                                           {"gan", "generation", "gaussian_pca", Side::better},
                                           {"gan", "my_question", "pca", Side::better},
                                           {"gan", "my_question", "linear", Side::better}};
  const std::vector<Standing> all = standings(verdicts);
  ASSERT_EQ(all.size(), 4u);
  EXPECT_THAT(all[0].on(Side::better), ElementsAre("gene_mean"));
  EXPECT_THAT(all[0].on(Side::undecided), ElementsAre("pca"));  // verdicts contradict each other
  EXPECT_THAT(all[0].on(Side::worse), ElementsAre("linear"));
  EXPECT_THAT(all[2].against_real, ElementsAre(Side::worse));
  EXPECT_THAT(
      standing_sentences(all),
      ElementsAre("ae beats 1 of 3 baselines in reconstruction (not PCA and the linear model); "
                  "is worse than PCA in latent space.",
                  "gan beats Gaussian principal components in generated cells; makes cells that can be "
                  "told from real ones; beats all 2 baselines in my question."));
}

TEST(Verdicts, NoIntervalThatHoldsZeroNamesAWinner) {
  for (const Json& interval : {Json{-1, 1}, Json{0, 1}, Json{-1, 0}, Json{0, 0}}) {
    Json result = judged();
    result["verdicts"] = {verdict("mse", "pca", 0.5, interval, false)};
    EXPECT_EQ(verdict_sentences(result)[0].outcome, Outcome::undecided) << interval;
  }
}

TEST(Verdicts, AgainstRealCellsThePermutationTestDecides) {
  Json result = judged();
  const auto against_real = [&](double p_value, const Json& interval, bool beats) {
    result["verdicts"] = {verdict("energy_distance", "split_half", 0.01, interval, beats)};
    result["verdicts"][0]["p_value"] = p_value;
    return verdict_sentences(result)[0];
  };
  const VerdictSentence told = against_real(0.021, {-0.01, 0.03}, false);
  EXPECT_EQ(told.outcome, Outcome::worse);
  EXPECT_EQ(
      told.text,
      "ae does worse than one half of the real cells on energy distance: difference 0.0100, 95 % interval "
      "-0.0100 to 0.0300, permutation p = 0.021.");
  EXPECT_THAT(verdict_summary(result), ElementsAre("ae makes cells that can be told from real ones."));
  EXPECT_EQ(against_real(0.05, {-0.01, 0.03}, false).outcome, Outcome::worse);
  EXPECT_EQ(against_real(0.051, {-0.01, 0.03}, false).outcome, Outcome::undecided);
  EXPECT_THAT(verdict_summary(result), ElementsAre("ae makes cells that were not told from real ones."));
  EXPECT_EQ(against_real(0.4, {-0.03, -0.01}, true).outcome, Outcome::better);
}

TEST(Verdicts, OneRunIsOneSeed) {
  EXPECT_EQ(seed_sentence(judged()),
            "One run is one seed (3): the intervals speak of the test cells, not of other seeds. Each of 4 "
            "verdicts is one comparison by itself: where nothing differs, one of forty is won by chance.");
  Json over_seeds = judged();
  over_seeds["seeds"] = {3, 5};
  EXPECT_THAT(seed_sentence(over_seeds), HasSubstr("not of other cells. Each of 4 verdicts"));
}

TEST(ComparisonTable, ListsModelsBaselinesAndVerdicts) {
  const TemporaryFolder folder;
  RunSample run;
  run.models.resize(1);
  write_run(folder.path().string(), run);
  EXPECT_EQ(
      comparison_table(folder.path().string()),
      "Reconstruction of test cells\n"
      "                MSE       R²\n"
      "  ae         0.0125  -0.2500\n"
      "  gene_mean  0.0157\n"
      "  pca        0.0006   0.9000\n"
      "\n"
      "  What no model competes in is in result.json: Generated cells against test cells.\n"
      "\n"
      "Verdicts\n"
      "  ae does worse than PCA of the same latent size on MSE: difference 0.0116, 95 % interval 0.0091 to 0.0141.\n"
      "  One run is one seed (7): the intervals speak of the test cells, not of other seeds.\n"
      "  30 of 30 test cells are of 2 perturbations that no training cell has: verdicts on reconstruction, as by MSE, say there\n"
      "    how models fare with cells unlike those that they were trained on, and intervals over cells speak of other cells of\n"
      "    these perturbations, not of other perturbations.\n");
}

TEST(ComparisonTable, SaysOfEveryRunWhatItHoldsOut) {
  const TemporaryFolder folder;
  std::vector<std::string> paths;
  for (const std::string name : {"a", "b", "c"}) {
    RunSample run;
    run.models.resize(1);
    if (name == "b") run.perturbations = 2;
    if (name == "c") run.perturbations = 1;
    paths.push_back(folder / name);
    std::filesystem::create_directory(paths.back());
    write_run(paths.back(), run);
  }
  const auto sentences = [](const std::string& table) {  // without the breaks of lines
    std::string text;
    for (const char c : table) {
      if (c != '\n' && (c != ' ' || !text.ends_with(' '))) text += c;
    }
    return text;
  };
  const std::string all = sentences(comparison_table(paths));
  EXPECT_THAT(all, HasSubstr("a: 30 of 30 test cells are of 2 perturbations that no training cell has"));
  EXPECT_THAT(all, HasSubstr("b: 30 of 30 test cells are of 1 perturbation that no training cell has"));
  EXPECT_THAT(all, testing::Not(HasSubstr("c: 30 of 30")));
  const std::string twice = sentences(comparison_table({paths[0], paths[0]}));
  EXPECT_THAT(twice, HasSubstr(" 30 of 30 test cells are of 2"));
  EXPECT_THAT(twice, testing::Not(HasSubstr(": 30 of 30"))) << "once where all say the same";
}

TEST(Numbers, ArePrintedAlikeWhateverTheirSize) {
  const std::vector<std::pair<double, std::string>> printed{
      {0, "0"},          {0.00012, "1.20e-04"}, {0.5, "0.5000"}, {-9.99994, "-9.9999"},
      {12.345, "12.35"}, {1234.5, "1234"},      {140, "140"},    {2.5e7 + 0.5, "2.50e+07"}};
  for (const auto& [value, text] : printed) EXPECT_EQ(format_number(value), text);
}

TEST(Metrics, AGroupThatIsNotKnownHasATableOfItsOwn) {
  Json result = judged();
  result["models"]["ae"]["test"]["dose_error"] = 2;
  result["metric_info"] = {{{"key", "dose_error"}, {"group", "dose_response"}}};
  const std::vector<MetricLabel> metrics = metrics_of(result);
  EXPECT_THAT(groups_of(metrics), ElementsAre("dose_response", "reconstruction", "generation"));
  EXPECT_EQ(title_of("dose_response"), "Dose response");
  EXPECT_EQ(title_of("perturbation"), "Means of perturbations");
}

TEST(Metrics, AnUnknownOneIsShownByItsKeyWithWhatTheRunSays) {
  Json result = judged();
  result["models"]["ae"]["test"]["my_metric"] = 2;
  result["metric_info"] = {{{"key", "my_metric"},
                            {"name", "mine_v1"},
                            {"definition", "What I count."},
                            {"unit", "cells"},
                            {"better", "larger"}}};
  const MetricLabel metric = metrics_of(result).front();  // what the registry of the run names comes first
  EXPECT_EQ(metric.label, "my metric");
  EXPECT_EQ(metric.group, "other");
  EXPECT_EQ(metric.best, MetricLabel::Best::largest);
  EXPECT_EQ(metric.definition, "mine_v1: What I count. Unit: cells.");
}

TEST(RunFolder, WithoutAResultIsNoFinishedRun) {
  const TemporaryFolder folder;
  EXPECT_THAT(error_of([&] { open_run(folder / "absent"); }), HasSubstr("absent: there is no such folder"));
  EXPECT_THAT(error_of([&] { open_run(folder.path().string()); }),
              HasSubstr(" holds no finished run: it has no result.json"));
  write_file(folder / "result.json", "{\"models\": ");
  EXPECT_THAT(error_of([&] { open_run(folder.path().string()); }),
              HasSubstr("result.json: not JSON, at byte "));
}

TEST(RunFolder, DamageInResultJsonIsNamed) {
  const std::vector<std::pair<std::string, std::string>> damages{
      {"[]", "`the whole` is not a mapping"},
      {R"({"models": []})", "`models` is not a mapping"},
      {R"({"models": {"ae": {"test": {"mse": "low"}}}})", "`models.ae.test.mse` is not a number"},
      {R"({"verdicts": {}})", "`verdicts` is not a list"},
      {R"({"verdicts": [{"model": "ae", "metric": "mse"}]})", "`verdicts.baseline` is not a name"},
      {R"({"verdicts": [{"model": "ae", "metric": "mse", "baseline": "pca", "interval": [1]}]})",
       "`verdicts.interval` is not a pair of numbers"},
      {R"({"warnings": [1]})", "`warnings` is not a list of sentences"},
      {R"({"stages": {"read": "long"}})", "`stages.read` is not a number"},
      {R"({"metric_info": [{}]})", "`metric_info` is not a list of mappings with a `key`"}};
  for (const auto& [text, sentence] : damages) {
    EXPECT_THAT(error_of([&] { run_with("folder", Json::parse(text)); }),
                HasSubstr("folder/result.json: " + sentence));
  }
}

}  // namespace
}  // namespace sparcell

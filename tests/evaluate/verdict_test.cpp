#include "evaluate/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "evaluate/student_t.h"
#include "sparcell/evaluate.h"

namespace sparcell {
namespace {

TEST(Verdict, StudentsTEqualsTables) {
  // scipy.stats.t.ppf(0.975, df); two seeds have one degree of freedom
  for (const auto& [degrees, quantile] :
       std::vector<std::pair<std::int64_t, double>>{{1, 12.706204736432095},
                                                    {2, 4.302652729911275},
                                                    {9, 2.2621571628540993},
                                                    {30, 2.0422724563012373},
                                                    {31, 2.0395134463964077},
                                                    {60, 2.0002978220142604},
                                                    {1000, 1.9623390808264078}})
    EXPECT_NEAR(student_t_975(degrees), quantile, 1e-7) << degrees;
}

TEST(Verdict, StudentsPValueEqualsScipy) {
  // 2 * scipy.stats.t.sf(t, df)
  const double expected[][3] = {{0, 3, 1},
                                {0.5, 1, 0.704832764699133},
                                {2.5, 1.3, 0.193280767156153},
                                {12.706204736, 1, 0.0500000000006847},
                                {3.2, 4.7, 0.0261838697568028},
                                {1.96, 1000, 0.0502731849557487},
                                {8, 30.5, 5.55815440183617e-09},
                                {40, 12.25, 2.3428902366172e-14},
                                {0.001, 7.5, 0.999228198674656},
                                {5, 1e6, 5.73399787089074e-07},
                                {1e6, 1, 6.36619772367369e-07}};
  for (const auto& [t, degrees, p] : expected) {
    EXPECT_NEAR(student_t_p_value(t, degrees), p, 1e-9 * p) << t << " " << degrees;
    EXPECT_EQ(student_t_p_value(-t, degrees), student_t_p_value(t, degrees));
  }
  EXPECT_EQ(student_t_p_value(std::numeric_limits<double>::infinity(), 2), 0);
  EXPECT_TRUE(std::isnan(student_t_p_value(std::nan(""), 2)));
  EXPECT_TRUE(std::isnan(student_t_p_value(1, 0)));
}

TEST(Verdict, TheJackknifeOfAMeanIsItsStandardError) {
  // Replicates of a mean without each value in turn: s^2 is the sample variance over n.
  const std::vector<double> x{1, 4, 2, 8, 5, 7, 1, 3};
  double mean = 0, squares = 0;
  for (double v : x) mean += v / 8;
  for (double v : x) squares += (v - mean) * (v - mean);
  std::vector<double> replicates;
  for (double v : x) replicates.push_back((8 * mean - v) / 7);
  const Interval interval = jackknife_interval(mean, replicates);
  const double half = student_t_975(7) * std::sqrt(squares / 7 / 8);
  EXPECT_NEAR(interval.low, mean - half, 1e-12);
  EXPECT_NEAR(interval.high, mean + half, 1e-12);
}

TEST(Verdict, TheBootstrapOfANormalMeanHasItsWidth) {
  std::mt19937 generator(1);
  std::normal_distribution<double> normal(3, 2);
  std::vector<double> x;
  for (int i = 0; i < 1001; ++i) x.push_back(normal(generator));
  const Interval interval = bootstrap_interval(x, 4000, 9);
  const double error = 2 / std::sqrt(1001.0);
  EXPECT_NEAR(interval.value, 3, 4 * error);
  EXPECT_NEAR(interval.low, interval.value - 1.96 * error, 0.25 * error);
  EXPECT_NEAR(interval.high, interval.value + 1.96 * error, 0.25 * error);
}

TEST(Verdict, TheBootstrapIsStudentizedAndNeverNarrowerThanStudents) {
  // Of six 0 and four 1 a resample has Binomial(10, 0.4) of these. One at the 2.5 % point: a mean of 0.1 with
  // a standard error of sqrt(0.1 * 0.9 / 9), three of which it lies below 0.4. Seven at the 97.5 %
  // point: 1.96 above, less than Student's t.
  std::vector<double> x(10, 0.0);
  for (int i = 0; i < 4; ++i) x[2 * i] = 1;
  const Interval interval = bootstrap_interval(x, 20000, 1);
  const double error = std::sqrt(0.24 / 9);
  EXPECT_NEAR(interval.low, 0.4 - student_t_975(9) * error, 1e-9);
  EXPECT_NEAR(interval.high, 0.4 + 3 * error, 1e-9);
  const Interval same = bootstrap_interval(x, 20000, 1);
  EXPECT_EQ(interval.high, same.high);
}

TEST(Verdict, TheBootstrapOfAFewValuesThatDifferIsStudents) {
  // A resample misses both cells that differ with a chance of e^-2, and then has no variance.
  std::vector<double> x(100, 0.0);
  x[17] = x[60] = 1;
  const Interval interval = bootstrap_interval(x, 4000, 1), students = mean_interval(x);
  EXPECT_EQ(interval.low, students.low);
  EXPECT_EQ(interval.high, students.high);
  const Interval equal = bootstrap_interval(std::vector<double>(9, 0.1), 500, 1);
  EXPECT_NEAR(equal.low, 0.1, 1e-12);
  EXPECT_NEAR(equal.high, 0.1, 1e-12);
}

TEST(Verdict, IsSaidInPlainWords) {
  Verdict verdict{"ae", "mse", "pca", -0.002, -0.003, -0.001, true};
  EXPECT_EQ(verdict_sentence(verdict),
            "ae beats pca on mse (difference -0.002, 95 % interval -0.003 to -0.001, one seed).");
  verdict = {"ae", "mse", "pca", 0.002, 0.001, 0.003, false};
  EXPECT_EQ(
      verdict_sentence(verdict),
      "ae does not beat pca on mse: it is worse (difference 0.002, 95 % interval 0.001 to 0.003, one seed).");
  verdict.low = -0.001;
  EXPECT_THAT(verdict_sentence(verdict), testing::HasSubstr("the interval holds 0"));
  verdict = {"gan", "energy_distance", "split_half", 0.01, -0.01, 0.03, false, 0.021};
  EXPECT_EQ(verdict_sentence(verdict),
            "gan does not beat split_half on energy_distance: the two are told apart (difference 0.01, 95 % "
            "interval -0.01 to 0.03, permutation p = 0.021, one seed).");
  Evaluation evaluation;
  evaluation.verdicts = {verdict};
  EXPECT_THAT(headline(evaluation), testing::ElementsAre("gan makes cells that can be told from real ones."));
  evaluation.verdicts[0].p_value = 0.2;
  EXPECT_THAT(headline(evaluation),
              testing::ElementsAre("gan makes cells that were not told from real ones."));
}

/// Of 5 pairs no interval is made, and of 3 of 9 not against that baseline.
TEST(Verdict, TooFewPerturbationsAreSaidInTheHeadline) {
  Evaluation evaluation;
  evaluation.models = {{"ae", {{"unseen_l2", 1.25}, {"unseen_perturbations", 5}}}};
  evaluation.baselines = {{"control_mean", {{"unseen_l2", 2.5}, {"unseen_perturbations", 5}}},
                          {"linear", {{"unseen_l2", 1.5}, {"unseen_perturbations", 5}}},
                          {"additive", {{"unseen_l2", 0.5}, {"unseen_perturbations", 3}}}};
  evaluation.prediction_verdicts = {{"ae", "control_mean", "unseen", 5, false},
                                    {"ae", "linear", "unseen", 5, false},
                                    {"ae", "additive", "unseen", 3, false},
                                    {"ae", "training_mean", "unseen", 0, false}};
  EXPECT_THAT(
      headline(evaluation),
      testing::ElementsAre("ae: 5 unseen perturbations are too few to tell its predictions from "
                           "baselines'; 8 are needed; its mean distance (L2) is 1.25, that of the linear "
                           "model 1.5."));
  for (const std::size_t i : {0, 1}) evaluation.prediction_verdicts[i].perturbations = 9;
  EXPECT_THAT(headline(evaluation),
              testing::ElementsAre("ae: too few unseen perturbations to tell it from the sum of single "
                                   "perturbations (3); 8 are needed."));
  evaluation.prediction_verdicts[2].perturbations = 8;
  EXPECT_THAT(headline(evaluation), testing::IsEmpty());
}

}  // namespace
}  // namespace sparcell

// The metrics of predicted perturbations: the same for seen and for unseen ones.
#include <tuple>

#include "evaluate/prediction.h"

namespace sparcell {
namespace {

const std::string value = "log-normalized expression", squared = value + " squared";

struct Named {
  const char* behind;  ///< of keys
  const char* label;
  const char* genes;
};

/// Errors of the predicted mean and correlations of differences, over some genes.
void add_errors(MetricGroup group, const std::string& held, const std::string& of, const Named& over,
                std::vector<MetricInfo>& all) {
  const auto add = [&](const std::string& name, const std::string& label, const std::string& unit,
                       const std::string& what, Better better) {
    all.push_back(
        {held + "_" + name + over.behind, held + " " + label + over.label,
         "prediction_" + name + over.behind + "_" + held + "_v1", unit,
         "Mean over " + of + (of.ends_with(',') ? "" : ",") + " over " + over.genes + ", of " + what, group,
         better, 1});
  };
  add("mse", "MSE", squared, "the squared error of the predicted mean.", Better::smaller);
  add("mae", "MAE", value, "the absolute error of the predicted mean.", Better::smaller);
  add("l2", "L2", value, "the Euclidean distance of predicted and real mean.", Better::smaller);
  add("delta_pearson", "Pearson of differences to control", "",
      "Pearson's correlation of the differences of predicted and real mean to the mean of the training "
      "controls.",
      Better::larger);
  add("centroid_pearson", "Pearson of differences to the mean perturbation", "",
      "Pearson's correlation of the differences of predicted and real mean to the mean of the training "
      "perturbations' means.",
      Better::larger);
}

void add_others(MetricGroup group, const std::string& held, const std::string& of, const std::string& de,
                std::vector<MetricInfo>& all) {
  const auto add = [&](const std::string& name, const std::string& label, const std::string& version,
                       const std::string& unit, const std::string& what, int number = 1) {
    all.push_back({held + "_" + name, held + " " + label, fmt::format("{}_{}_v{}", version, held, number),
                   unit, "Mean over " + of + " of " + what, group, Better::larger, 1});
  };
  add("delta_cosine", "cosine of differences to control", "prediction_delta_cosine", "",
      "the cosine of the differences of predicted and real mean to the mean of the training controls.");
  add("delta_sign_accuracy", "sign of differences to control", "prediction_delta_sign", "share of genes",
      "the share of genes, of those whose real mean differs from control, that are predicted on the same "
      "side of it.");
  add("centroid_accuracy", "centroid accuracy", "prediction_centroid_accuracy", "share of perturbations",
      "the share of the others among them whose real mean is farther (Euclidean) from the predicted one "
      "than the own; 0.5 by chance.");
  add("discrimination", "discrimination", "prediction_discrimination_l1", "share of perturbations",
      "the same share by sums of absolute differences (the perturbation discrimination score of the Virtual "
      "Cell Challenge, 2025, scaled to 1 at best).");
  add("de_overlap", "overlap of the 50 changed most", "prediction_de_overlap50", "share of genes",
      "the share of " + de + " among as many genes of the largest predicted differences to control.");
  add("de_precision", "precision of the 50 predicted to change most", "prediction_de_precision50",
      "share of genes",
      "the share of the 50 genes of the largest predicted differences to control that differ by Welch's test "
      "(Student's t with the degrees of freedom of Welch and Satterthwaite; two cells at least) at a false "
      "discovery rate of 5 %.",
      2);
  add("de_spearman", "Spearman of fold changes", "prediction_de_spearman50", "",
      "Spearman's correlation of predicted and real differences to control over " + de + ".");
  add("de_direction", "direction of fold changes", "prediction_de_direction50", "share of genes",
      "the share of " + de + " that are predicted on the real side of control.");
}

}  // namespace

std::vector<MetricInfo> prediction_metrics() {
  std::vector<MetricInfo> all;
  for (const auto& [held, group, of, cells] :
       {std::tuple{"seen", MetricGroup::prediction_seen,
                   std::string("perturbations with training cells, by their test cells,"), "training"},
        std::tuple{"unseen", MetricGroup::prediction_unseen,
                   std::string("perturbations without training cells"), "test"}}) {
    const std::string de = std::string("the 50 genes that differ most from training controls in its ") +
                           cells + " cells (|t| of Welch's test)";
    const std::string de20 = "the 20 genes" + de.substr(std::string("the 50 genes").size());
    all.push_back({std::string(held) + "_perturbations", std::string(held) + " perturbations",
                   std::string("predicted_perturbations_") + held + "_v1", "perturbations",
                   "Number of " + of + " that it says something of: means over fewer are not compared.",
                   group, Better::neither, 1});
    add_errors(group, held, of, {"", "", "all genes"}, all);
    add_others(group, held, of, de, all);
    add_errors(group, held, of,
               {"_expressed", ", expressed genes", "the 1,000 genes of largest mean in training controls"},
               all);
    add_errors(group, held, of, {"_de20", ", 20 changed most", de20.c_str()}, all);
    add_errors(group, held, of, {"_de50", ", 50 changed most", de.c_str()}, all);
  }
  return all;
}

}  // namespace sparcell

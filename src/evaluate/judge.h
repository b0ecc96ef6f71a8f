// One evaluation: what its parts share.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "evaluate/generation.h"
#include "evaluate/generation_baselines.h"
#include "evaluate/latent.h"
#include "evaluate/linear_model.h"
#include "evaluate/pca.h"
#include "evaluate/prediction.h"
#include "evaluate/pseudobulk.h"
#include "evaluate/reconstruction.h"
#include "evaluate/registry.h"

namespace sparcell {

void set_reconstruction(const ReconstructionScores& judged, Scores& scores);

/// Genes up to which a covariance is shrunk.
inline constexpr std::int64_t most_shrunk_genes = 2000;

/// Perturbations that an interval over them needs.
inline constexpr std::int64_t perturbations_for_interval = 8;

class Judge {
 public:
  Judge(Context& context, const Dataset& data, const Split& split, const std::vector<JudgedModel>& models,
        const EvaluateOptions& options, std::uint64_t seed, Log& log);

  Evaluation run();

  /// Whether there is a shrunk PCA, which validation cells are part of.
  static bool shrinks(const Dataset& data, const Split& split) {
    return nothing_to_shrink(data, split).empty();
  }

 private:
  using Named = std::vector<std::pair<std::string, ReconstructionScores>>;

  /// Of values that were taken as they are it is assumed.
  bool logarithms() const { return !data_.raw.known() || data_.raw.log1p; }
  Scores scores_of(const std::string& who) { return Scores(wanted_, who, test_.count(), &log_); }
  void fit_components();
  PrincipalComponents components_of_validation();
  void open_generation();
  void open_perturbations();

  // Baselines.
  void judge_constants();
  void judge_constant(const std::string& name, const std::vector<float>& cell);
  void judge_linear_model();
  void judge_reference(const std::string& name, const Reconstruct& reconstruct);
  void judge_components();
  void judge_variants_of_pca(std::int64_t latent);
  /// Why there is no shrunk PCA; empty where there is.
  static std::string nothing_to_shrink(const Dataset& data, const Split& split);
  void judge_generation_baselines();
  void judge_count_likelihood();
  ReconstructionScores reconstruct_baseline(const std::string& name, const Reconstruct& reconstruct,
                                            Scores& scores);

  // Models.
  void judge_model(const JudgedModel& model);
  void judge_reconstruction_of(const JudgedModel& model, Scores& scores);
  void judge_generation_of(const JudgedModel& model, Scores& scores);
  void judge_latent_of(const JudgedModel& model, Scores& scores);
  void judge_likelihood_of(const JudgedModel& model, Scores& scores);

  // Predicted perturbations.
  struct Predictions {
    PredictionSet set;
    std::vector<std::pair<std::string, PredictionScores>> baselines;
  };
  void open_predictions();
  void judge_prediction_baselines(Predictions& predictions);
  void judge_predictions_of(const JudgedModel& model, Scores& scores);
  void set_predictions(const Predictions& predictions, const PredictionScores& judged, Scores& scores) const;
  void add_prediction_columns(const std::string& name, const Predictions& predictions,
                              const PredictionScores& judged);
  void add_prediction_groups(const std::string& name, const Predictions& predictions,
                             const PredictionScores& judged);
  void add_prediction_verdicts(const std::string& model, const Predictions& predictions,
                               const PredictionScores& judged);

  ReconstructionScores reconstruction(const std::string& name, const Reconstruct& reconstruct);
  std::optional<LatentScores> latent(const std::string& name, const Encode& encode, Scores& scores);

  // Verdicts.
  void add_verdict(const std::string& model, const std::string& metric, const std::string& baseline,
                   const std::optional<Interval>& difference, const std::string& needs,
                   std::optional<double> p_value = {});
  using IntervalOf = std::function<Interval(std::span<const double>)>;
  /// Of a mean over cells, from their values.
  void add_cell_verdict(const std::string& model, const std::string& metric, const std::string& baseline,
                        const std::vector<double>& judged, const std::vector<double>& reference,
                        const IntervalOf& interval_of);
  void add_reconstruction_verdicts(const std::string& model, const ReconstructionScores& judged,
                                   const std::string& baseline, const ReconstructionScores& reference);
  void add_pseudobulk_verdicts(const std::string& model, const PseudobulkScores& judged,
                               const std::string& baseline, const PseudobulkScores& reference);
  void add_distance_verdicts(const std::string& model, const SampleDistances& distances);

  void add_columns(const std::string& name, const ReconstructionScores& scores);
  void add_pseudobulk_columns(const std::string& name, const PseudobulkScores& scores);
  void add_columns(const std::string& before, const std::string& behind,
                   const GeneDistribution& distribution);
  void list_metrics();

  Context& context_;
  const Dataset& data_;
  const Split& split_;
  const std::vector<JudgedModel>& models_;
  const EvaluateOptions& options_;
  std::uint64_t seed_;
  Log& log_;
  WantedMetrics wanted_;
  RealBlocks real_;
  TestCells test_;
  std::vector<double> count_means_;  ///< of test cells; empty where nothing is judged as counts
  LabelledCells labelled_;
  PrincipalComponents all_components_;  ///< of the largest latent size
  /// What the metrics of generation see: components of training cells or of validation cells, in which
  /// training cells have that mean and variance.
  PrincipalComponents space_components_;
  std::unique_ptr<Projector> projector_;
  std::optional<SampleSpace> space_;
  std::optional<RealSample> sample_;
  Centroids centroids_;      ///< of training cells; empty where perturbations are not known
  PerturbationMeans means_;  ///< empty where they are not judged
  Named references_;         ///< of a cell's label at most: constants and the linear model
  std::map<std::int64_t, ReconstructionScores> pca_;         ///< by latent size
  std::map<std::int64_t, Named> pca_variants_;               ///< by latent size: clamped, shrunk
  std::map<std::int64_t, std::vector<double>> pca_correct_;  ///< of the linear classifier
  std::vector<std::pair<std::string, SampleDistances>> baseline_distances_;
  std::optional<LinearModel> linear_;
  std::vector<Predictions> predictions_;  ///< of seen and of unseen perturbations that have test cells
  std::vector<double> count_likelihood_;  ///< of every test cell under nb_library; empty without counts
  Evaluation result_;
};

}  // namespace sparcell

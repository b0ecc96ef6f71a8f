// Every metric: what result.json, the report and the documentation say of it.
#include "evaluate/prediction.h"
#include "evaluate/registry.h"

namespace sparcell {
namespace {

using enum MetricGroup;

const std::string value = "log-normalized expression", counts = "normalized counts",
                  squared = value + " squared", share = "share of cells";

std::vector<MetricInfo> reconstruction_metrics() {
  return {
      {"mse", "MSE", "mse_log1p_v1", squared,
       "Mean squared error over all entries of the test cells; a VAE draws z.", reconstruction,
       Better::smaller, 1},
      {"mse_at_mean", "MSE at z = μ", "mse_posterior_mean_log1p_v1", squared,
       "Mean squared error of a VAE's reconstruction from the mean of the posterior.", reconstruction,
       Better::smaller, 1},
      {"mae", "MAE", "mae_log1p_v1", value, "Mean absolute error over all entries of the test cells.",
       reconstruction, Better::smaller, 1},
      {"r2", "R²", "r2_uniform_average_v1", "",
       "Mean over genes of 1 - SS_res / SS_tot; a constant gene counts 1 if met exactly, else 0 "
       "(scikit-learn's r2_score).",
       reconstruction, Better::larger, 2},
      {"r2_varying", "R² of varying genes", "r2_varying_genes_v1", "",
       "The same mean over the genes that vary in the test cells.", reconstruction, Better::larger, 2},
      {"varying_genes", "varying genes", "varying_genes_v1", "genes", "Genes that vary in the test cells.",
       reconstruction, Better::neither, 1},
      {"pearson_per_gene", "Pearson per gene", "pearson_per_gene_v1", "",
       "Mean over genes of Pearson's correlation of reconstructed and real values, where both vary.",
       reconstruction, Better::larger, 2},
      {"pearson_undefined", "genes without Pearson", "pearson_undefined_v1", "genes",
       "Genes without a correlation: real or reconstructed is constant.", reconstruction, Better::neither, 1},
      {"counts_mse", "MSE of counts", "mse_normalized_counts_v1", counts + " squared",
       "The mean squared error of exp(x) - 1, x below 0 as 0 (`evaluate.as_counts`).", reconstruction,
       Better::smaller, 1},
      {"counts_mae", "MAE of counts", "mae_normalized_counts_v1", counts,
       "The mean absolute error of the same.", reconstruction, Better::smaller, 1},
      {"counts_r2", "R² of counts", "r2_uniform_average_normalized_counts_v1", "",
       "R², as above, of the same.", reconstruction, Better::larger, 2},
      {"counts_r2_varying", "R² of counts, varying genes", "r2_varying_genes_normalized_counts_v1", "",
       "The same mean over the genes that vary in the test cells.", reconstruction, Better::larger, 2},
      {"counts_pearson_per_gene", "Pearson per gene of counts", "pearson_per_gene_normalized_counts_v1", "",
       "Pearson per gene, as above, of the same.", reconstruction, Better::larger, 2},
  };
}

std::vector<MetricInfo> likelihood_metrics() {
  const std::string draws = fmt::format("{} draws of the posterior", iwelbo_draws);
  return {
      {"iwelbo", "IWELBO per cell", fmt::format("iwelbo_{}_v1", iwelbo_draws), "nats",
       "Mean over test cells of the importance-weighted bound of the log-likelihood (Burda et al. 2016), " +
           draws +
           "; of counts or, under a Gaussian likelihood, of values; nb_library's is its log-likelihood "
           "itself, the library size known.",
       likelihood, Better::larger, 1},
      {"elbo", "ELBO per cell", fmt::format("elbo_{}_v1", iwelbo_draws), "nats",
       "Mean over test cells of log p(x|z), over the same draws, less the KL divergence.", likelihood,
       Better::larger, 1},
      {"elbo_reconstruction", "log p(x|z) per cell", fmt::format("elbo_reconstruction_{}_v1", iwelbo_draws),
       "nats", "The ELBO's first part: mean of log p(x|z) over the same draws.", likelihood, Better::larger,
       1},
      {"elbo_kl", "KL per cell", "elbo_kl_v1", "nats",
       "The ELBO's second part: mean over test cells of the posterior's divergence from the prior, summed "
       "over latent dimensions.",
       likelihood, Better::neither, 1},
  };
}

/// In `components` principal components of the training or validation cells.
std::vector<MetricInfo> distance_metrics(std::int64_t components, ComponentsOf of) {
  const bool training = of == ComponentsOf::train;
  const std::string space = fmt::format("in {} principal components of the {} cells", components,
                                        training ? "training" : "validation");
  const std::string fitted = fmt::format("{}{}", components, training ? "" : "_validation");
  const auto named = [&](const char* pattern) { return fmt::format(fmt::runtime(pattern), fitted); };
  const std::string unit = "units of principal components";
  return {
      {"energy_distance", "energy distance", named("edistance_euclidean_unbiased_pca{}_v1"), unit,
       "2E|X-Y| - E|X-X'| - E|Y-Y'|, Euclidean, U-statistics (Szekely and Rizzo 2013), " + space +
           "; as many generated as test cells, or `evaluate.generated_per_test_cell` times as many.",
       generation, Better::smaller, 4},
      {"energy_distance_squared", "squared energy distance", named("edistance_sqeuclidean_unbiased_pca{}_v1"),
       unit + " squared",
       "The same of squared distances, which is 2|mean - mean|^2, unbiased: it cannot see variances, zeros "
       "or mode collapse (scPerturb's and pertpy's E-distance squares too).",
       generation, Better::smaller, 4},
      {"mmd", "MMD²", named("mmd2_rbf_unbiased_pca{}_v1"), "",
       "Squared maximum mean discrepancy, U-statistics (Gretton et al. 2012), mean over the kernels "
       "exp(-gamma |x-y|^2), gamma in {2, 1, 0.5, 0.1, 0.01, 0.005}, " +
           space + ".",
       generation, Better::smaller, 4},
      {"sliced_wasserstein", "sliced Wasserstein", named("sliced_wasserstein1_128_pca{}_v1"), unit,
       "Mean of the Wasserstein-1 distance along 128 random directions (Bonneel et al. 2015), " + space + ".",
       generation, Better::smaller, 4},
      {"two_sample_auroc", "two-sample AUROC", named("c2st_lda_auroc_pca{}_v1"), "",
       "Classifier two-sample test (Lopez-Paz and Oquab 2017): area under the ROC curve of a linear "
       "discriminant (shrinkage 0.001) on scores and their squares, fitted on one half of the generated and "
       "real cells, on the other halves, " +
           space + "; 0.5 where they cannot be told apart.",
       generation, Better::nearer_half, 8},
      {"memorization", "memorisation", named("memorization_nearest_training_pca{}_v1"), "",
       "Chance that a generated cell is nearer to its nearest training cell than a test cell is to its own "
       "(Meehan et al. 2020), " +
           space + "; 0.5 for new cells of the same distribution, 1 for copies.",
       generation, Better::nearer_half, 4},
      {"precision", "precision", named("precision_5nn_pca{}_v1"), share,
       "Share of generated cells inside the ball of a real cell that reaches to its 5th nearest real cell "
       "(Kynkaanniemi et al. 2019), " +
           space + ".",
       generation, Better::larger, 12},
      {"recall", "recall", named("recall_5nn_pca{}_v1"), share,
       "Share of real cells inside the ball of a generated cell that reaches to its 5th nearest generated "
       "cell (Kynkaanniemi et al. 2019), " +
           space + ".",
       generation, Better::larger, 12},
      {"coverage", "coverage", named("coverage_5nn_pca{}_v1"), share,
       "Share of real cells with a generated cell no farther than their 5th nearest real cell (Naeem et al. "
       "2020), " +
           space + ".",
       generation, Better::larger, 12},
  };
}

std::vector<MetricInfo> expression_metrics() {
  return {
      {"gene_wasserstein", "Wasserstein per gene", "wasserstein1_per_gene_v1", value,
       "Mean over genes of the Wasserstein-1 distance of generated and real values; of at most 2^27 values, "
       "the first cells.",
       expression, Better::smaller, 4},
      {"library_size_wasserstein", "W₁ of library size", "wasserstein1_library_size_v1", "normalized counts",
       "Wasserstein-1 distance of the cells' sums over genes of exp(x) - 1, x below 0 as 0.", expression,
       Better::smaller, 4},
      {"log_library_size_wasserstein", "W₁ of log library size", "wasserstein1_log1p_library_size_v1",
       "natural logarithm",
       "Wasserstein-1 distance of ln(1 + library size), the library size as above: large cells count no more "
       "than small ones, and an empty cell counts 0.",
       expression, Better::smaller, 4},
      {"genes_per_cell_wasserstein", "W₁ of genes per cell", "wasserstein1_genes_per_cell_v1", "genes",
       "Wasserstein-1 distance of the cells' numbers of genes with |x| >= 0.05.", expression, Better::smaller,
       4},
      {"zero_fraction_error", "zero-fraction error", "zero_fraction_mae_below_0.05_v1", share,
       "Mean over genes of |share of generated |x| < 0.05 - share of real |x| < 0.05|.", expression,
       Better::smaller, 1},
      {"exact_zero_fraction_error", "exact-zero error", "zero_fraction_mae_exact_v1", share,
       "Mean over genes of |share of generated zeros - share of real zeros|; a linear output is never 0.",
       expression, Better::smaller, 1},
      {"zeros_against_mean_error", "zeros-against-mean error", "zeros_against_mean_mae_v1", share,
       "Mean over generated genes of |share of |x| < 0.05 - that of real genes of the same mean|, real genes "
       "joined by lines in the order of their means.",
       expression, Better::smaller, 1},
      {"mean_pearson_squared", "squared Pearson of gene means", "gene_mean_pearson_squared_v1", "",
       "Squared Pearson correlation over genes of generated and real means.", expression, Better::larger, 1},
      {"mean_r2", "R² of gene means", "gene_mean_r2_identity_v1", "",
       "1 - SS(generated - real) / SS(real) over the genes' means.", expression, Better::larger, 1},
      {"mean_slope", "slope of gene means", "gene_mean_slope_v1", "",
       "Slope of the least-squares line of generated on real means.", expression, Better::nearer_one, 1},
      {"variance_ratio", "variance ratio", "gene_variance_ratio_v1", "",
       "Mean over genes of the generated variance, over that of real cells.", expression, Better::nearer_one,
       2},
      {"variance_r2", "R² of gene variances", "gene_variance_r2_identity_v1", "",
       "1 - SS(generated - real) / SS(real) over the genes' variances.", expression, Better::larger, 4},
      {"variance_slope", "slope of gene variances", "gene_variance_slope_v1", "",
       "Slope of the least-squares line of generated on real variances.", expression, Better::nearer_one, 4},
      {"correlation_agreement", "agreement of correlations", "gene_correlation_pearson_top1000_v1", "",
       "Pearson correlation, over pairs of genes, of the generated and the real matrix of gene-gene Pearson "
       "correlations; of the 1,000 genes that vary most in training cells.",
       expression, Better::larger, 6},
  };
}

/// Of the means of perturbations over their test cells, control aside: y real, y' reconstructed. A model and
/// PCA have seen the cells themselves, the linear model and the constants their label at most.
std::vector<MetricInfo> perturbation_metrics() {
  const std::string over = "Mean over perturbations, over all genes, of ";
  return {
      {"pseudobulk_mse", "MSE of means", "pseudobulk_mse_v1", squared,
       over + "the squared error of a perturbation's mean over its test cells.", perturbation,
       Better::smaller, 1},
      {"pseudobulk_mae", "MAE of means", "pseudobulk_mae_v1", value,
       over + "the absolute error of a perturbation's mean over its test cells.", perturbation,
       Better::smaller, 1},
      {"pseudobulk_l2", "L2 of means", "pseudobulk_l2_v1", value,
       over + "the Euclidean distance of reconstructed and real mean of a perturbation's test cells.",
       perturbation, Better::smaller, 1},
      {"delta_pearson", "Pearson of differences to control", "pseudobulk_delta_pearson_control_v1", "",
       over + "Pearson's correlation of the differences of reconstructed and real mean to the mean of the "
              "training controls (the Pearson delta of GEARS).",
       perturbation, Better::larger, 1},
      {"delta_cosine", "cosine of differences to control", "pseudobulk_delta_cosine_control_v1", "",
       over + "the cosine of the same differences.", perturbation, Better::larger, 1},
      {"delta_sign_accuracy", "sign of differences to control", "pseudobulk_delta_sign_control_v1",
       "share of genes",
       "Mean over perturbations of the share of genes, of those whose real mean differs from control, on the "
       "same side of it.",
       perturbation, Better::larger, 1},
      {"centroid_pearson", "Pearson of differences to the mean perturbation",
       "pseudobulk_delta_pearson_centroid_v1", "",
       over + "Pearson's correlation of the differences of reconstructed and real mean to the mean of the "
              "training perturbations' means: what all perturbations share is no merit.",
       perturbation, Better::larger, 1},
      {"centroid_accuracy", "centroid accuracy", "centroid_accuracy_v1", "share of perturbations",
       "Mean over perturbations of the share of the others whose real mean is farther (Euclidean) from the "
       "reconstructed one than the own real mean is; 0.5 by chance.",
       perturbation, Better::larger, 1},
  };
}

std::vector<MetricInfo> latent_metrics() {
  return {
      {"silhouette", "silhouette", "silhouette_perturbation_scaled_v1", "",
       "(ASW + 1) / 2: ASW is the mean over test cells of the silhouette (Rousseeuw 1987) of perturbations, "
       "Euclidean, in the latent space (scIB).",
       latent, Better::larger, 3},
      {"kmeans_nmi", "NMI of k-means", "nmi_arithmetic_kmeans_v1", "",
       "Normalized mutual information of perturbations and k-means clusters of the test cells' latent "
       "values, as many clusters as perturbations, the best of 3 starts by k-means++.",
       latent, Better::larger, 3},
      {"kmeans_ari", "ARI of k-means", "ari_kmeans_v1", "",
       "Adjusted Rand index (Hubert and Arabie 1985) of the same.", latent, Better::larger, 3},
      {"knn_purity", "kNN purity", "knn_purity_15_v1", "share of neighbours",
       "Mean over test cells of the share of the 15 nearest test cells in the latent space that have the "
       "same perturbation.",
       latent, Better::larger, 3},
      {"linear_accuracy", "linear accuracy", "lda_accuracy_v1", share,
       "Share of test cells whose perturbation a linear discriminant (shrinkage 0.001) finds, fitted on the "
       "latent values of training cells.",
       latent, Better::larger, 3},
  };
}

}  // namespace

MetricInfo of_plain_values(MetricInfo metric) {
  const auto replace = [](std::string& text, const std::string& old, const std::string& by) {
    const std::size_t at = text.find(old);
    if (at != std::string::npos) text.replace(at, old.size(), by);
    return at != std::string::npos;
  };
  const bool in_values = replace(metric.unit, value, "normalized expression");
  const bool of_counts = replace(metric.definition, "exp(x) - 1, x below 0 as 0", "x, below 0 as 0");
  if (!in_values && !of_counts && metric.key != "log_library_size_wasserstein") return metric;
  if (in_values) replace(metric.name, "_log1p", "");
  metric.name.insert(metric.name.rfind("_v"), "_linear");
  return metric;
}

std::vector<MetricInfo> metric_registry(std::int64_t components, ComponentsOf of) {
  std::vector<MetricInfo> all = reconstruction_metrics();
  for (const auto& metrics : {likelihood_metrics(), perturbation_metrics(), distance_metrics(components, of),
                              expression_metrics(), latent_metrics(), prediction_metrics()})
    all.insert(all.end(), metrics.begin(), metrics.end());
  return all;
}

}  // namespace sparcell

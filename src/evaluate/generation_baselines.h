// What generates cells without a network: baselines of generation, fitted on training cells.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "evaluate/count_moments.h"
#include "evaluate/gene_order.h"
#include "evaluate/pca.h"
#include "evaluate/sample.h"
#include "sparcell/core/dataset.h"

namespace sparcell {

/// Draws from training cells only, each keyed by the number of the cell that it draws:
/// `gaussian_pca`, independent normals with the variances of the principal components;
/// `training_cells`, training cells themselves, the sample that memorises everything; without replacement as
/// long as there are cells, because a cell drawn twice is at distance 0 from itself and biases distances;
/// `shuffled_genes`, the training cells with every gene in an order of its own: zeros and moments of each
/// gene match, correlations are gone; `nb_library`, independent negative binomial genes by moments of the
/// training counts, with the library size of a training cell, normalized as the data are. Only where the data
/// were normalized from counts; `shifted_controls`, a training control plus the mean shift of a perturbation,
/// which is drawn as often as training cells have it. Only where controls and perturbations are labelled.
class GenerationBaselines {
 public:
  GenerationBaselines(Context& context, const Dataset& data, std::span<const std::int32_t> train,
                      const PrincipalComponents& pca, Projector& projector, std::uint64_t seed);

  struct Baseline {
    std::string name;
    FillBlock generate;
    std::int64_t most_cells = std::numeric_limits<std::int64_t>::max();  ///< before one comes again
  };
  std::vector<Baseline> all();

 private:
  /// Fills the rows of a block on the host, in parallel, and copies it.
  template <class FillRow>
  FillBlock by_row(FillRow&& fill_row);
  void fit_genes();
  void fit_shifts();
  void gaussian(std::int64_t first, MatrixView<float> out);
  void shuffled_genes(std::int64_t cell, std::span<float> row) const;
  void negative_binomial(std::int64_t cell, std::span<float> row) const;
  void shifted_control(std::int64_t cell, std::span<float> row) const;

  Context& context_;
  const Dataset& data_;
  std::span<const std::int32_t> train_;
  Projector& projector_;
  std::uint64_t seed_;
  std::vector<double> deviations_;  ///< of the components
  std::vector<float> host_;
  std::vector<std::int64_t> gene_offsets_;  ///< non-zero values of training cells, gene by gene
  std::vector<float> gene_values_;
  std::vector<std::int32_t> copied_;    ///< training cells in random order
  std::vector<std::int32_t> controls_;  ///< training cells in random order
  std::vector<std::int32_t> labelled_;  ///< training cells with a perturbation, the control among them
  Matrix<float> shifts_;                ///< mean of each perturbation minus mean of the controls
  GeneOrders orders_;
  CountMoments moments_;   ///< empty without counts
  double share_left_ = 0;  ///< of a library, that genes have which are not selected
};

/// Means of the training cells of every perturbation (row 0 the control) with their number of cells.
struct Centroids {
  Matrix<double> means;
  std::vector<std::int64_t> cells;
};
Centroids training_centroids(const Dataset& data, std::span<const std::int32_t> train);

/// The mean of the means of all perturbations that have cells, the control aside; empty where there are none.
std::vector<double> mean_centroid(const Centroids& centroids);

}  // namespace sparcell

// A set of cells - real, generated or of a baseline - as the metrics of generation see it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "evaluate/blocks.h"
#include "evaluate/distribution.h"
#include "evaluate/energy.h"
#include "evaluate/pca.h"
#include "evaluate/registry.h"

namespace sparcell {

/// Fills cells first .. first + out.rows of a sample; `out` is memory of the device.
using FillBlock = std::function<void(std::int64_t first, MatrixView<float> out)>;

/// What all samples share; fitted on training cells, except for `shift`, which only keeps sums exact.
struct SampleSpace {
  Context& context;
  Projector& projector;                  ///< to the principal components of distances
  std::vector<double> shift;             ///< near the genes' means
  std::vector<std::int32_t> correlated;  ///< genes of the correlation matrix, the most variable ones
  DeviceMatrix<float> directions;        ///< random unit vectors in the space of components
  const WantedMetrics& wanted;
  bool logarithms = true;  ///< values are log(1 + normalized counts), not those counts

  bool has_components() const { return projector.components() > 0; }  ///< constant cells have none
};

/// How many cells' values of every gene are kept: all of them up to 2^27 values.
std::int64_t kept_cells(std::int64_t cells, std::int64_t genes);

/// What is summed up of every cell: its library size (of normalized counts, negative ones as 0), its number
/// of genes, ln(1 + library size).
enum CellTotal : std::int64_t { library_size_total, genes_total, log_library_size_total, totals_of_cells };

struct Sample {
  std::int64_t cells = 0;
  std::vector<Matrix<double>> group_moments;  ///< distribution_moments about `shift`, of every group
  DeviceMatrix<float> scores;                 ///< cells x components
  DeviceMatrix<float> sorted_genes;           ///< genes x kept cells, each row ascending; or empty
  DeviceMatrix<float> sorted_projections;     ///< directions x cells, each row ascending; or empty
  DeviceMatrix<float> sorted_totals;          ///< totals_of_cells x cells, each row ascending
  Matrix<float> correlations;                 ///< of the correlated genes; rows of constant ones are 0
  std::vector<float> radii;                   ///< of every cell, to its `ball_neighbors`-th nearest; or empty

  GeneDistribution distribution(const SampleSpace& space) const;
};

/// The k of precision, recall and coverage.
inline constexpr std::int64_t ball_neighbors = 5;

/// A sample of groups.back() cells. `model` is named in the NumericalError of a value that is not finite.
Sample draw_sample(const SampleSpace& space, std::span<const std::int64_t> groups, const FillBlock& fill,
                   const std::string& model);

/// The genes of largest variance over the given cells, in their own order.
inline constexpr std::int64_t correlated_genes = 1000;
std::vector<std::int32_t> most_variable(const Csr<float>& x, std::span<const std::int32_t> cells,
                                        std::int64_t count);

/// The space of samples: genes of correlations and directions.
SampleSpace sample_space(Context& context, Projector& projector, const PrincipalComponents& pca,
                         std::vector<double> shift, std::vector<std::int32_t> correlated,
                         const WantedMetrics& wanted, std::uint64_t seed);

}  // namespace sparcell

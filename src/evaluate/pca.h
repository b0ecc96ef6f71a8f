// Principal components on the device.
#pragma once

#include "evaluate/blocks.h"
#include "sparcell/evaluate.h"

namespace sparcell {

/// Mean and covariance (divisor n - 1) of cells; genes x genes in device memory.
class Covariance {
 public:
  Covariance(Context& context, const Csr<float>& x, std::span<const std::int32_t> cells);

  std::int64_t cells() const { return cells_; }
  std::span<const double> mean() const { return mean_; }
  MatrixView<double> view() { return values_.view(); }
  Matrix<double> to_host() const { return values_.to_host(); }

 private:
  std::int64_t cells_;
  std::vector<double> mean_;
  DeviceMatrix<double> values_;
};

/// The first `most` eigenvectors, fewer where the rank is lower. The covariance is overwritten.
PrincipalComponents components_of(Context& context, MatrixView<double> covariance,
                                  std::span<const double> mean, std::int64_t most);

/// Of every column of scores, whose means are 0 (divisor n - 1).
std::vector<double> variance_of(const Matrix<float>& scores);

/// The first `components` principal components, ready to project dense blocks of at most evaluation_block
/// cells.
class Projector {
 public:
  Projector(Context& context, const PrincipalComponents& pca, std::int64_t components);

  std::int64_t components() const { return components_.rows(); }
  /// out = (cells - mean) V^T, cells x components.
  void scores(MatrixView<const float> cells, MatrixView<float> out);
  /// out = mean + scores V.
  void decode(MatrixView<const float> scores, MatrixView<float> out);
  /// out = mean + (cells - mean) V^T V: the nearest cells in the plane of the components.
  void reconstruct(MatrixView<const float> cells, MatrixView<float> out);

 private:
  Context& context_;
  DeviceMatrix<float> components_;
  DeviceMatrix<float> means_;         ///< the mean cell in every row of a block
  DeviceMatrix<float> minus_scores_;  ///< the mean's scores, negated, in every row of a block
  DeviceMatrix<float> scores_;
};

}  // namespace sparcell

// How far generated cells are from validation cells: what train.monitor energy_distance means, and what runs
// may be chosen by.
#pragma once

#include "evaluate/blocks.h"
#include "sparcell/core/log.h"
#include "sparcell/evaluate.h"

namespace sparcell {

/// The unbiased energy distance of generated cells to validation cells, as the mean over two halves of these:
/// to the cells of one in principal components of the other. Components that are fitted on the very cells
/// that are compared, or on training cells, are such in which even other real cells fall short.
class ValidationDistance {
 public:
  static constexpr std::int64_t fewest_cells = 6;

  /// At most `components` of them. Throws DataError for fewer than `fewest_cells` validation cells.
  ValidationDistance(Context& context, const Csr<float>& x, const std::vector<std::int32_t>& validation,
                     std::int64_t components, std::uint64_t seed, Log& log);

  /// How many generated cells it takes.
  std::int64_t cells() const { return cells_; }
  double of(const Matrix<float>& generated) const;

 private:
  struct Half {
    PrincipalComponents pca;
    DeviceMatrix<float> real;
    double within_real;
  };

  /// Of the cells of x to those of y; a cell is no pair with itself.
  double mean_distance(const DeviceMatrix<float>& x, const DeviceMatrix<float>& y, bool same) const;

  Context& context_;
  std::int64_t cells_;
  std::vector<Half> halves_;
};

}  // namespace sparcell

// R2 of genes of which many are nearly always 0.
#include <fmt/format.h>

#include <cmath>

#include "coverage.h"
#include "evaluate/reconstruction.h"
#include "evaluate/test_cells.h"

namespace sparcell::coverage {
namespace {

constexpr std::int64_t genes = 200;

/// Counts whose means go from one in 300 cells to 3 a cell, logarithms of them, cells of unequal sizes.
class Sparse {
 public:
  Sparse(std::int64_t cells, double model_noise, double baseline_noise, Generator& generator)
      : model_(cells, genes), baseline_(cells, genes) {
    std::gamma_distribution<double> size(4, 0.25);
    std::normal_distribution<double> normal;
    data_.x.rows = cells;
    data_.x.cols = genes;
    data_.x.offsets = {0};
    for (std::int64_t c = 0; c < cells; ++c) {
      data_.cells.names.push_back(fmt::format("c{}", c));
      const double scale = size(generator), program = normal(generator);
      for (std::int64_t g = 0; g < genes; ++g) {
        const double mean =
            scale * std::exp(std::log(0.003) + std::log(1000) * static_cast<double>(g) / genes +
                             (g % 3 == 0 ? 0.7 * program : 0));
        const int count = std::poisson_distribution<int>(mean)(generator);
        const double value = std::log1p(count);
        if (count > 0) {
          data_.x.indices.push_back(static_cast<std::int32_t>(g));
          data_.x.values.push_back(static_cast<float>(value));
        }
        const double guess = 0.3 * value + 0.7 * std::log1p(mean), spread = std::sqrt(mean);
        model_(c, g) = static_cast<float>(guess + model_noise * spread * normal(generator));
        baseline_(c, g) = static_cast<float>(guess + baseline_noise * spread * normal(generator));
      }
      data_.x.offsets.push_back(std::ssize(data_.x.values));
    }
  }

  Interval interval(std::uint64_t seed) const {
    Context context({}, 1);
    RealBlocks blocks(context, data_.x);
    std::vector<std::int32_t> all;
    for (std::int64_t c = 0; c < data_.x.rows; ++c) all.push_back(static_cast<std::int32_t>(c));
    const TestCells cells = group_test_cells(data_.x, all, seed);
    const auto judge = [&](const Matrix<float>& guess) {
      return judge_reconstruction(
          context, blocks, cells,
          [&](std::span<const std::int32_t> of, auto, MatrixView<float> out) {
            for (std::int64_t i = 0; i < out.rows; ++i)
              std::copy_n(guess.view().row(of[i]), genes, out.row(i));
          },
          "model", data_.cells.names);
    };
    return *r2_difference(judge(model_), judge(baseline_));
  }

 private:
  Dataset data_;
  Matrix<float> model_, baseline_;
};

}  // namespace

void r2(std::int64_t sets) {
  for (const std::int64_t cells : {8, 20, 50, 285}) {
    Generator generator(7);
    covered("R2 of varying genes", "two equal models", fmt::format("{} cells", cells), sets, 0,
            [&](std::int64_t set) { return Sparse(cells, 0.3, 0.3, generator).interval(set); });
    double truth = 0;
    for (std::int64_t set = 0; set < sets; ++set)
      truth += Sparse(cells, 0.2, 0.4, generator).interval(set).value / static_cast<double>(sets);
    covered("R2 of varying genes", "one noisier", fmt::format("{} cells", cells), sets, truth,
            [&](std::int64_t set) { return Sparse(cells, 0.2, 0.4, generator).interval(set); });
  }
}

}  // namespace sparcell::coverage

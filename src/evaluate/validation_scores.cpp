#include "evaluate/validation_scores.h"

#include <cmath>
#include <numeric>

#include "evaluate/reconstruction.h"

namespace sparcell {
namespace {

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// As many generated cells as the distance takes, on the host.
Matrix<float> generated_cells(Context& context, const JudgedModel& model, std::int64_t cells,
                              std::int64_t genes) {
  Matrix<float> all(cells, genes);
  DeviceMatrix<float> block(context, std::min(cells, evaluation_block), genes);
  for_each_block(0, cells, [&](std::int64_t first, std::int64_t count) {
    model.generate(first, block.rows(0, count));
    context.memory().copy_to_host(all.values.data() + first * genes, block.view().data,
                                  static_cast<std::size_t>(count * genes) * sizeof(float));
  });
  return all;
}

}  // namespace

ValidationScores::ValidationScores(Context& context, const Dataset& data, const Split& split,
                                   const EvaluateOptions& options, std::uint64_t seed, Log& log)
    : context_(context),
      data_(data),
      split_(split),
      options_(options),
      seed_(seed),
      log_(log),
      wanted_(options) {}

Metrics ValidationScores::of(const JudgedModel& model) {
  if (split_.validation.empty()) return {};
  try {
    return measured(model);
  } catch (const NumericalError& error) {
    log_.warn("evaluate: {}; it has no metrics of validation cells", error.what());
    return {};
  }
}

Metrics ValidationScores::measured(const JudgedModel& model) {
  Metrics metrics;
  const auto add = [&](const char* key, double value) {
    if (std::isfinite(value)) metrics.emplace_back(key, value);
  };
  const TestCells cells = group_test_cells(data_.x, split_.validation, seed_);
  if (model.reconstruct && wanted_.has("mse")) {
    RealBlocks real(context_, data_.x);
    add("mse", judge_reconstruction(
                   context_, real, cells,
                   [&](auto rows, auto, MatrixView<float> out) { model.reconstruct(rows, out); }, model.name,
                   data_.cells.names)
                   .mse);
  }
  if (model.likelihood && wanted_.has("iwelbo"))
    add("iwelbo", mean(model.likelihood(cells.cells, iwelbo_draws).iwelbo));
  if (model.generate && wanted_.has("energy_distance")) {
    if (const auto distance = energy_distance(model)) add("energy_distance", *distance);
  }
  return metrics;
}

std::optional<double> ValidationScores::energy_distance(const JudgedModel& model) {
  if (std::ssize(split_.validation) < ValidationDistance::fewest_cells) {
    log_.info("evaluate: {} has no energy distance to validation cells: it takes {} of them, there are {}",
              model.name, ValidationDistance::fewest_cells, split_.validation.size());
    return std::nullopt;
  }
  if (!distance_) distance_.emplace(context_, data_.x, split_.validation, options_.components, seed_, log_);
  return distance_->of(generated_cells(context_, model, distance_->cells(), data_.x.cols));
}

}  // namespace sparcell
